"""A shop with a log-in of its own and nothing of ours, in both colours. Each call of it is a line in a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from itsdangerous import BadSignature, URLSafeTimedSerializer

from support.realm import APP_SECRET, SALT, session_cookie
from support.site import download, note, peak

Head = list[tuple[str, str]]


def handle(method: str, path: str, cookies: str, form: bytes, facts: dict[str, Any]) -> tuple[int, Head, bytes]:
    if (method, path) == ("POST", "/login"):
        user = parse_qs(form.decode())["user"][0]
        value = session_cookie(user, f"login-{time.monotonic_ns()}", at=int(time.time()))
        return 303, [("Location", "/"), ("Set-Cookie", f"session={value}; Path=/; HttpOnly")], b""
    if (method, path) == ("POST", "/logout"):
        return 303, [("Location", "/"), ("Set-Cookie", "session=; Path=/; Max-Age=0")], b""
    if path == "/peak":
        return 200, [("Content-Type", "text/plain")], peak()
    if path == "/facts":
        return 200, [("Content-Type", "application/json")], json.dumps(facts | {"cookies": cookies}).encode()
    who = user_of(cookies)
    return 200, [("Content-Type", "text/plain"), ("X-Shop", "open")], f"the secret page of {who}".encode()


def user_of(cookies: str) -> str:
    morsel = SimpleCookie(cookies).get("session")
    try:
        facts = URLSafeTimedSerializer(APP_SECRET, salt=SALT).loads(morsel.value) if morsel else {}
    except BadSignature:
        facts = {}
    return str(facts.get("user", "nobody"))


PHRASES = {200: "OK", 303: "See Other"}


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    note(method, path)
    if path == "/download":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return download()
    length, form = 0, b""
    if path == "/upload":
        length = sum(map(len, iter(lambda: environ["wsgi.input"].read(65536), b"")))
    elif method == "POST":
        form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    facts = {
        "root": environ["SCRIPT_NAME"],
        "path": path,
        "peer": environ.get("REMOTE_ADDR"),
        "protocol": environ["SERVER_PROTOCOL"],
        "scheme": environ["wsgi.url_scheme"],
        "user": environ.get("REMOTE_USER"),
    }
    status, headers, body = handle(method, path, environ.get("HTTP_COOKIE", ""), form, facts)
    body = b"%d" % length if path == "/upload" else body
    start_response(f"{status} {PHRASES[status]}", [*headers, ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            await receive()
            await send({"type": answer})
        return
    root = scope.get("root_path", "")
    method, path = scope["method"], scope["path"].removeprefix(root)  # as frameworks take it off
    note(method, path)
    if path == "/download":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in download():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    length, form, more = 0, b"", True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        form += b"" if path == "/upload" else message.get("body", b"")
        more = message.get("more_body", False)
    facts = {
        "root": root,
        "path": path,
        "peer": (scope.get("client") or [None])[0],
        "protocol": f"HTTP/{scope['http_version']}",
        "scheme": scope["scheme"],
        "user": scope.get("user"),
    }
    cookies = "; ".join(value.decode() for name, value in scope["headers"] if name == b"cookie")
    status, headers, body = handle(method, path, cookies, form, facts)
    body = b"%d" % length if path == "/upload" else body
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def create_app(colour: str = "wsgi", *, broken: bool = False) -> Any:
    """A factory, as frameworks have them."""
    if broken:
        raise RuntimeError("the shop has no goods")
    return {"wsgi": wsgi, "asgi": asgi}[colour]

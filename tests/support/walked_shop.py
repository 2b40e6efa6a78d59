"""A small shop for `twofa check`, in both colours: its session cookie is signed, and it can be told to behave badly."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from itsdangerous import BadSignature, URLSafeTimedSerializer

from twofa_middleware.http import Request, parse_cookies
from twofa_middleware.protocol import Login

SECRET = "the shop's own secret"
PASSWORD = "Maple-Kettle-41"
COOKIE = "shop_session"
faults: set[str] = set()
visits: list[str] = []
_sessions = URLSafeTimedSerializer(SECRET, salt="shop")
_PAGE = "<!doctype html><title>Shop</title>{}"
_FORM = (
    '<form method="post" action="/login"><input type="hidden" name="csrf" value="c"><input name="name">'
    '<input type="password" name="pass"><button name="do" value="in">Log in</button></form>'
)

Answer = tuple[int, list[tuple[str, str]], bytes]


def reset() -> None:
    faults.clear()
    visits.clear()


def _session(cookies: bytes) -> dict[str, str]:
    values = parse_cookies(cookies).get(COOKIE.encode(), [])
    try:
        found: dict[str, str] = _sessions.loads(values[0]) if values else {}
    except BadSignature:
        return {}
    return found


def _cookie(user: str, login: str) -> tuple[str, str]:
    return "set-cookie", f"{COOKIE}={_sessions.dumps({'user': user, 'login': login}) if user else ''}; Path=/; HttpOnly"


def answer(method: str, path: str, cookies: bytes, body: bytes) -> Answer:
    """What the shop answers."""
    session = _session(cookies)
    user = session.get("user", "")
    html = ("content-type", "text/html")
    if (method, path) == ("POST", "/login"):
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        fields = json.loads(body) if body.startswith(b"{") else fields
        if fields.get("pass") == PASSWORD and ("csrf" not in fields or fields["csrf"] == "c"):
            login = "always" if "one session" in faults else secrets.token_urlsafe(6)
            return 303, [("location", "/"), _cookie(fields["name"], login)], b""
        if "lets in by half" in faults:
            return 303, [("location", "/login"), _cookie(f"?{fields['name']}", "")], b""
        return 401, [html], b"no"
    if path == "/login":
        return 200, [html], _PAGE.format("" if "no form" in faults else _FORM).encode()
    if path == "/me":
        visits.append(path)
        sets = [_cookie(user, secrets.token_urlsafe(6))] if "rotates" in faults and user else []
        return (200 if user else 401), [("content-type", "application/json"), *sets], json.dumps({"id": user}).encode()
    if not user:
        return 303, [("location", "/login")], b""
    told = len(visits) if "counts" in faults else 0
    return 200, [html], _PAGE.format(f'Hello {user} {told} <a href="/orders?page=2">orders</a>').encode()


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    cookies = environ.get("HTTP_COOKIE", "").encode("latin-1")
    status, headers, sent = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], cookies, body)
    start_response(f"{status} Told", headers)
    return [sent]


async def asgi_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    body = (await receive()).get("body", b"")
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    status, headers, sent = answer(scope["method"], scope["path"], cookies, body)
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": sent})


def sees_half(request: Request) -> Login | None:
    """A resolver that takes any session for a login, also one that the shop itself does not believe."""
    session = _session(request.header_line(b"cookie"))
    return Login(session["user"].lstrip("?"), session["login"] or "none") if session.get("user") else None


def blind_in_places(request: Request) -> Login | None:
    """A resolver that looks away at one path."""
    return None if request.path == "/orders" else sees_half(request)

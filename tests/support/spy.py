"""An app that writes down each call and answers by its path: one behaviour, as a WSGI and as an ASGI app.

The behaviour is a function from ``Call`` to ``Told``; ``spy`` serves the usual ones of ``ROUTES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from support.realm import session_cookie

HTML = ("Content-Type", "text/html; charset=utf-8")
SECRET = ("X-Secret", "in a header")


@dataclass
class Call:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Told:
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=lambda: [HTML])
    body: bytes = b"secret page"


Behaviour = Callable[[Call], Told]


def log_in(call: Call) -> Told:
    """Logs in ``user`` of the query: a redirect with a session cookie, as most apps do it."""
    fields = dict(part.split("=", 1) for part in call.query.split("&") if "=" in part)
    cookie = session_cookie(fields.get("user", "erin"), fields.get("login", "login-1"))
    return Told(
        303, [("Location", fields.get("to", "/home")), ("Set-Cookie", f"session={cookie}; Path=/; HttpOnly")], b""
    )


def log_in_with_page(call: Call) -> Told:
    """Logs in and answers the protected page in one."""
    return Told(200, [HTML, log_in(call).headers[1]])


def logging_in(
    user: str = "erin", login: str = "login-2", *, status: int = 200, cookie: str = "", **more: str
) -> Behaviour:
    """The app logs somebody in and answers right away."""

    def told(call: Call) -> Told:
        line = cookie or f"session={session_cookie(user, login)}; Path=/; HttpOnly"
        headers = [
            HTML,
            SECRET,
            ("Set-Cookie", line),
            *((name.replace("_", "-"), value) for name, value in more.items()),
        ]
        return Told(status, headers, b"secret page of " + user.encode())

    return told


def log_out(call: Call) -> Told:
    return Told(303, [("Location", "/login"), ("Set-Cookie", "session=; Path=/; Max-Age=0")], b"")


def echo(call: Call) -> Told:
    return Told(200, [("Content-Type", "application/octet-stream")], call.body)


ROUTES: dict[str, Behaviour] = {
    "/login": log_in,
    "/login-page": log_in_with_page,
    "/logout": log_out,
    "/echo": echo,
    "/cached": lambda call: Told(200, [HTML, ("Cache-Control", "public, max-age=600")]),
    "/sets-ours": lambda call: Told(200, [HTML, ("Set-Cookie", "2fa-pass-test-shop=planted; Path=/")]),
}


class Spy:
    """``calls`` has every request that reached the app."""

    def __init__(self, routes: dict[str, Behaviour] | None = None) -> None:
        self.calls: list[Call] = []
        self._routes = ROUTES | (routes or {})

    def _told(self, call: Call) -> Told:
        self.calls.append(call)
        return self._routes.get(call.path, lambda _: Told())(call)

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {
            key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        body = environ["wsgi.input"].read(length) if length else b""
        if "CONTENT_TYPE" in environ and "CONTENT_LENGTH" not in environ and environ.get("wsgi.input_terminated"):
            body = b"".join(iter(lambda: environ["wsgi.input"].read(65536), b""))
        told = self._told(
            Call(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers, body)
        )
        headers_out = [*told.headers, *([] if told.status != 303 else [("Content-Type", "text/plain")])]
        start_response(f"{told.status} {HTTPStatus(told.status).phrase}", headers_out)
        return _Chunks(told.body if environ["REQUEST_METHOD"] != "HEAD" else b"")

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        told = self._told(Call(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body))
        headers_out = [*told.headers, *([] if told.status != 303 else [("Content-Type", "text/plain")])]
        await send(
            {
                "type": "http.response.start",
                "status": told.status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers_out],
            }
        )
        await send({"type": "http.response.body", "body": told.body if scope["method"] != "HEAD" else b""})

    async def _websocket(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.calls.append(Call("WEBSOCKET", scope["path"], scope["query_string"].decode(), headers, b""))
        await receive()
        await send({"type": "websocket.accept", "headers": []})
        await send({"type": "websocket.send", "text": "secret message"})
        await send({"type": "websocket.close", "code": 1000})


class _Chunks:
    """A body that counts how often it is closed."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        self.closed += 1

"""A very small framework: one function answers, and a WSGI and an ASGI server can both ask it."""

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from http import HTTPStatus
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

people = json.loads(Path(__file__).with_name("people.json").read_text())
SECRET = os.environ["SECRET_KEY"].encode()
FORM = '<form method="post"><input name="name"><input name="password" type="password"><button>Log in</button></form>'


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    cookies: dict[str, str]
    authorization: str
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        return _single(self.body.decode())


@dataclass
class Answer:
    body: str = ""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    kind: str = "text/html; charset=utf-8"

    def keep(self, name: str, value: str) -> "Answer":
        """Set a cookie, or delete it where the value is empty."""
        self.headers.append(("Set-Cookie", f"{name}={value}; Path=/; HttpOnly" + ("" if value else "; Max-Age=0")))
        return self


def page(body: str, status: int = 200) -> Answer:
    return Answer(f"<!doctype html><title>Shop</title>{body}", status)


def go(to: str) -> Answer:
    return Answer(status=303, headers=[("Location", to)])


def knows(name: str, password: str) -> bool:
    return compare_digest(people.get(name, "\0"), password)


def shop(request: Request, user: str | None) -> Answer:
    """The pages that every shop here has."""
    if request.path == "/":
        return page("<h1>The shop</h1>")
    if request.path == "/login" and request.method == "GET":
        return page(FORM)
    if request.path not in ("/me", "/api/me", "/orders"):
        return page("<h1>Not found</h1>", 404)
    if user is None:
        return go("/login") if request.path != "/api/me" else Answer('{"user": null}', 401, kind="application/json")
    if request.path == "/api/me":
        return Answer(json.dumps({"user": user}), kind="application/json")
    return page(f"<h1>Your account</h1><p>{user}</p>")


def wrong() -> Answer:
    return page("<p>Wrong name or password.</p>" + FORM, 401)


# ---- sessions that all workers share


def sessions() -> sqlite3.Connection:
    db = sqlite3.connect(Path(__file__).with_name("sessions.db"), isolation_level=None, timeout=20)
    db.execute("CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, user TEXT, login TEXT)")
    return db


def session_of(id: str) -> tuple[str | None, str | None]:
    """User and log-in of a session; None twice for nobody."""
    with sessions() as db:
        return db.execute("SELECT user, login FROM sessions WHERE id = ?", (id,)).fetchone() or (None, None)


def write_session(id: str, user: str | None, login: str | None = None) -> None:
    with sessions() as db:
        db.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", (id, user, login))


# ---- the two doors


Handle = Callable[[Request], Answer]


def wsgi(handle: Handle):
    def app(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        request = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            _single(environ.get("QUERY_STRING", "")),
            _cookies(environ.get("HTTP_COOKIE", "")),
            environ.get("HTTP_AUTHORIZATION", ""),
            environ["wsgi.input"].read(length),
        )
        answer = handle(request)
        body, headers = _sent(answer)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [b"" if request.method == "HEAD" else body]

    return app


def asgi(handle: Handle, talk=None):
    """``talk(scope, receive, send)`` takes WebSockets."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
                await receive()
                await send({"type": answer})
            return
        if scope["type"] == "websocket":
            await (talk or _refuse)(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        request = Request(
            scope["method"],
            scope["path"],
            _single(scope["query_string"].decode()),
            _cookies(header_of(scope, b"cookie")),
            header_of(scope, b"authorization"),
            body,
        )
        answer = handle(request)
        content, headers = _sent(answer)
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else content})

    return app


def header_of(scope, name: bytes) -> str:
    return "; ".join(value.decode() for key, value in scope["headers"] if key == name)


def cookies_of(scope) -> dict[str, str]:
    return _cookies(header_of(scope, b"cookie"))


async def _refuse(scope, receive, send):
    await send({"type": "websocket.close"})


def _sent(answer: Answer) -> tuple[bytes, list[tuple[str, str]]]:
    body = answer.body.encode()
    headers = [] if answer.status == 204 else [("Content-Type", answer.kind), ("Content-Length", str(len(body)))]
    return body, [*headers, *answer.headers]


def _single(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _cookies(line: str) -> dict[str, str]:
    return {name: morsel.value for name, morsel in SimpleCookie(line).items()}

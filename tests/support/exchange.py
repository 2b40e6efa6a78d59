"""One request in, one reply out: the same words for a WSGI and an ASGI app, so that one suite serves both adapters."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, unquote
from wsgiref.validate import validator

Pairs = list[tuple[str, str]]

Body = bytes | list[bytes | None]
"""Whole, with its length; or in chunks without one, where None means that the client goes away or stays silent."""

WITH_BODY = ("POST", "PUT", "PATCH")  # clients send a length with these also where it is 0 (RFC 9110 §8.6)


@dataclass
class Reply:
    status: int
    headers: Pairs
    body: bytes = field(repr=False)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    @property
    def text(self) -> str:
        return self.body.decode()


class Exchange(Protocol):
    """``target`` is path and query as they stand on the wire, below ``root`` (the mount).

    ``server`` is what a server, or a layer outside the gate, adds to the environ or scope.
    """

    name: str

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Body = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply: ...


class WsgiExchange:
    """Asks a WSGI app through wsgiref's validator, so that each exchange also checks PEP 3333."""

    name = "wsgi"

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = validator(app)

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Body = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": unquote(root.rstrip("/"), "latin-1"),  # PEP 3333: never "/"
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": root + target,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else Chunked(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for key, value in headers or []:
            name = key.upper().replace("-", "_")
            name = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            joint = "; " if name == "HTTP_COOKIE" else ","
            environ[name] = environ[name] + joint + value if name in environ else value
        if isinstance(body, bytes) and (body or method in WITH_BODY):
            environ.setdefault("CONTENT_LENGTH", str(len(body)))
        environ |= server or {}
        started: list[Any] = []

        def start_response(status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], None]:
            started[:] = [int(status[:3]), list(headers)]
            return written.append

        written: list[bytes] = []
        chunks = self._app(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        return Reply(started[0], started[1], b"".join(written) + content)


class Chunked(io.RawIOBase):
    """A body as a server hands it on that takes chunks apart by itself."""

    def __init__(self, chunks: list[bytes | None]) -> None:
        self._chunks = list(chunks)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._chunks:
            return 0
        chunk = self._chunks.pop(0)
        if chunk is None:
            raise OSError("the client has gone")
        buffer[: len(chunk)] = chunk
        return len(chunk)


class AsgiExchange:
    """Asks an ASGI app, and checks the order of its messages (ASGI 3.0, HTTP)."""

    name = "asgi"

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._runner = asyncio.Runner()

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Body = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        path, _, query = target.partition("?")
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers or []]
        if (
            isinstance(body, bytes)
            and (body or method in WITH_BODY)
            and not any(name == b"content-length" for name, _ in pairs)
        ):
            pairs.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(root.rstrip("/") + path, errors="surrogateescape"),
            "raw_path": (root.rstrip("/") + path).encode("latin-1"),
            "root_path": unquote(root),
            "query_string": query.encode("latin-1"),
            "headers": pairs,
            "client": ("127.0.0.1", 4711),
            "server": ("localhost", 8000),
            "extensions": {},
        } | (server or {})
        return self._runner.run(exchange_http(self._app, scope, body))

    def close(self) -> None:
        self._runner.close()


async def exchange_http(app: Callable[..., Any], scope: dict[str, Any], body: Body) -> Reply:
    chunks = [body] if isinstance(body, bytes) else body
    incoming = [
        {"type": "http.disconnect"}
        if chunk is None
        else {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent and not incoming and None in chunks:
        return Reply(0, [], b"")  # who has gone needs no answer
    if [message["type"] for message in sent[:1]] != ["http.response.start"]:
        raise AssertionError(f"the first message is no start: {sent}")
    if any(message["type"] != "http.response.body" for message in sent[1:]) or sent[-1].get("more_body"):
        raise AssertionError(f"the messages are no whole response: {sent}")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    if any(name != name.lower() for name, _ in headers if not name[0].isupper()):
        raise AssertionError("header names are lower case in ASGI")
    return Reply(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


def plain(exchange: Exchange, target: str = "/home", cookie: str = "", *more: tuple[str, str]) -> Reply:
    """A navigation with just this Cookie header."""
    sent = [("Sec-Fetch-Mode", "navigate"), *([("Cookie", cookie)] if cookie else []), *more]
    return exchange.request("GET", target, sent)


def encoded(fields: dict[str, str]) -> bytes:
    return "&".join(
        f"{quote(name, safe='', errors='surrogatepass')}={quote(value, safe='', errors='surrogatepass')}"
        for name, value in fields.items()
    ).encode()

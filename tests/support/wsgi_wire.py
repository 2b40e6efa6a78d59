"""A WSGI server in miniature (PEP 3333's example, made strict) that writes down what would reach the wire."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from wsgiref.validate import validator

Pairs = list[tuple[str, str]]
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def environ_of(method: str = "GET", target: str = "/", headers: Pairs | None = None, **more: Any) -> dict[str, Any]:
    """What a server makes of a request; ``body`` gives it a body and its length, other names go over the rest."""
    path, _, query = target.partition("?")
    body: bytes | None = more.pop("body", None)
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body is not None:
        made["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers or []:
        key = name.upper().replace("-", "_")
        made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return made | more


@dataclass
class Wire:
    """``status`` is 0 until the head is sent. ``error`` is what came up to the server, which answers 500 by itself."""

    status: int = 0
    headers: Pairs = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    error: BaseException | None = None
    returned: object = None
    _head: tuple[int, Pairs] | None = None

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def everything(self) -> str:
        """All that the client got, to look for what it must not have got."""
        return repr((self.status, self.headers, self.chunks))

    def start_response(self, status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info and self.status:
            raise exc_info[1].with_traceback(exc_info[2])
        if self._head and not exc_info:
            raise AssertionError("headers already set")
        self._head = int(status[:3]), headers
        return self.write

    def write(self, chunk: bytes) -> None:
        if self._head is None:
            raise AssertionError("write() before start_response()")
        if not self.status:
            self.status, self.headers = self._head[0], list(self._head[1])
        if chunk:
            self.chunks.append(chunk)


def serve(app: App, environ: dict[str, Any], *, checked: bool = True) -> Wire:
    """Serve one request, through wsgiref's validator unless the test needs the app's very own objects."""
    wire = Wire()
    body: Any = ()
    try:
        body = wire.returned = (validator(app) if checked else app)(environ, wire.start_response)
        try:
            for chunk in body:
                wire.write(chunk)
            wire.write(b"")
        finally:
            if hasattr(body, "close"):
                body.close()
    except Exception as error:
        wire.error = error
    return wire

"""A WSGI app behind the gate, for real servers."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha1
from typing import Any

from support.site import NEWS, NEWS_SECONDS, download, file_served, note, open_realm, peak
from twofa_middleware.wsgi import TwoFactorMiddleware


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    note(environ["REQUEST_METHOD"], path)
    if path == "/download":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return download()
    if path == "/news":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return news()
    if path == "/resource":
        headers = {key[5:].lower().replace("_", "-"): value for key, value in environ.items() if key[:5] == "HTTP_"}
        status, told, body = file_served(environ["REQUEST_METHOD"], headers)
        start_response(f"{status} Told", told)
        return [body] if body else []
    if path == "/open":
        return echo(environ)
    body = b"secret page"
    if path in ("/upload", "/leave"):
        body = b"%d" % sum(map(len, iter(lambda: environ["wsgi.input"].read(65536), b"")))
    elif path == "/peak":
        body = peak()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def news() -> Iterator[bytes]:
    for _ in range(NEWS):
        yield b"data: secret\n\n"
        time.sleep(NEWS_SECONDS)


def echo(environ: dict[str, Any]) -> list[bytes]:
    """A WebSocket by the server's own socket, that stays open; it greets, and writes down how it was closed."""
    made = sha1(environ["HTTP_SEC_WEBSOCKET_KEY"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    lent = environ["gunicorn.socket"]
    lent.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + b64encode(made) + b"\r\n\r\n\x81\x05hello"
    )
    while lent.recv(4096):
        pass
    note("CLOSED", "by the other side")
    raise StopIteration  # so gunicorn knows that there is no answer


_realm = open_realm()
application = TwoFactorMiddleware(app, _realm.settings, name="shop", clock=_realm.clock)

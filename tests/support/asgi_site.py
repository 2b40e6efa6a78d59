"""An ASGI app behind the gate, for real servers."""

from __future__ import annotations

import asyncio
from typing import Any

from support.asgi_wire import chunk, start
from support.site import NEWS, NEWS_SECONDS, download, file_served, note, open_realm, peak
from twofa_middleware.asgi import TwoFactorMiddleware


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            await receive()
            await send({"type": answer})
        return
    path = scope["path"]
    note(scope.get("method", "WEBSOCKET"), path)
    if path == "/open":
        await echo(receive, send)
        return
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "secret message"})
        await send({"type": "websocket.close"})
        return
    if path == "/download":
        await send(start([(b"content-type", b"application/octet-stream")]))
        for piece in download():
            await send(chunk(piece, more=True))
        await send(chunk(b""))
        return
    if path == "/news":
        await send(start([(b"content-type", b"text/event-stream")]))
        for _ in range(NEWS):
            await send(chunk(b"data: secret\n\n", more=True))
            await asyncio.sleep(NEWS_SECONDS)
        await send(chunk(b""))
        return
    if path == "/resource":
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, told, body = file_served(scope["method"], headers)
        head = [(name.lower().encode(), value.encode()) for name, value in told]
        await send(start(head) | {"status": status})
        await send(chunk(body))
        return
    body = b"secret page"
    if path in ("/upload", "/leave"):
        length, more = 0, True
        while more:
            message = await receive()
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"%d" % length
    elif path == "/peak":
        body = peak()
    await send(start([(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]))
    await send(chunk(body))


async def echo(receive: Any, send: Any) -> None:
    """A WebSocket that stays open, and writes down how it was closed."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"echo {message['text']}"})
    note("CLOSED", str(message.get("code")))


_realm = open_realm()
application = TwoFactorMiddleware(app, _realm.settings, name="shop", clock=_realm.clock)

"""A WebSocket as a server offers it to an ASGI app, without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

LONGEST_HANDSHAKE_SECONDS = 5.0


async def is_accepted(app: Any, scope: dict[str, Any]) -> bool:
    """Whether ``app`` accepts a WebSocket, by the scope of the request for it; one that is accepted is closed at once."""
    scheme = {"http": "ws", "https": "wss"}[scope["scheme"]]
    kept = {key: value for key, value in scope.items() if key != "method"}
    messages = [{"type": "websocket.connect"}]
    decided: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.wait({decided})
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: dict[str, Any]) -> None:
        if not decided.done():
            decided.set_result(message["type"] == "websocket.accept")

    served = asyncio.create_task(
        app({**kept, "type": "websocket", "scheme": scheme, "subprotocols": []}, receive, send)
    )
    await asyncio.wait({served, decided}, timeout=LONGEST_HANDSHAKE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    is_open = decided.done() and decided.result()
    if not decided.done():
        decided.set_result(False)
    await asyncio.wait({served}, timeout=LONGEST_HANDSHAKE_SECONDS)
    served.cancel()
    await asyncio.gather(served, return_exceptions=True)  # how it fails once nobody listens is its own affair
    return is_open

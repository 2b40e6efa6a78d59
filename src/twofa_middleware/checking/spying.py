"""Who stands between the gate and the app, and writes down what gets through.

Requests of the check carry a mark in a header of their own; what the gate itself asks the app (``asks.AskApp``) carries
none. Once it is armed, a marked request that got through is written down and answered here: if the gate has a hole, the
app is not harmed by finding it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

MARK = "x-twofa-check"
SWALLOWED = 418


@dataclass(frozen=True, slots=True)
class Call:
    """A request that got as far as the app; ``has_credential``: with cookies or an Authorization header."""

    method: str
    path: str
    has_credential: bool


@dataclass
class Spy:
    """What both kinds write into."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    is_armed: bool = False
    calls: list[Call] = field(default_factory=list)

    @property
    def mark(self) -> tuple[bytes, bytes]:
        return MARK.encode(), self.token.encode()


class WsgiSpy:
    def __init__(self, app: Any, spy: Spy) -> None:
        self._app = app
        self._spy = spy

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        is_marked = environ.pop("HTTP_X_TWOFA_CHECK", None) == self._spy.token
        if not (is_marked and self._spy.is_armed):
            return self._app(environ, start_response)
        has_credential = "HTTP_COOKIE" in environ or "HTTP_AUTHORIZATION" in environ
        self._spy.calls.append(Call(environ["REQUEST_METHOD"], environ["PATH_INFO"], has_credential))
        start_response(f"{SWALLOWED} Swallowed", [("content-length", "0")])
        return []


class AsgiSpy:
    def __init__(self, app: Any, spy: Spy) -> None:
        self._app = app
        self._spy = spy

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_marked = headers.pop(MARK.encode(), None) == self._spy.token.encode()
        if not (is_marked and self._spy.is_armed):
            unmarked = [pair for pair in scope["headers"] if pair[0] != MARK.encode()]
            await self._app({**scope, "headers": unmarked}, receive, send)
            return
        has_credential = b"cookie" in headers or b"authorization" in headers
        if scope["type"] == "websocket":
            self._spy.calls.append(Call("WEBSOCKET", scope["path"], has_credential))
            await send({"type": "websocket.close", "code": 1000})
            return
        self._spy.calls.append(Call(scope.get("method", "GET"), scope["path"], has_credential))
        await send({"type": "http.response.start", "status": SWALLOWED, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

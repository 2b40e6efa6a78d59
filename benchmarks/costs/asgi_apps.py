"""ASGI: a bare callable and a Starlette app, and what can stand in front of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .cases import NAME, SECRET

PAGE = "<!doctype html><title>Orders</title><h1>Orders</h1>"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The secret of the authenticator that two-fast-auth knows."""

_HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(PAGE))]


class Raw:
    """The least that can be called an app. ``/rewrite`` sets the next cookie of ``rewritten``."""

    def __init__(self) -> None:
        self.rewritten: Iterator[str] = iter(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _HEADERS
        if scope["path"] == "/rewrite":
            sent = [*sent, (b"set-cookie", next(self.rewritten).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": PAGE.encode()})


def starlette() -> Starlette:
    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE)

    return Starlette(routes=[Route(path, page) for path in ("/page", "/strict/page", "/static/page")])


class PassThrough:
    """A middleware that hands on: the least that one can cost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@dataclass
class Somebody:
    id: str = "u1"
    is_authenticated: bool = True


class KnowsUser:
    """What two-fast-auth needs in front of it: it asks for no more than that a user stands in the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._user = Somebody()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"] = self._user
        await self._app(scope, receive, send)


async def nothing(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


async def _key_of(user: str) -> str:
    return KEY


def wrapped(app: ASGIApp, wrap: str, file: str) -> Any:
    """The app behind what ``wrap`` names, and nothing else imported; ``file`` are our settings."""
    match wrap:
        case "bare":
            return app
        case "pass":
            return PassThrough(app)
        case "ours":
            from twofa_middleware.asgi import TwoFactorMiddleware

            return TwoFactorMiddleware(app, file, name=NAME)
        case "base":
            from starlette.middleware.base import BaseHTTPMiddleware

            return BaseHTTPMiddleware(app, nothing)
        case "session":
            from starlette.middleware.sessions import SessionMiddleware

            return SessionMiddleware(app, SECRET)
        case "csrf":
            from asgi_csrf import asgi_csrf

            return asgi_csrf(app, signing_secret=SECRET)
        case "two_fast_auth":
            from two_fast_auth import TwoFactorMiddleware as TwoFastAuth

            return KnowsUser(TwoFastAuth(app, _key_of))
        case _:
            raise ValueError(f"nothing is called {wrap}")

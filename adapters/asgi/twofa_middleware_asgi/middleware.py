"""``TwoFactorMiddleware(app, "twofa.toml", name="shop")`` for ASGI apps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Answer, Request
from twofa_middleware.vouching import Pace

from .asking import Asking
from .head import HeldHead
from .passage import Passage
from .shortcut import Shortcut
from .translate import ClientGone, read_request, send_answer

if TYPE_CHECKING:
    from twofa_middleware.settings import Settings


class UnsupportedScope(TwoFactorError):
    """A kind of connection that the gate does not know; nothing of it reaches the app."""


class TwoFactorMiddleware:
    """Puts the gate in front of an ASGI app, which stays as it is.

    ``settings`` is the path of a settings file, or a ``Settings``; ``name`` says which of its apps this is. ``clock``
    tells the time in seconds since 1970. ConfigError says what stops the start. ``runtime`` is what decides and answers;
    who throws a middleware away before the process ends closes it.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: str | os.PathLike[str] | Settings,
        *,
        name: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # What a gate is made of is imported with the first one, before servers fork: whoever imports the app for another
        # end, a command or a check of types, does not wait for it.
        from twofa_middleware.settings import Settings
        from twofa_middleware.wiring import build

        self._app = app
        self._asking = Asking(app)
        loaded = settings if isinstance(settings, Settings) else Settings.load(settings)
        self.runtime = build(loaded, name, asynchronous=True, clock=clock)
        self._clock = clock
        self._pace = Pace()
        hot = self.runtime.hot
        self._shortcut = Shortcut(hot, clock, self._hold) if hot is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            raise UnsupportedScope(f"the gate does not know the scope type {scope['type']!r} and lets none of it pass")
        # A list of our own. uvicorn with httptools goes on writing into its one: a body's trailers come after the decision,
        # and an app that looks at the headers when it has read the body would find a Cookie there that nobody decided about.
        scope["headers"] = [*scope["headers"]]

        shortcut = self._shortcut
        if shortcut is not None and scope["type"] == "http":
            answer = shortcut.find(scope, receive, send)
            if answer is not None:
                waits_for = answer.waits_for
                if waits_for is None or await shortcut.confirms(waits_for, self.runtime.answer_async):
                    await answer.pass_on(self._app)
                    return
        await self._decide(scope, receive, send)

    async def _decide(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The long way; what comes of it may be remembered."""
        shortcut = self._shortcut
        mark = shortcut.hot.mark() if shortcut is not None and scope["type"] == "http" else None
        passage = self._passage(receive, send)
        request = read_request(scope, int(self._clock()))
        try:
            outcome = await passage.admit(request)
        except ClientGone:
            return
        if isinstance(outcome, Answer):
            await send_answer(outcome, request, send)
            return
        if shortcut is None:
            await passage.pass_on(self._app, scope, outcome)
            return
        if outcome.known is not None:
            shortcut.keep(mark, scope, outcome)
        shortcut.hot.changed(outcome)
        try:
            await passage.pass_on(self._app, scope, outcome)
        finally:
            shortcut.hot.changed(outcome)

    async def _hold(self, request: Request, receive: Receive, send: Send) -> HeldHead:
        """Decide about a request that had passed by what was remembered, now that the app has begun to answer."""
        passage = self._passage(receive, send)
        return passage.head(await passage.admit(request), request, "http")

    def _passage(self, receive: Receive, send: Send) -> Passage:
        return Passage(self.runtime, self._asking, self._clock, self._pace, receive, send)

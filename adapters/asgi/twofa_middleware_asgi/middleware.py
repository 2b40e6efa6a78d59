"""``TwoFactorMiddleware(app, "twofa.toml", name="shop")`` for ASGI apps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.drive import AsyncAnswer, adrive
from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Allow, Answer, Headers
from twofa_middleware.http import Send as SendOn
from twofa_middleware.program import AskApp, PeekBody, ReadBody
from twofa_middleware.protocol import Ask, Flow
from twofa_middleware.vouching import Ended, Pace, Untold, Verdict

from .asking import Asking
from .head import BrokenOff, HeldHead, comes_of_drop
from .translate import ClientGone, change_scope, peek_body, read_body, read_request, receive_instead, send_answer
from .watching import Close, Watch

if TYPE_CHECKING:
    from twofa_middleware.settings import Settings

AnySend = TypeVar("AnySend", bound=SendOn | Answer)


class UnsupportedScope(TwoFactorError):
    """A kind of connection that the gate does not know; nothing of it reaches the app."""


class LoginChanged(TwoFactorError):
    """Somebody was logged in by a credential of this request while its body was under way; the app is stopped."""


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            raise UnsupportedScope(f"the gate does not know the scope type {scope['type']!r} and lets none of it pass")

        kept, context = KeptCookies(), copy_context()

        async def answer(ask: Ask[Any]) -> Any:
            nonlocal receive
            match ask:
                case ReadBody():
                    return await read_body(receive, ask)
                case PeekBody():
                    body, receive = await peek_body(receive, ask)
                    return body
                case AskApp():
                    return await self._asking.answer(ask, kept, context)
                case _:
                    return await self.runtime.answer_async(ask)

        admitted_at = monotonic()
        request = read_request(scope, int(self._clock()))
        try:
            outcome = await adrive(self.runtime.gate.admit(request), answer)
        except ClientGone:
            return
        if isinstance(outcome, Answer):
            await send_answer(_with(outcome, kept), request, send)
            return
        await self._pass_on(outcome, scope, receive, send, answer, kept, admitted_at)

    async def _pass_on(
        self,
        allow: Allow,
        scope: Scope,
        receive: Receive,
        send: Send,
        answer: AsyncAnswer,
        kept: KeptCookies,
        admitted_at: float,
    ) -> None:
        gate = self.runtime.gate

        async def look(status: int, headers: Headers) -> SendOn | Answer | None:
            released = (
                await adrive(gate.release(allow, status, headers), answer) if allow.must_release(headers) else None
            )
            return released if not kept.lines else _with(released or SendOn(headers), kept)

        async def refuse(refusal: Answer) -> None:
            await send_answer(refusal, allow.request, send)

        async def watched() -> Message:
            message = await receive()
            is_last = message["type"] == "http.request" and not message.get("more_body", False)
            if is_last and not await adrive(gate.still_same(allow), answer):
                raise LoginChanged("a log-in appeared while the body was read")
            return message

        async def splice(flow: Flow[bytes]) -> bytes:
            return await adrive(flow, answer)

        async def still_passes() -> Verdict:
            return await adrive(gate.still_passes(allow, int(self._clock())), answer)

        def begin(headers: Headers, close: Close) -> Watch | None:
            async def end(ended: Ended | Untold) -> None:
                try:
                    await close(ended)
                finally:
                    await adrive(gate.tell_of_end(allow, ended, int(self._clock())), answer)

            if not allow.is_watched(headers):
                return None
            return Watch(still_passes, end, self._pace, admitted_at, asks_each=allow.asks_each)

        if allow.body is not None:
            receive = receive_instead(allow.body, receive)
        head = HeldHead(scope["type"], watched if allow.watches_body else receive, send, look, refuse, splice, begin)
        try:
            await self._app(change_scope(scope, allow, kept), head.receive, head.send)
        except BaseException as error:
            if not comes_of_drop(error):
                raise
        finally:
            is_whole = await head.stop()
        if not is_whole:
            raise BrokenOff("an answer was cut off, since its login may not pass any more")


def _with(outcome: AnySend, kept: KeptCookies) -> AnySend:
    """What goes to the browser, with the cookies that were kept for it."""
    return replace(outcome, headers=kept.onto_answer(outcome.headers))

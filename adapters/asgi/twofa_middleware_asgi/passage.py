"""One connection's way: who answers the gate's questions about it, and what becomes of the app's answer."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.drive import adrive
from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Allow, Answer, Headers, Request
from twofa_middleware.http import Send as SendOn
from twofa_middleware.program import AskApp, PeekBody, ReadBody
from twofa_middleware.protocol import Ask, Flow
from twofa_middleware.vouching import Ended, Pace, Untold, Verdict

from .asking import Asking
from .head import BrokenOff, HeldHead, comes_of_drop
from .translate import change_scope, peek_body, read_body, receive_instead, send_answer
from .watching import Close, Watch

if TYPE_CHECKING:
    from twofa_middleware.runtime import Runtime

AnySend = TypeVar("AnySend", bound=SendOn | Answer)


class LoginChanged(TwoFactorError):
    """Somebody was logged in by a credential of this request while its body was under way; the app is stopped."""


class Passage:
    """Of one request, or one WebSocket, from its decision to the end of its answer."""

    def __init__(
        self, runtime: Runtime, asking: Asking, clock: Callable[[], float], pace: Pace, receive: Receive, send: Send
    ) -> None:
        self._runtime = runtime
        self._asking = asking
        self._clock = clock
        self._pace = pace
        self._receive = receive
        self._send = send
        self._kept = KeptCookies()
        self._context = copy_context()
        self._admitted_at = monotonic()

    async def admit(self, request: Request) -> Allow | Answer:
        """The gate's decision; what the app has set in the meantime goes out with a refusal."""
        outcome = await adrive(self._runtime.gate.admit(request), self._answer)
        return self._with_kept(outcome) if isinstance(outcome, Answer) else outcome

    async def pass_on(self, app: ASGIApp, scope: Scope, allow: Allow) -> None:
        """Let the app answer."""
        if allow.body is not None:
            self._receive = receive_instead(allow.body, self._receive)
        head = self.head(allow, allow.request, scope["type"])
        try:
            await app(change_scope(scope, allow, self._kept), head.receive, head.send)
        except BaseException as error:
            if not comes_of_drop(error):
                raise
        finally:
            is_whole = await head.stop()
        if not is_whole:
            raise BrokenOff("an answer was cut off, since its login may not pass any more")

    def head(self, outcome: Allow | Answer, request: Request, kind: str) -> HeldHead:
        """What holds the head of the app's answer back until it was looked at. An Answer goes out in its place."""
        gate, goes_on = self._runtime.gate, outcome

        async def look(status: int, headers: Headers) -> SendOn | Answer | None:
            nonlocal goes_on
            if isinstance(outcome, Answer):
                return outcome
            released = None
            if outcome.must_release(headers):
                released = await adrive(gate.release(outcome, status, headers), self._answer)
            goes_on = (released.goes_on if isinstance(released, SendOn) else None) or outcome
            return released if not self._kept.lines else self._with_kept(released or SendOn(headers))

        async def refuse(refusal: Answer) -> None:
            await send_answer(refusal, request, self._send)

        async def splice(flow: Flow[bytes]) -> bytes:
            return await adrive(flow, self._answer)

        def begin(headers: Headers, close: Close) -> Watch | None:
            return self._watch(goes_on, close) if isinstance(goes_on, Allow) and goes_on.is_watched(headers) else None

        watches_body = isinstance(outcome, Allow) and outcome.watches_body
        receive = self._watched_body(outcome) if isinstance(outcome, Allow) and watches_body else self._receive
        return HeldHead(kind, receive, self._send, look, refuse, splice, begin)

    async def _answer(self, ask: Ask[Any]) -> Any:
        match ask:
            case ReadBody():
                return await read_body(self._receive, ask)
            case PeekBody():
                body, self._receive = await peek_body(self._receive, ask)
                return body
            case AskApp():
                return await self._asking.answer(ask, self._kept, self._context)
            case _:
                return await self._runtime.answer_async(ask)

    def _watched_body(self, allow: Allow) -> Receive:
        receive = self._receive

        async def watched() -> Message:
            message = await receive()
            is_last = message["type"] == "http.request" and not message.get("more_body", False)
            if is_last and not await adrive(self._runtime.gate.still_same(allow), self._answer):
                raise LoginChanged("a log-in appeared while the body was read")
            return message

        return watched

    def _watch(self, allow: Allow, close: Close) -> Watch:
        gate = self._runtime.gate

        async def still_passes() -> Verdict:
            return await adrive(gate.still_passes(allow, int(self._clock())), self._answer)

        async def end(ended: Ended | Untold) -> None:
            try:
                await close(ended)
            finally:
                await adrive(gate.tell_of_end(allow, ended, int(self._clock())), self._answer)

        return Watch(still_passes, end, self._pace, self._admitted_at, asks_each=allow.asks_each)

    def _with_kept(self, outcome: AnySend) -> AnySend:
        """What goes to the browser, with the cookies that were kept for it."""
        return replace(outcome, headers=self._kept.onto_answer(outcome.headers))

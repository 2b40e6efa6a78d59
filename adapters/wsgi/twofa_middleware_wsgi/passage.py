"""One request's way: who answers the gate's questions about it, and what becomes of the app's answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.drive import drive
from twofa_middleware.http import Allow, Answer, Headers, Request, Send
from twofa_middleware.program import AskApp, PeekBody, ReadBody
from twofa_middleware.protocol import Ask, Flow
from twofa_middleware.vouching import Ended, Pace, Untold, Verdict

from .asking import Asking
from .body import LateBody, SplicedBody, close_body
from .head import HeldHead
from .lent_socket import LentBody, LentSocket, lent_by
from .shortcut import EARLY_HINTS
from .translate import (
    change_environ,
    content_length,
    peek_body,
    read_body,
    replace_body,
    replace_cookies,
    send_answer,
)
from .watched_input import WatchedInput
from .watching import Watch, WatchedBody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from twofa_middleware.runtime import Runtime

AnySend = TypeVar("AnySend", bound=Send | Answer)


class Passage:
    """Of one request, from its decision to the end of its answer."""

    def __init__(
        self,
        runtime: Runtime,
        asking: Asking,
        clock: Callable[[], float],
        pace: Pace,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> None:
        self._runtime = runtime
        self._asking = asking
        self._clock = clock
        self._pace = pace
        self._environ = environ
        self._start_response = start_response
        self._kept = KeptCookies()
        self._context = copy_context()
        self._admitted_at = monotonic()

    def admit(self, request: Request) -> Allow | Answer:
        """The gate's decision; what the app has set in the meantime goes out with a refusal."""
        outcome = self._drive(self._runtime.gate.admit(request))
        return self._with_kept(outcome) if isinstance(outcome, Answer) else outcome

    def pass_on(self, app: WSGIApplication, allow: Allow) -> Iterable[bytes]:
        """Let the app answer."""
        lent = lent_by(self._environ) if allow.request.kind == "websocket" and allow.is_watched(()) else None
        if lent is None:
            return self._answered(app, allow, lends_socket=False)
        watched = LentSocket(lent, self._watch(allow, ()), self._pace)
        try:
            return LentBody(self._answered(app, allow, lends_socket=True), watched)
        except BaseException:
            watched.stop()
            raise

    def head(self, outcome: Allow | Answer, *, lends_socket: bool = False) -> HeldHead:
        """What holds the head of the app's answer back until it was looked at. An Answer goes out in its place."""
        gate, goes_on = self._runtime.gate, outcome

        def look(status: int, headers: Headers) -> Send | Answer | None:
            nonlocal goes_on
            if isinstance(outcome, Answer):
                return outcome
            released = self._drive(gate.release(outcome, status, headers)) if outcome.must_release(headers) else None
            goes_on = (released.goes_on if isinstance(released, Send) else None) or outcome
            return released if not self._kept.lines else self._with_kept(released or Send(headers))

        def begin(headers: Headers) -> Watch | None:
            # Any request can say Upgrade; where no socket was lent, what is answered is a body like others.
            is_watched = isinstance(goes_on, Allow) and not lends_socket and goes_on.is_watched(headers)
            return self._watch(goes_on, headers) if isinstance(goes_on, Allow) and is_watched else None

        return HeldHead(self._start_response, look, self._drive, begin, self._environ.get(EARLY_HINTS))

    def finish(self, request: Request, body: Iterable[bytes], head: HeldHead, *, splices: bool) -> Iterable[bytes]:
        """What the server gets of the app's iterable, now that the app has returned."""

        def refuse(refusal: Answer) -> list[bytes]:
            return send_answer(refusal, request, self._start_response)

        if not head.is_started:
            late = LateBody(body, head, refuse)
            return WatchedBody(SplicedBody(late, head) if splices else late, head)
        passes = False
        try:
            refusal = head.settle()
            passes = refusal is None
        finally:
            if not passes:  # the server never gets the app's iterable, so it cannot close it
                close_body(body)
        if refusal is not None:
            return refuse(refusal)
        passing = SplicedBody(body, head) if splices else body
        return passing if head.watch is None else WatchedBody(passing, head)

    def _answered(self, app: WSGIApplication, allow: Allow, *, lends_socket: bool) -> Iterable[bytes]:
        head, environ = self.head(allow, lends_socket=lends_socket), self._environ
        change_environ(environ, allow)
        if self._kept.lines:
            replace_cookies(environ, self._kept)
        if EARLY_HINTS in environ:
            environ[EARLY_HINTS] = head.hint
        if allow.body is not None:
            replace_body(environ, allow.body)
        if allow.watches_body:
            self._watch_body(allow, lends_socket=lends_socket)
        with self._asking.app_is_at_work():
            body = app(environ, head)
        return self.finish(allow.request, body, head, splices=allow.splices)

    def _answer(self, ask: Ask[Any]) -> Any:
        match ask:
            case ReadBody():
                return read_body(self._environ, ask)
            case PeekBody():
                return peek_body(self._environ, ask)
            case AskApp():
                return self._asking.answer(ask, self._kept, self._context)
            case _:
                return self._runtime.answer(ask)

    def _drive(self, flow: Flow[Any]) -> Any:
        return drive(flow, self._answer)

    def _watch_body(self, allow: Allow, *, lends_socket: bool) -> None:
        def still_same() -> bool:
            with self._asking.app_is_at_work():
                return bool(self._drive(self._runtime.gate.still_same(allow)))

        stream = self._environ["wsgi.input"]
        watched = self._environ["wsgi.input"] = WatchedInput(stream, content_length(self._environ), still_same)
        if lends_socket and hasattr(stream, "raw"):
            watched.raw = stream.raw  # gevent's way to the socket

    def _watch(self, allow: Allow, headers: Headers) -> Watch:
        gate = self._runtime.gate

        def still_passes() -> Verdict:
            verdict: Verdict = self._drive(gate.still_passes(allow, int(self._clock())))
            return verdict

        def tell(ended: Ended | Untold) -> None:
            self._drive(gate.tell_of_end(allow, ended, int(self._clock())))

        return Watch(still_passes, tell, self._pace, self._admitted_at, headers)

    def _with_kept(self, outcome: AnySend) -> AnySend:
        """What goes to the browser, with the cookies that were kept for it."""
        return replace(outcome, headers=self._kept.onto_answer(outcome.headers))

"""``TwoFactorMiddleware(app, "twofa.toml", name="shop")`` for WSGI apps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.drive import drive
from twofa_middleware.http import Allow, Answer, Headers, Send
from twofa_middleware.program import AskApp, PeekBody, ReadBody
from twofa_middleware.protocol import Ask
from twofa_middleware.vouching import Ended, Pace, Untold, Verdict

from .asking import Asking
from .body import LateBody, SplicedBody, close_body
from .head import HeldHead
from .lent_socket import LentBody, LentSocket, lent_by
from .translate import (
    change_environ,
    content_length,
    peek_body,
    read_body,
    read_request,
    replace_body,
    replace_cookies,
    send_answer,
)
from .watched_input import WatchedInput
from .watching import Watch, WatchedBody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from twofa_middleware.settings import Settings

AnySend = TypeVar("AnySend", bound=Send | Answer)

EARLY_HINTS = "wsgi.early_hints"
"""Where gunicorn takes the headers of a 103 answer (RFC 8297)."""


class TwoFactorMiddleware:
    """Puts the gate in front of a WSGI app, which stays as it is.

    ``settings`` is the path of a settings file, or a ``Settings``; ``name`` says which of its apps this is. ``clock``
    tells the time in seconds since 1970. ConfigError says what stops the start. ``runtime`` is what decides and answers;
    who throws a middleware away before the process ends closes it.
    """

    def __init__(
        self,
        app: WSGIApplication,
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
        self.runtime = build(loaded, name, asynchronous=False, clock=clock)
        self._clock = clock
        self._pace = Pace()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kept, context = KeptCookies(), copy_context()

        def answer(ask: Ask[Any]) -> Any:
            match ask:
                case ReadBody():
                    return read_body(environ, ask)
                case PeekBody():
                    return peek_body(environ, ask)
                case AskApp():
                    return self._asking.answer(ask, kept, context)
                case _:
                    return self.runtime.answer(ask)

        admitted_at = monotonic()
        request = read_request(environ, int(self._clock()))
        outcome = drive(self.runtime.gate.admit(request), answer)
        if isinstance(outcome, Answer):
            return send_answer(_with(outcome, kept), request, start_response)
        lent = lent_by(environ) if request.kind == "websocket" and outcome.is_watched(()) else None
        if lent is None:
            return self._pass_on(outcome, environ, start_response, answer, kept, admitted_at, lends_socket=False)
        watched = LentSocket(lent, self._watch(outcome, answer, admitted_at, ()), self._pace)
        try:
            body = self._pass_on(outcome, environ, start_response, answer, kept, admitted_at, lends_socket=True)
            return LentBody(body, watched)
        except BaseException:
            watched.stop()
            raise

    def _watch(self, allow: Allow, answer: Callable[[Ask[Any]], Any], admitted_at: float, headers: Headers) -> Watch:
        gate = self.runtime.gate

        def still_passes() -> Verdict:
            return drive(gate.still_passes(allow, int(self._clock())), answer)

        def tell(ended: Ended | Untold) -> None:
            drive(gate.tell_of_end(allow, ended, int(self._clock())), answer)

        return Watch(still_passes, tell, self._pace, admitted_at, headers)

    def _pass_on(
        self,
        allow: Allow,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        answer: Callable[[Ask[Any]], Any],
        kept: KeptCookies,
        admitted_at: float,
        *,
        lends_socket: bool,
    ) -> Iterable[bytes]:
        gate, goes_on = self.runtime.gate, allow

        def look(status: int, headers: Headers) -> Send | Answer | None:
            nonlocal goes_on
            outcome = drive(gate.release(allow, status, headers), answer) if allow.must_release(headers) else None
            goes_on = (outcome.goes_on if isinstance(outcome, Send) else None) or allow
            return outcome if not kept.lines else _with(outcome or Send(headers), kept)

        def refuse(refusal: Answer) -> list[bytes]:
            return send_answer(refusal, allow.request, start_response)

        def begin(headers: Headers) -> Watch | None:
            # Any request can say Upgrade; where no socket was lent, what is answered is a body like others.
            is_watched = not lends_socket and goes_on.is_watched(headers)
            return self._watch(goes_on, answer, admitted_at, headers) if is_watched else None

        head = HeldHead(start_response, look, lambda flow: drive(flow, answer), begin, environ.get(EARLY_HINTS))
        change_environ(environ, allow)
        if kept.lines:
            replace_cookies(environ, kept)
        if EARLY_HINTS in environ:
            environ[EARLY_HINTS] = head.hint
        if allow.body is not None:
            replace_body(environ, allow.body)

        def still_same() -> bool:
            with self._asking.app_is_at_work():
                return drive(gate.still_same(allow), answer)

        if allow.watches_body:
            stream = environ["wsgi.input"]
            watched = environ["wsgi.input"] = WatchedInput(stream, content_length(environ), still_same)
            if lends_socket and hasattr(stream, "raw"):
                watched.raw = stream.raw  # gevent's way to the socket
        with self._asking.app_is_at_work():
            body = self._app(environ, head)
        if not head.is_started:
            late = LateBody(body, head, refuse)
            return WatchedBody(SplicedBody(late, head) if allow.splices else late, head)
        passes = False
        try:
            refusal = head.settle()
            passes = refusal is None
        finally:
            if not passes:  # the server never gets the app's iterable, so it cannot close it
                close_body(body)
        if refusal is not None:
            return refuse(refusal)
        passing = SplicedBody(body, head) if allow.splices else body
        return passing if head.watch is None else WatchedBody(passing, head)


def _with(outcome: AnySend, kept: KeptCookies) -> AnySend:
    """What goes to the browser, with the cookies that were kept for it."""
    return replace(outcome, headers=kept.onto_answer(outcome.headers))

"""``TwoFactorMiddleware(app, "twofa.toml", name="shop")`` for WSGI apps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from twofa_middleware.http import Answer, Request
from twofa_middleware.vouching import Pace

from .asking import Asking
from .head import HeldHead
from .passage import Passage
from .shortcut import Shortcut
from .translate import read_request, send_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from twofa_middleware.settings import Settings


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
        hot = self.runtime.hot
        self._shortcut = Shortcut(hot, clock, app, self._decide_late, self.runtime.answer) if hot is not None else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._shortcut is not None:
            body = self._shortcut.pass_on(environ, start_response)
            if body is not None:
                return body
        return self._decide(environ, start_response)

    def _decide(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The long way; what comes of it may be remembered."""
        shortcut = self._shortcut
        mark = shortcut.hot.mark() if shortcut is not None else None
        passage = self._passage(environ, start_response)
        request = read_request(environ, int(self._clock()))
        outcome = passage.admit(request)
        if isinstance(outcome, Answer):
            return send_answer(outcome, request, start_response)
        if shortcut is None:
            return passage.pass_on(self._app, outcome)
        if outcome.known is not None:
            shortcut.keep(mark, environ, outcome)
        shortcut.hot.changed(outcome)
        try:
            return passage.pass_on(self._app, outcome)
        finally:
            shortcut.hot.changed(outcome)

    def _decide_late(
        self, environ: WSGIEnvironment, start_response: StartResponse, request: Request
    ) -> tuple[Passage, HeldHead]:
        """Decide about a request that had passed by what was remembered, now that the app has begun to answer."""
        passage = self._passage(environ, start_response)
        with self._asking.app_is_at_work():
            return passage, passage.head(passage.admit(request))

    def _passage(self, environ: WSGIEnvironment, start_response: StartResponse) -> Passage:
        return Passage(self.runtime, self._asking, self._clock, self._pace, environ, start_response)

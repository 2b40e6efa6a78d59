"""The body of a request that was read before the app is called: read once, whoever asks for it, and handed on whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .asks import PeekBody, ReadBody
from .errors import BadRequest
from .http import Allow
from .protocol import Ask, Flow, Result


class OneBody:
    """``is_lost``: it was begun and could not be read, so nobody can hand it on. One that was only peeked at and is longer
    than anybody cared for is not: the adapter hands it on."""

    def __init__(self) -> None:
        self._body: bytes | None = None
        self.is_lost = False

    def read_in(self, flow: Flow[Result]) -> Flow[Result]:
        """The flow, whose first ``ReadBody`` or ``PeekBody`` is asked and remembered; others are answered from memory."""
        reply: Any = None
        error: BaseException | None = None
        try:
            while True:
                ask: Ask[Any] = flow.send(reply) if error is None else flow.throw(error)
                reply, error = None, None
                try:
                    reply = yield from self._answer(ask)
                except BaseException as raised:
                    error = raised
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            flow.close()

    def handed_on(self, allow: Allow) -> Allow:
        """The app reads the bytes that were read, unless something else was put in their place."""
        if self._body is None or allow.body is not None:
            return allow
        return replace(allow, body=self._body)

    def _answer(self, ask: Ask[Any]) -> Flow[Any]:
        if not isinstance(ask, ReadBody | PeekBody):
            return (yield from ask)
        if self._body is None:
            self.is_lost = True
            self._body = yield from ask
            self.is_lost = False
        if self._body is None or len(self._body) <= ask.limit_bytes:
            return self._body
        if isinstance(ask, PeekBody):
            return None
        raise BadRequest(413, f"The form may have {ask.limit_bytes} bytes.")

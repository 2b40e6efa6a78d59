"""The body of a request that was read before the app is called: read once, whoever asks for it, and handed on whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .asks import ReadBody
from .errors import BadRequest
from .http import Allow
from .protocol import Ask, Flow, Result


class OneBody:
    """``is_lost``: it was begun and could not be read, so nobody can hand it on."""

    def __init__(self) -> None:
        self._body: bytes | None = None
        self.is_lost = False

    def read_in(self, flow: Flow[Result]) -> Flow[Result]:
        """The flow, whose first ``ReadBody`` is asked and remembered; others are answered from memory."""
        reply: Any = None
        error: BaseException | None = None
        try:
            while True:
                ask: Ask[Any] = flow.send(reply) if error is None else flow.throw(error)
                reply, error = None, None
                try:
                    reply = (yield from self._read(ask)) if isinstance(ask, ReadBody) else (yield from ask)
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

    def _read(self, ask: ReadBody) -> Flow[bytes]:
        if self._body is None:
            self.is_lost = True
            self._body = yield from ask
            self.is_lost = False
        if len(self._body) > ask.limit_bytes:
            raise BadRequest(413, f"The form may have {ask.limit_bytes} bytes.")
        return self._body

"""The head of the app's answer, held back until the gate has looked at it.

An app may start its response before it returns, while its first chunk is made, or through ``write()``; and it may start
it again with ``exc_info`` (PEP 3333). Nothing of any of them reaches the server unseen, and what was found about one head
holds for that head alone.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Answer, Headers, Send, Splicing
from twofa_middleware.protocol import Flow

from .translate import as_bytes, as_strings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from .watching import Watch

Pairs: TypeAlias = list[tuple[str, str]]
ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
Look: TypeAlias = Callable[[int, Headers], Send | Answer | None]
Splice: TypeAlias = Callable[[Flow[bytes]], bytes]
Begin: TypeAlias = Callable[[Headers], "Watch | None"]
Hint: TypeAlias = Callable[[Pairs], object]


class AnswerRefused(TwoFactorError):
    """The app started its response again, after the first head went out, for a login that may not pass."""


class HeldHead:
    """The ``start_response`` that the app gets. ``look`` answers None where a head needs no decision.

    ``begin`` begins to watch the answer, if one with that head has to be. ``server_hint`` is the server's own
    ``wsgi.early_hints``, where it has one.
    """

    def __init__(
        self, start_response: StartResponse, look: Look, splice: Splice, begin: Begin, server_hint: Hint | None = None
    ) -> None:
        self.watch: Watch | None = None
        self._begin = begin
        self._server = start_response
        self._look = look
        self._splice = splice
        self._splicing: Splicing | None = None
        self._server_hint = server_hint
        self._hints: list[Pairs] = []
        self._held: tuple[str, Pairs, ExcInfo] | None = None
        self._write: Callable[[bytes], object] | None = None
        self._refusal: Answer | None = None
        self._is_out = False
        self._is_undecided = False

    @property
    def is_started(self) -> bool:
        """Whether the app has called it."""
        return self._held is not None or self._write is not None

    def __call__(self, status: str, headers: Pairs, exc_info: ExcInfo = None) -> Callable[[bytes], object]:
        if self.is_started and not exc_info:
            raise RuntimeError("the app called start_response twice without exc_info (PEP 3333)")
        # A copy: the app may still change its list after it was looked at.
        self._held = status, list(headers), exc_info
        if self._is_out:
            self.settle()
        return self.write

    def write(self, chunk: bytes) -> None:
        """The legacy ``write()``; after a refusal its bytes go nowhere."""
        self.settle()
        if self.watch is not None and not self.watch.lets_out():
            raise AnswerRefused("nobody gets this answer any more: its login may not pass")
        if self._write is not None:
            self._write(self.spliced(chunk))

    def spliced(self, chunk: bytes) -> bytes:
        """The chunk of a body as it goes on."""
        return chunk if self._splicing is None else self._splice(self._splicing.feed(chunk))

    def rest(self) -> bytes:
        """What was held back of the body, at its end."""
        splicing, self._splicing = self._splicing, None
        return b"" if splicing is None else self._splice(splicing.close())

    def hint(self, headers: Pairs) -> None:
        """``wsgi.early_hints``: what comes before the head waits for it."""
        self._hints.append(list(headers))
        if self._is_out and self._refusal is None:
            self._send_hints()

    def settle(self) -> Answer | None:
        """Decide about the held head: it goes to the server, or the refusal is returned, from now on.

        Raises AnswerRefused, from now on, where an earlier head went out already.
        """
        if self._is_undecided:
            raise AnswerRefused("the app went on after its response could not be looked at")
        if self._held is not None:
            (status, headers, exc_info), self._held = self._held, None
            earlier, self._write = self._write, _nowhere  # an error while looking leaves no earlier head open
            self._is_undecided = True
            outcome = self._refusal or self._look(int(status[:3]), as_bytes(headers))
            self._is_undecided = False
            if isinstance(outcome, Answer):
                self._refusal = outcome
            else:
                self._send_hints()
                self._splicing = outcome.splicing if outcome else None
                self.watch = self._begin(outcome.headers if outcome else as_bytes(headers))
                self._write = earlier  # what the server raises now, it would raise without a gate, too
                self._write = self._server(status, as_strings(outcome.headers) if outcome else headers, exc_info)
                self._is_out = True
        if self._refusal is not None and self._is_out:
            raise AnswerRefused("the app's second response belongs to a login that may not pass")
        return self._refusal

    def _send_hints(self) -> None:
        hints, self._hints = self._hints, []
        for hint in hints:
            if self._server_hint is not None:
                self._server_hint(hint)


def _nowhere(chunk: bytes) -> None:
    """A ``write()`` whose bytes nobody gets."""

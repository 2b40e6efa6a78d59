"""The head of the app's answer, held back until the gate has looked at it.

An app may start its response before it returns, while its first chunk is made, or through ``write()``; and it may start
it again with ``exc_info`` (PEP 3333). Nothing of any of them reaches the server unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Answer, Headers, Send

from .translate import as_bytes, as_strings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
Look: TypeAlias = Callable[[int, Headers], Send | Answer | None]


class AnswerRefused(TwoFactorError):
    """The app started its response again, after the first head went out, for a login that may not pass."""


class HeldHead:
    """The ``start_response`` that the app gets. ``look`` answers None where a head needs no decision."""

    def __init__(self, start_response: StartResponse, look: Look) -> None:
        self._server = start_response
        self._look = look
        self._held: tuple[str, list[tuple[str, str]], ExcInfo] | None = None
        self._write: Callable[[bytes], object] | None = None
        self.refusal: Answer | None = None

    @property
    def is_started(self) -> bool:
        """Whether the app has called it."""
        return self._held is not None or self._write is not None or self.refusal is not None

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None
    ) -> Callable[[bytes], object]:
        if self.is_started and not exc_info:
            raise RuntimeError("the app called start_response twice without exc_info (PEP 3333)")
        if self._write is not None:
            return self._start_again(status, headers, exc_info)
        self._held = status, headers, exc_info
        return self.write

    def write(self, chunk: bytes) -> None:
        """The legacy ``write()``; after a refusal its bytes go nowhere."""
        self.settle()
        if self._write is not None:
            self._write(chunk)

    def settle(self) -> None:
        """Decide about the held head: it goes to the server, or there is a refusal from now on."""
        if self._held is None or self.refusal is not None:
            return
        (status, headers, exc_info), self._held = self._held, None
        outcome = self._decide(status, headers)
        if isinstance(outcome, Answer):
            self.refusal = outcome
        else:
            self._write = self._server(status, outcome, exc_info)

    def _start_again(self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo) -> Callable[[bytes], object]:
        outcome = self._decide(status, headers)
        if isinstance(outcome, Answer):
            raise AnswerRefused("the app's second response belongs to a login that may not pass") from (
                exc_info[1] if exc_info else None
            )
        self._write = self._server(status, outcome, exc_info)
        return self.write

    def _decide(self, status: str, headers: list[tuple[str, str]]) -> list[tuple[str, str]] | Answer:
        outcome = self._look(int(status[:3]), as_bytes(headers))
        if outcome is None:
            return headers
        return as_strings(outcome.headers) if isinstance(outcome, Send) else outcome


class LateBody(Iterator[bytes]):
    """The body of an app that starts its response only while its first chunk is made (a generator, mostly)."""

    def __init__(self, body: Iterable[bytes], head: HeldHead, refuse: Callable[[Answer], list[bytes]]) -> None:
        self._body = body
        self._chunks = iter(body)
        self._head = head
        self._refuse = refuse
        self._is_settled = False

    def __next__(self) -> bytes:
        if self._is_settled:
            return next(self._chunks)
        first = next((chunk for chunk in self._chunks if chunk), None)
        self._is_settled = True
        self._head.settle()
        if self._head.refusal is not None:
            self.close()
            self._chunks = iter(self._refuse(self._head.refusal))
            return next(self._chunks)
        if first is None:
            raise StopIteration
        return first

    def close(self) -> None:
        body, self._body = self._body, ()
        close_body(body)


def close_body(body: Iterable[bytes]) -> None:
    """What a server does with the app's iterable at the end (PEP 3333)."""
    close: Any = getattr(body, "close", None)
    if close is not None:
        close()

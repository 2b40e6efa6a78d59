"""The body of the app's answer, where it cannot go on as the app's own iterable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twofa_middleware.http import Answer

from .head import HeldHead


class LateBody(Iterator[bytes]):
    """The body of an app that starts its response only while its first chunk is made (a generator, mostly)."""

    def __init__(self, body: Iterable[bytes], head: HeldHead, refuse: Callable[[Answer], list[bytes]]) -> None:
        self._body = body
        self._chunks: Iterator[bytes] | None = None
        self._head = head
        self._refuse = refuse

    def __next__(self) -> bytes:
        if self._chunks is None:
            return self._first()
        chunk = next(self._chunks)
        self._head.settle()
        return chunk

    def _first(self) -> bytes:
        self._chunks = chunks = iter(self._body)
        first = next(filter(None, chunks), None)
        refusal = self._head.settle()
        if refusal is not None:
            self.close()
            self._chunks = iter(self._refuse(refusal))
            return next(self._chunks)
        if first is None:
            raise StopIteration
        if not self._head.is_started:
            raise RuntimeError("the app sent a body without having called start_response (PEP 3333)")
        return first

    def close(self) -> None:
        body, self._body = self._body, ()
        close_body(body)


class SplicedBody(Iterator[bytes]):
    """A body that is changed on its way, chunk by chunk."""

    def __init__(self, body: Iterable[bytes], head: HeldHead) -> None:
        self._body = body
        self._chunks = iter(body)
        self._head = head
        self._is_over = False

    def __next__(self) -> bytes:
        while not self._is_over:
            chunk = next(self._chunks, None)
            self._is_over = chunk is None
            passes = self._head.rest() if chunk is None else self._head.spliced(chunk)
            if passes:
                return passes
        raise StopIteration

    def close(self) -> None:
        body, self._body = self._body, ()
        close_body(body)


def close_body(body: Iterable[bytes]) -> None:
    """What a server does with the app's iterable at the end (PEP 3333)."""
    close: Any = getattr(body, "close", None)
    if close is not None:
        close()

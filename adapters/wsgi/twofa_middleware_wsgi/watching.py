"""A stream that is watched: before a chunk goes out, the gate is asked again, once a second at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TypeAlias

from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Headers
from twofa_middleware.vouching import Ended, Pace, Untold, Verdict, Voucher, may_end_anywhere

from .body import close_body
from .head import HeldHead

Ask: TypeAlias = Callable[[], Verdict]
Tell: TypeAlias = Callable[[Ended | Untold], object]


class BrokenOff(TwoFactorError):
    """An answer that is not whole: the server closes the connection in the midst of it, so that it does not look whole."""


class Watch:
    """Watches one answer. ``ask`` asks the gate, ``tell`` is called once, when it ends; ``admitted_at``: when the gate was
    first asked (monotonic)."""

    def __init__(self, ask: Ask, tell: Tell, pace: Pace, admitted_at: float, headers: Headers) -> None:
        self.may_end_anywhere = may_end_anywhere(headers)
        self._ask = ask
        self._tell = tell
        self._voucher = Voucher(pace, admitted_at)
        self.ended: Ended | Untold | None = None

    def lets_out(self) -> bool:
        """Whether a chunk may go out."""
        asked = monotonic()
        if self.ended is None and self._voucher.is_due(asked):
            self.ended = self._voucher.hear(self._ask(), asked, monotonic())
            if self.ended is not None:
                self._tell(self.ended)
        return self.ended is None


class WatchedBody(Iterator[bytes]):
    """A body that ends when its login may not pass any more. Whether it is watched, its head decides."""

    def __init__(self, body: Iterable[bytes], head: HeldHead) -> None:
        self._body = body
        self._chunks = iter(body)
        self._head = head

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        watch = self._head.watch
        if watch is None or watch.lets_out():
            return chunk
        self._chunks = iter(())
        if watch.may_end_anywhere:
            raise StopIteration
        raise BrokenOff("an answer was cut off, since its login may not pass any more")

    def close(self) -> None:
        body, self._body = self._body, ()
        close_body(body)

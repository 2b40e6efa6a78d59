"""The line of a store: how an older copy of it is told from the store that has gone on.

Whoever carries events for the realm adds a tick every few seconds: the mark ``LINE``, "count at words". ``count`` only
grows in one store. ``words`` are random, one for each of the last ``KEPT`` ticks, so that a copy that was put back and
has gone on since differs from what was seen, however far it has come. ``at``, the time of the last, is for people to
read: nothing is decided by a clock, so none that is wrong closes anything or hides anything. While nobody carries, the
line stands still, which is no sign of anything.

A server that took over, or came back from its disk, may have lost a moment: ``MOST_LOST`` ticks, a minute. There is the
fence for that (``redis_fence.py``).
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass

from ..asks import MoveMark, ReadMark
from ..protocol import Store

LINE = "line"
"""The name of the mark; a sink's is a keyed hash."""
KEPT = 36
MOST_LOST = 12
WORD_BYTES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """``words``: those of the last ticks, the latest last. Without a tick: a store that nobody has carried for yet."""

    count: int = 0
    at: int = 0
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Line:
        """The line that a mark or a witness holds; what is none has no tick."""
        parts = text.split(" ")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts[:2]):
            return cls()
        words = tuple(parts[2].split("."))
        count = int(parts[0])
        return cls(count, int(parts[1]), words) if len(words) <= count else cls()

    def __str__(self) -> str:
        return f"{self.count} {self.at} {'.'.join(self.words)}"

    def next(self, now: int) -> Line:
        """The line with one more tick."""
        return Line(self.count + 1, now, (*self.words, secrets.token_urlsafe(WORD_BYTES))[-KEPT:])

    @property
    def time(self) -> str:
        """When the last tick was, as its server's clock said."""
        try:
            return datetime.datetime.fromtimestamp(self.at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        except (OverflowError, OSError, ValueError):
            return "an unknown time"

    def goes_on_from(self, seen: Line) -> bool | None:
        """Whether a store with this line is the one that had the line ``seen``, less ``MOST_LOST`` ticks at most.

        None: it has come so far since that the words do not tell any more.
        """
        least = seen.count - MOST_LOST
        if least <= 0:
            return True
        if self.count < least:
            return False
        if any(self._word(tick) == seen._word(tick) for tick in range(max(least, self._first, seen._first), self._end)):
            return True
        return None if max(self._first, seen._first) > least else False

    @property
    def _first(self) -> int:
        return self.count - len(self.words) + 1

    @property
    def _end(self) -> int:
        return self.count + 1

    def _word(self, tick: int) -> str | None:
        return self.words[tick - self._first] if self._first <= tick <= self.count else None


def tick(store: Store, now: int) -> None:
    """Add a tick. Two who do it at once may overwrite each other's, which is like losing one."""
    line = Line.of(store.answer(ReadMark(LINE)))
    store.answer(MoveMark(LINE, str(line.next(now))))

"""What waits to be written to the store: events that no change has written, and counts. It is bounded."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..accounts.audit import MINOR
from ..asks import LogRow
from ..protocol import Event, UserKey

MOST_WAITING = 10_000
"""So many events a process keeps while its store is down."""


@dataclass(slots=True, eq=False)
class Waiting:
    """An event that waits. ``row``: as it was sealed, so that it has the same id however often it is written."""

    number: int
    event: Event
    row: tuple[UserKey, LogRow] | None = None


class Outbox:
    """Requests put in, the courier takes out what is written. While it is full the oldest minor events are lost first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: OrderedDict[int, Waiting] = OrderedDict()
        self._minor: deque[int] = deque()
        self._counts: dict[int, dict[str, int]] = {}
        self._lost = 0

    def put(self, event: Event) -> None:
        kept = _storable(event)
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = Waiting(number, kept)
            if event.name in MINOR:
                self._minor.append(number)
            if len(self._waiting) > MOST_WAITING:
                del self._waiting[self._minor.popleft() if self._minor else next(iter(self._waiting))]
                self._lost += 1

    def count(self, day: int, name: str) -> None:
        with self._lock:
            counts = self._counts.setdefault(day, {})
            counts[name] = counts.get(name, 0) + 1

    def waiting(self) -> list[Waiting]:
        """All that wait, the oldest first; they stay."""
        with self._lock:
            return list(self._waiting.values())

    def written(self, ones: Iterable[Waiting]) -> None:
        """These need not wait any longer. What made room for others in the meantime was not lost after all."""
        with self._lock:
            for one in ones:
                if self._waiting.pop(one.number, None) is None:
                    self._lost -= 1
            while self._minor and self._minor[0] not in self._waiting:
                self._minor.popleft()

    def take_lost(self) -> int:
        """How many events were lost since this was last asked."""
        with self._lock:
            lost, self._lost = self._lost, 0
            return lost

    def take_counts(self) -> tuple[int, dict[str, int]] | None:
        """A day and its counts, which are gone from here; None when there are none."""
        with self._lock:
            return self._counts.popitem() if self._counts else None

    def put_back(self, day: int, counts: Mapping[str, int]) -> None:
        """Counts that could not be written."""
        with self._lock:
            now = self._counts.setdefault(day, {})
            for name, count in counts.items():
                now[name] = now.get(name, 0) + count


def _storable(event: Event) -> Event:
    """Without the error, which would keep a request's every object alive, and with texts that can be encoded."""
    facts = {name: _text(value) if isinstance(value, str) else value for name, value in event.facts.items()}
    return replace(event, user=_text(event.user), label=_text(event.label), facts=facts, error=None)


def _text(value: str) -> str:
    return value.encode(errors="backslashreplace").decode()

"""One sink's way along the realm's list: read on from its mark, deliver, move the mark; and the same again after a failure.

A sink delivers in a thread of its own, so one that hangs holds up neither the courier nor another sink. The mark moves
only behind what was delivered: an event may come twice, and none is left out.
"""

from __future__ import annotations

import base64
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ..accounts.audit import read_event
from ..asks import FollowEvents, MoveMark, ReadMark
from ..errors import UnreadableRecord
from ..protocol import Event, Sink, Store
from ..sealing import Sealer

LOGGER = logging.getLogger("twofa_middleware")
BATCH_EVENTS = 100
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 3600


@dataclass(slots=True, eq=False)
class _Batch:
    """Events up to a position of the list. It stays as it is until it is delivered."""

    events: list[tuple[str, Event]]
    until: str
    is_delivered: bool = False


@dataclass(slots=True, eq=False)
class _Attempt:
    batch: _Batch
    is_over: bool = False
    error: BaseException | None = None


@dataclass(slots=True, eq=False)
class Delivery:
    """``name`` is the sink's for people, ``mark`` its name in the store. ``wake`` is called when a delivery ends."""

    name: str
    mark: str
    sink: Sink
    store: Store
    sealer: Sealer
    wake: Callable[[], None]
    tell_unreadable: Callable[[str, int, int], None]
    _position: str | None = None
    _batch: _Batch | None = None
    _attempt: _Attempt | None = None
    _failures: int = 0
    _due_at: int = 0
    _waits: int = 0

    def turn(self, now: int) -> None:
        """Do what can be done without waiting for the sink. What the store raises is tried again at the next turn."""
        if self._attempt is not None and not self._attempt.is_over:
            return
        self.move_mark(now)
        if 0 < self._due_at - now <= self._waits:
            return
        if self._batch is None:
            self._batch = self._next(now)
        if self._batch is None:
            return
        if not self._batch.events:
            self._batch.is_delivered = True
            self.wake()
            return
        attempt = _Attempt(self._batch)
        threading.Thread(target=self._deliver, args=(attempt,), name=f"twofa-{self.name}", daemon=True).start()
        self._attempt = attempt

    def move_mark(self, now: int) -> None:
        """See what became of a delivery that has ended, and move the mark behind what was delivered."""
        if self._attempt is not None and self._attempt.is_over:
            ended, self._attempt = self._attempt, None
            self._settle(ended, now)
        if self._batch is not None and self._batch.is_delivered:
            self.store.answer(MoveMark(self.mark, self._batch.until))
            self._position, self._batch = self._batch.until, None

    def forget(self) -> None:
        """Somebody else delivers: where the mark is has to be read again."""
        self._position = self._batch = None

    def _next(self, now: int) -> _Batch | None:
        if self._position is None:
            self._position = self.store.answer(ReadMark(self.mark))
        rows = self.store.answer(FollowEvents(self._position, BATCH_EVENTS))
        events: list[tuple[str, Event]] = []
        for row in rows:
            try:
                events.append((base64.urlsafe_b64encode(row.id).decode(), read_event(self.sealer, row)))
            except UnreadableRecord:
                continue
        if len(events) < len(rows):
            self.tell_unreadable(self.name, len(rows) - len(events), now)
        return _Batch(events, rows[-1].position) if rows else None

    def _deliver(self, attempt: _Attempt) -> None:
        try:
            self.sink.deliver(attempt.batch.events)
        except BaseException as error:
            attempt.error = error
        attempt.is_over = True
        self.wake()

    def _settle(self, ended: _Attempt, now: int) -> None:
        if ended.error is None:
            ended.batch.is_delivered = True
            self._failures = self._due_at = 0
            return
        self._failures += 1
        # Servers that failed together are not to come back together.
        wait = FIRST_WAIT_SECONDS * 2 ** min(self._failures - 1, 16) * random.uniform(1, 1.5)  # noqa: S311
        self._waits = min(int(wait), LONGEST_WAIT_SECONDS)
        self._due_at = now + self._waits
        LOGGER.warning(
            "the sink %s did not get its events (%s: %s); it gets them in %d s",
            self.name,
            type(ended.error).__name__,
            ended.error,
            self._waits,
        )

"""The realm's list of events, read back: filtered, and with what cannot be read named as such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..asks import ReadEvents, Sweep
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Event, Flow, UserKey
from .audit import read_event

MOST_LOOKED_AT = 5000
"""So many events are looked through for one page."""
_BATCH = 200
_SWEEP_USERS = 200

Fits = Callable[[Event], bool]


@dataclass(frozen=True, slots=True)
class History:
    """A page of events, in the order of the realm's list; ``before`` is where the next one begins, empty for the last page.

    ``unreadable``: how many rows on the way do not open under our keys.
    """

    events: tuple[Event, ...]
    before: str
    unreadable: int = 0

    @property
    def newest_first(self) -> tuple[Event, ...]:
        """The list has them as sweepers carried them, user by user; people want them as they happened."""
        return tuple(sorted(self.events, key=lambda event: event.at, reverse=True))


def read_history(
    desk: Desk, fits: Fits, before: str, limit: int, now: int, *, owner: UserKey | None = None
) -> Flow[History]:
    """The events that fit, looked for among the ``MOST_LOOKED_AT`` that come next. A first page is brought up to date.

    ``owner``: only what lies in the log of this user; what is not theirs is then not even opened.
    """
    if not before:
        yield from Sweep(now, _SWEEP_USERS)
    found: list[Event] = []
    seen: set[bytes] = set()
    unreadable, place = 0, before or None
    for _ in range(MOST_LOOKED_AT // _BATCH):
        rows = yield from ReadEvents(place, _BATCH)
        for row in rows:
            place = row.position
            if row.id in seen or owner not in (None, row.user):
                continue
            seen.add(row.id)
            try:
                event = read_event(desk.sealer, row)
            except UnreadableRecord:
                unreadable += 1
                continue
            if fits(event):
                found.append(event)
                if len(found) == limit:
                    return History(tuple(found), place, unreadable)
        if len(rows) < _BATCH:
            return History(tuple(found), "", unreadable)
    return History(tuple(found), place or "", unreadable)

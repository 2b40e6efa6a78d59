"""Events: from the users' logs to the realm's list, and read from there in pages.

Here users and realm lie in one file and could share one table; the list is apart so that an event has its position only
once it is there to stay: what a sink has read does not change before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from sqlite3 import Connection

from ...asks import MOST_EVENTS, EventRow, FollowEvents, ReadEvents, Sweep, Swept
from ...protocol import UserKey

READY_USERS = "SELECT user FROM log WHERE ready_at <= ? ORDER BY ready_at, user"
READY_ROWS = "SELECT number, user, id, at, record FROM log WHERE user = ? AND ready_at <= ? ORDER BY number"
DROP = "DELETE FROM log WHERE number = ?"
CARRY = "INSERT INTO events (user, id, at, record) VALUES (?, ?, ?, ?)"
TRIM = "DELETE FROM events WHERE position <= (SELECT max(position) FROM events) - ?"
READ = "SELECT position, user, id, at, record FROM events WHERE position < ? ORDER BY position DESC LIMIT ?"
FOLLOW = "SELECT position, user, id, at, record FROM events WHERE position > ? ORDER BY position LIMIT ?"

POSITION = re.compile(r"[0-9]{1,18}")  # what fits SQLite's integers
END = 2**63 - 1


def sweep(db: Connection, ask: Sweep) -> Swept:
    """Both ends of the way change in one transaction, so here no event is ever carried twice."""
    users = _ready_users(db, ask.now, ask.limit)
    rows = sorted(row for user in users for row in db.execute(READY_ROWS, (user, ask.now)))
    if rows:
        db.executemany(DROP, [(number,) for number, *_ in rows])
        db.executemany(CARRY, [event for _, *event in rows])
        db.execute(TRIM, (MOST_EVENTS,))
    return Swept(len(rows), is_done=not _ready_users(db, ask.now, 1))


def read(db: Connection, ask: ReadEvents) -> tuple[EventRow, ...]:
    """Back from a position, or from the end."""
    before = _number(ask.before) if ask.before else END
    return () if before is None else _events(db.execute(READ, (before, ask.limit)))


def follow(db: Connection, ask: FollowEvents) -> tuple[EventRow, ...]:
    """On from a position, or from the beginning."""
    after = _number(ask.after) if ask.after else 0
    return () if after is None else _events(db.execute(FOLLOW, (after, ask.limit)))


def _ready_users(db: Connection, now: int, limit: int) -> list[UserKey]:
    """The users whose rows have been ready longest. Only rows are looked at that are ready."""
    users: dict[UserKey, None] = {}
    for (user,) in db.execute(READY_USERS, (now,)):
        users[user] = None
        if len(users) >= limit:
            break
    return list(users)


def _number(position: str) -> int | None:
    return int(position) if POSITION.fullmatch(position) else None


def _events(rows: Iterable[tuple[int, UserKey, bytes, int, bytes]]) -> tuple[EventRow, ...]:
    return tuple(EventRow(str(position), user, name, at, record) for position, user, name, at, record in rows)

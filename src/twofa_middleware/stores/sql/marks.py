"""Who does a task for the whole realm, and how far the sinks of events have got."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import Done, MoveMark, ReadMark, TakeLease

READ_LEASE = "SELECT holder, until FROM leases WHERE task = ?"
WRITE_LEASE = """
    INSERT INTO leases (task, holder, until) VALUES (?, ?, ?)
    ON CONFLICT (task) DO UPDATE SET holder = excluded.holder, until = excluded.until
"""
END_LEASE = "DELETE FROM leases WHERE task = ?"
READ_MARK = "SELECT position FROM marks WHERE sink = ?"
WRITE_MARK = """
    INSERT INTO marks (sink, position) VALUES (?, ?) ON CONFLICT (sink) DO UPDATE SET position = excluded.position
"""


def take_lease(db: Connection, ask: TakeLease) -> bool:
    """Take, prolong or give back; who died without giving back holds nobody up for longer than his time."""
    holder, until = db.execute(READ_LEASE, (ask.task,)).fetchone() or (ask.holder, 0)
    if holder != ask.holder and until > ask.now:
        return False
    if ask.until > ask.now:
        db.execute(WRITE_LEASE, (ask.task, ask.holder, ask.until))
    else:
        db.execute(END_LEASE, (ask.task,))
    return True


def read(db: Connection, ask: ReadMark) -> str:
    """The position of a sink."""
    found = db.execute(READ_MARK, (ask.sink,)).fetchone()
    return "" if found is None else str(found[0])


def move(db: Connection, ask: MoveMark) -> Done:
    """Put a sink's mark where it says."""
    db.execute(WRITE_MARK, (ask.sink, ask.position))
    return Done()

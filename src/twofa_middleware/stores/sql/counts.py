"""Counters of decisions."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import COUNT_DAYS, AddCounts, CountRow, Done, ReadCounts

ADD = """
    INSERT INTO counts (day, name, count) VALUES (?, ?, ?)
    ON CONFLICT (day, name) DO UPDATE SET count = count + excluded.count
"""
DROP_OLD = "DELETE FROM counts WHERE day < ?"
READ = "SELECT day, name, count FROM counts WHERE day >= ? ORDER BY day, name"


def add(db: Connection, ask: AddCounts) -> Done:
    """Add what a server has counted since it last did, and let old days go."""
    db.execute(DROP_OLD, (ask.day - COUNT_DAYS,))
    db.executemany(ADD, [(ask.day, name, count) for name, count in ask.counts.items()])
    return Done()


def read(db: Connection, ask: ReadCounts) -> tuple[CountRow, ...]:
    """Some days' counters."""
    return tuple(CountRow(*row) for row in db.execute(READ, (ask.day,)))

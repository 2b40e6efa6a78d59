"""Notes: what is written beside the answer to a question, in its transaction, the same way for every question."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any

from ...asks import MOST_MINOR_AN_HOUR, MOST_MINOR_ROWS, LogRow, Notes, outcome_of
from ...protocol import Ask, UserKey
from .people import write_person

HOUR_SECONDS = 3600

TAKE_BACK = "DELETE FROM log WHERE user = ? AND id = ?"
COUNT = "SELECT count(*) FROM log WHERE user = ?"
COUNT_MINOR = """
    INSERT INTO minor_rows (user, hour, written) VALUES (:user, :hour, 1)
    ON CONFLICT (user) DO UPDATE SET written = iif(hour = :hour, written + 1, 1), hour = :hour
    RETURNING written
"""
WRITE = "INSERT INTO log (user, id, at, ready_at, record) VALUES (?, ?, ?, ?, ?)"


def write_notes(db: Connection, ask: Ask[Any], reply: object) -> None:
    """The notes of a question that has just been answered; many questions have none."""
    notes: Notes | None = getattr(ask, "notes", None)
    if notes is None:
        return
    user: UserKey = ask.user  # type: ignore[attr-defined]  # whatever has notes has a user
    if notes.takes_back is not None:
        db.execute(TAKE_BACK, (user, notes.takes_back))
    _append(db, user, notes.rows.get(outcome_of(reply), ()))
    if notes.person is not None or notes.roles is not None:
        write_person(db, user, notes.person, notes.roles)


def _append(db: Connection, user: UserKey, rows: tuple[LogRow, ...]) -> None:
    """Who provokes minor events without end neither fills a disk nor pushes out what others did."""
    has_minor_rows = any(row.is_minor for row in rows)
    held = int(db.execute(COUNT, (user,)).fetchone()[0]) if has_minor_rows else 0
    for row in rows:
        if row.is_minor and (held >= MOST_MINOR_ROWS or not _is_within_the_hours_number(db, user, row.at)):
            continue
        db.execute(WRITE, (user, row.id, row.at, row.ready_at, row.record))
        held += 1


def _is_within_the_hours_number(db: Connection, user: UserKey, at: int) -> bool:
    """Count a minor row; whether it is one of those that are written in its hour."""
    hour = at // HOUR_SECONDS
    written = int(db.execute(COUNT_MINOR, {"user": user, "hour": hour}).fetchone()[0])
    return written <= MOST_MINOR_AN_HOUR

"""Who the users are: two sealed records of each, and the list of people."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import REALM, PersonRow, ReadPeople
from ...protocol import UserKey

FIND = "SELECT user, person, roles FROM people WHERE user = ? AND person IS NOT NULL"
READ = """
    SELECT user, person, roles FROM people WHERE user > ? AND user <> ? AND person IS NOT NULL ORDER BY user LIMIT ?
"""
WRITE = """
    INSERT INTO people (user, person, roles) VALUES (?, ?, ?)
    ON CONFLICT (user) DO UPDATE SET
        person = coalesce(excluded.person, person), roles = coalesce(excluded.roles, roles)
"""


def read(db: Connection, ask: ReadPeople) -> tuple[PersonRow, ...]:
    """A page of people. SQLite compares texts by their bytes."""
    return tuple(PersonRow(*row) for row in db.execute(READ, (ask.after or "", REALM, ask.limit)))


def find_person(db: Connection, user: UserKey) -> PersonRow | None:
    """Who this is, None if nobody has noted it."""
    found = db.execute(FIND, (user,)).fetchone()
    return None if found is None else PersonRow(*found)


def write_person(db: Connection, user: UserKey, person: bytes | None, roles: bytes | None) -> None:
    """Replace one record or both; None leaves the one that is there."""
    db.execute(WRITE, (user, person, roles))

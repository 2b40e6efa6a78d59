"""Set-ups that were begun and not yet confirmed."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import MOST_SETUPS, BeginSetup, Begun, ReadSetup, SetupRow
from ...protocol import UserKey

FIND = """
    SELECT digest, record, opened_at, expires_at FROM setups WHERE user = ? AND digest = ? AND expires_at > ?
"""
DROP_EXPIRED = "DELETE FROM setups WHERE user = ? AND expires_at <= ?"
MAKE_ROOM = """
    DELETE FROM setups WHERE user = :user AND digest IN (
        SELECT digest FROM setups WHERE user = :user ORDER BY opened_at DESC, digest LIMIT -1 OFFSET :others)
"""
WRITE = "INSERT INTO setups (user, digest, record, opened_at, expires_at) VALUES (?, ?, ?, ?, ?)"
END_ALL = "DELETE FROM setups WHERE user = ?"


def begin(db: Connection, ask: BeginSetup) -> Begun:
    """Keep a set-up, or answer the one that is there: a second tab of the page shows the same secret."""
    setup = ask.setup
    begun = find_setup(db, ask.user, setup.digest, ask.now)
    if begun is not None:
        return Begun(begun, is_new=False)
    db.execute(DROP_EXPIRED, (ask.user, ask.now))
    db.execute(MAKE_ROOM, {"user": ask.user, "others": MOST_SETUPS - 1})
    db.execute(WRITE, (ask.user, setup.digest, setup.record, setup.opened_at, setup.expires_at))
    return Begun(setup, is_new=True)


def read(db: Connection, ask: ReadSetup) -> SetupRow | None:
    """The set-up that was begun, if there is still time."""
    return find_setup(db, ask.user, ask.digest, ask.now)


def find_setup(db: Connection, user: UserKey, digest: bytes, now: int) -> SetupRow | None:
    """The same, inside another question."""
    found = db.execute(FIND, (user, digest, now)).fetchone()
    return None if found is None else SetupRow(*found)


def end_all_setups(db: Connection, user: UserKey) -> None:
    """Forget every set-up that the user has begun."""
    db.execute(END_ALL, (user,))

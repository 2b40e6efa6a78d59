"""Remembered browsers."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import MOST_BROWSERS, BrowserRow, Done, ForgetBrowsers, ReadBrowsers
from ...protocol import UserKey

FIND = """
    SELECT digest, record, opened_at, expires_at, used_at FROM browsers
    WHERE user = ? AND digest = ? AND expires_at > ?
"""
READ = """
    SELECT digest, record, opened_at, expires_at, used_at FROM browsers
    WHERE user = ? AND expires_at > ? ORDER BY opened_at DESC, digest
"""
DROP_EXPIRED = "DELETE FROM browsers WHERE user = ? AND expires_at <= ?"
MAKE_ROOM = """
    DELETE FROM browsers WHERE user = :user AND digest IN (
        SELECT digest FROM browsers WHERE user = :user AND digest <> :digest
        ORDER BY opened_at DESC, digest LIMIT -1 OFFSET :others)
"""
WRITE = """
    INSERT OR REPLACE INTO browsers (user, digest, record, opened_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?)
"""
COUNT = "SELECT count(*), coalesce(max(used_at), 0) FROM browsers WHERE user = ? AND expires_at > ?"
USE = "UPDATE browsers SET used_at = ? WHERE user = ? AND digest = ?"
FORGET = "DELETE FROM browsers WHERE user = ? AND digest = ?"
FORGET_ALL = "DELETE FROM browsers WHERE user = ?"
END_UNPROVEN = "DELETE FROM passes WHERE user = ? AND proven = 0"


def read(db: Connection, ask: ReadBrowsers) -> tuple[BrowserRow, ...]:
    """The newest first."""
    return tuple(BrowserRow(*row) for row in db.execute(READ, (ask.user, ask.now)))


def forget(db: Connection, ask: ForgetBrowsers) -> Done:
    """Forget one, or all. Which pass rests on which browser is not stored, so no pass without a factor stays."""
    if ask.digest is None:
        forget_all_browsers(db, ask.user)
    else:
        db.execute(FORGET, (ask.user, ask.digest))
    db.execute(END_UNPROVEN, (ask.user,))
    return Done()


def forget_all_browsers(db: Connection, user: UserKey) -> None:
    """Forget every browser of the user."""
    db.execute(FORGET_ALL, (user,))


def find_browser(db: Connection, user: UserKey, digest: bytes, now: int) -> BrowserRow | None:
    """The browser that is remembered under this digest."""
    found = db.execute(FIND, (user, digest, now)).fetchone()
    return None if found is None else BrowserRow(*found)


def count_browsers(db: Connection, user: UserKey, now: int) -> tuple[int, int]:
    """How many are remembered, and when one of them was last used (0: none)."""
    count, used_at = db.execute(COUNT, (user, now)).fetchone()
    return count, used_at


def use_browser(db: Connection, user: UserKey, digest: bytes, now: int) -> None:
    """It has just spared somebody a prompt."""
    db.execute(USE, (now, user, digest))


def keep_browser(db: Connection, user: UserKey, row: BrowserRow, now: int) -> None:
    """Remember a browser. Room is made first, so that the new one stays even if the clock was put back."""
    db.execute(DROP_EXPIRED, (user, now))
    db.execute(MAKE_ROOM, {"user": user, "digest": row.digest, "others": MOST_BROWSERS - 1})
    db.execute(WRITE, (user, row.digest, row.record, row.opened_at, row.expires_at, row.used_at))

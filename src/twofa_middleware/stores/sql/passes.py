"""Passes: what a log-in has passed by, and the one read of a decision."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import MOST_UNPROVEN_PASSES, Absent, Done, EndPass, Look, Moved, OpenPass, PassRow, Seen, TouchPass
from ...protocol import UserKey
from .accounts import read_account, read_generation
from .browsers import find_browser, use_browser

FIND = """
    SELECT digest, record, proven, opened_at, expires_at, used_at FROM passes
    WHERE user = ? AND digest = ? AND expires_at > ?
"""
DROP_EXPIRED = "DELETE FROM passes WHERE user = ? AND expires_at <= ?"
MAKE_ROOM = """
    DELETE FROM passes WHERE user = :user AND digest IN (
        SELECT digest FROM passes WHERE user = :user AND proven = 0 AND digest <> :digest
        ORDER BY opened_at DESC, digest LIMIT -1 OFFSET :others)
"""
WRITE = """
    INSERT OR REPLACE INTO passes (user, digest, record, proven, opened_at, expires_at, used_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
END = "DELETE FROM passes WHERE user = ? AND digest = ?"
END_ALL = "DELETE FROM passes WHERE user = ?"
COUNT = "SELECT count(*), coalesce(max(used_at), 0) FROM passes WHERE user = ? AND expires_at > ?"
TOUCH = "UPDATE passes SET used_at = ? WHERE user = ? AND digest = ?"


def look(db: Connection, ask: Look) -> Seen:
    """What there is of this user, as it is at one moment."""
    return Seen(
        account=read_account(db, ask.user),
        pass_row=None if ask.pass_digest is None else _find_pass(db, ask.user, ask.pass_digest, ask.now),
        browser=None if ask.browser_digest is None else find_browser(db, ask.user, ask.browser_digest, ask.now),
    )


def open_unprompted(db: Connection, ask: OpenPass) -> Done | Moved:
    """Open a pass without a prompt, if nothing that this was decided on has changed since."""
    if read_generation(db, ask.user) != ask.generation:
        return Moved()
    if ask.browser_digest is not None:
        if find_browser(db, ask.user, ask.browser_digest, ask.now) is None:
            return Moved()
        use_browser(db, ask.user, ask.browser_digest, ask.now)
    if ask.ends is not None:
        end_pass(db, ask.user, ask.ends)
    keep_pass(db, ask.user, ask.opens, ask.now)
    return Done()


def end(db: Connection, ask: EndPass) -> Done | Absent:
    """End one pass."""
    return Done() if end_pass(db, ask.user, ask.digest) else Absent()


def touch(db: Connection, ask: TouchPass) -> Done:
    """Note when a pass was last used."""
    db.execute(TOUCH, (ask.now, ask.user, ask.digest))
    return Done()


def keep_pass(db: Connection, user: UserKey, row: PassRow, now: int) -> None:
    """Store a pass. Room is made first, so that the new one stays even if the clock was put back."""
    db.execute(DROP_EXPIRED, (user, now))
    if not row.proven:
        db.execute(MAKE_ROOM, {"user": user, "digest": row.digest, "others": MOST_UNPROVEN_PASSES - 1})
    db.execute(WRITE, (user, row.digest, row.record, int(row.proven), row.opened_at, row.expires_at, row.used_at))


def end_pass(db: Connection, user: UserKey, digest: bytes) -> bool:
    """Take a pass away; whether it was there."""
    return db.execute(END, (user, digest)).rowcount > 0


def end_all_passes(db: Connection, user: UserKey) -> None:
    """Take every pass of the user away."""
    db.execute(END_ALL, (user,))


def count_passes(db: Connection, user: UserKey, now: int) -> tuple[int, int]:
    """How many have not expired, and when one of them was last used (0: none)."""
    count, used_at = db.execute(COUNT, (user, now)).fetchone()
    return count, used_at


def _find_pass(db: Connection, user: UserKey, digest: bytes, now: int) -> PassRow | None:
    found = db.execute(FIND, (user, digest, now)).fetchone()
    if found is None:
        return None
    digest, record, proven, opened_at, expires_at, used_at = found
    return PassRow(digest, record, bool(proven), opened_at, expires_at, used_at)

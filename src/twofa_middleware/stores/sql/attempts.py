"""Counting tries before a code is looked at: waits for failures in a row, the stop, the hour of recovery codes.

When the clock was wrong, times lie ahead of it. A wait that is farther off than the longest wait is cut to the longest
wait from now; a try that is dated farther ahead than its window counts as made now. So a clock that was put back
locks nobody out for years and forgives nothing, and servers whose clocks differ by seconds do not notice.
"""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import (
    FREE_FAILURES,
    LONGEST_WAIT_SECONDS,
    RECOVERY_ATTEMPTS,
    RECOVERY_WINDOW_SECONDS,
    STOP_FAILURES,
    STOP_WINDOW_SECONDS,
    Attempt,
    ReadAttempts,
    Ready,
    Stopped,
    TakeAttempt,
    TakeRecoveryAttempt,
    Waiting,
    wait_after,
)
from ...protocol import UserKey
from .accounts import read_account
from .setups import find_setup

TOTP = "totp"
RECOVERY = "recovery"

READ_WAIT = "SELECT in_a_row, wait_until FROM waits WHERE user = ?"
CUT_WAIT = "UPDATE waits SET wait_until = :longest WHERE user = :user AND wait_until > :longest"
WRITE_WAIT = """
    INSERT INTO waits (user, in_a_row, wait_until) VALUES (?, ?, ?)
    ON CONFLICT (user) DO UPDATE SET in_a_row = excluded.in_a_row, wait_until = excluded.wait_until
"""
CLEAR_WAIT = "DELETE FROM waits WHERE user = ?"
COUNT_TRIES = "SELECT count(*) FROM tries WHERE user = ? AND kind = ?"
COUNT_LATE_TRIES = "SELECT count(*) FROM tries WHERE user = ? AND kind = ? AND at > ?"
OLDEST_TRY = "SELECT min(at) FROM tries WHERE user = ? AND kind = ?"
ADD_TRY = "INSERT INTO tries (user, kind, at) VALUES (?, ?, ?)"
DROP_OLD_TRIES = "DELETE FROM tries WHERE user = ? AND kind = ? AND at <= ?"
DATE_BACK_TRIES = "UPDATE tries SET at = ? WHERE user = ? AND kind = ? AND at > ?"
TAKE_BACK_TRY = """
    DELETE FROM tries WHERE id = (SELECT id FROM tries WHERE user = ? AND kind = ? AND at = ? LIMIT 1)
"""
CLEAR_OTHER_TRIES = "DELETE FROM tries WHERE user = ? AND kind = ? AND at <> ?"
CLEAR_ALL_TRIES = "DELETE FROM tries WHERE user = ?"


def read(db: Connection, ask: ReadAttempts) -> Ready | Waiting | Stopped:
    """Whether a TOTP code may be tried."""
    _cut_wait(db, ask.user, ask.now)
    return state_of(db, ask.user, ask.now)


def state_of(db: Connection, user: UserKey, now: int) -> Ready | Waiting | Stopped:
    """The same, without a change."""
    if _is_stopped(db, user):
        return Stopped()
    in_a_row, wait_until = _read_wait(db, user, now)
    if now < wait_until:
        return Waiting(wait_until)
    return Ready(left=max(0, FREE_FAILURES - in_a_row))


def take(db: Connection, ask: TakeAttempt) -> Attempt | Waiting | Stopped:
    """Count a failure; the wait that it earns begins now and ends at once if the code turns out right."""
    _cut_wait(db, ask.user, ask.now)
    state = state_of(db, ask.user, ask.now)
    if not isinstance(state, Ready):
        return state
    _tidy(db, ask.user, TOTP, ask.now, STOP_WINDOW_SECONDS)
    db.execute(ADD_TRY, (ask.user, TOTP, ask.now))
    in_a_row = _read_wait(db, ask.user, ask.now)[0] + 1
    wait = wait_after(in_a_row)
    waits_until = ask.now + wait
    # Without a wait no time is kept: one that lies ahead would be a wait at servers whose clock is right.
    db.execute(WRITE_WAIT, (ask.user, in_a_row, waits_until if wait else 0))
    return Attempt(
        at=ask.now,
        left=max(0, FREE_FAILURES - in_a_row),
        waits_until=waits_until,
        account=read_account(db, ask.user),
        setup=None if ask.setup_digest is None else find_setup(db, ask.user, ask.setup_digest, ask.now),
    )


def take_recovery(db: Connection, ask: TakeRecoveryAttempt) -> Attempt | Waiting:
    """Count a try of a recovery code in a window that slides."""
    _tidy(db, ask.user, RECOVERY, ask.now, RECOVERY_WINDOW_SECONDS)
    if _count(db, ask.user, RECOVERY) >= RECOVERY_ATTEMPTS:
        return Waiting(_oldest(db, ask.user) + RECOVERY_WINDOW_SECONDS)
    db.execute(ADD_TRY, (ask.user, RECOVERY, ask.now))
    left = RECOVERY_ATTEMPTS - _count(db, ask.user, RECOVERY)
    return Attempt(
        at=ask.now,
        left=left,
        waits_until=ask.now if left else _oldest(db, ask.user) + RECOVERY_WINDOW_SECONDS,
        account=read_account(db, ask.user),
    )


def succeed(db: Connection, user: UserKey, attempt_at: int) -> None:
    """A TOTP code was right: its attempt was no failure, and the next failure is the first in a row again."""
    db.execute(TAKE_BACK_TRY, (user, TOTP, attempt_at))
    db.execute(CLEAR_WAIT, (user,))


def recover(db: Connection, user: UserKey, attempt_at: int, now: int) -> None:
    """A recovery code was right: its try is taken back, and the user starts afresh with TOTP.

    Failures of this very second stay: one may be an attempt under way, which would take back another's when it is right.
    """
    db.execute(TAKE_BACK_TRY, (user, RECOVERY, attempt_at))
    db.execute(CLEAR_OTHER_TRIES, (user, TOTP, now))
    db.execute(CLEAR_WAIT, (user,))


def clear(db: Connection, user: UserKey) -> None:
    """An administrator vouches for the user: no try of either kind, no wait, no stop."""
    db.execute(CLEAR_ALL_TRIES, (user,))
    db.execute(CLEAR_WAIT, (user,))


def count_failures(db: Connection, user: UserKey, now: int) -> int:
    """The TOTP failures that count: counting the next one would drop the older ones, but for who is stopped."""
    if _is_stopped(db, user):
        return _count(db, user, TOTP)
    return int(db.execute(COUNT_LATE_TRIES, (user, TOTP, now - STOP_WINDOW_SECONDS)).fetchone()[0])


def _is_stopped(db: Connection, user: UserKey) -> bool:
    """Old failures are dropped only while counting the next one, so a stop does not end by waiting."""
    return _count(db, user, TOTP) >= STOP_FAILURES


def _read_wait(db: Connection, user: UserKey, now: int) -> tuple[int, int]:
    """Failures in a row, and until when to wait: never longer than the longest wait."""
    in_a_row, wait_until = db.execute(READ_WAIT, (user,)).fetchone() or (0, 0)
    return in_a_row, min(wait_until, now + LONGEST_WAIT_SECONDS)


def _cut_wait(db: Connection, user: UserKey, now: int) -> None:
    """A wait that no clock in order can have set is cut, and stays cut."""
    db.execute(CUT_WAIT, {"user": user, "longest": now + LONGEST_WAIT_SECONDS})


def _tidy(db: Connection, user: UserKey, kind: str, now: int, window_seconds: int) -> None:
    """Drop the tries that have left the window, and date back those that no clock in order can have seen."""
    db.execute(DROP_OLD_TRIES, (user, kind, now - window_seconds))
    db.execute(DATE_BACK_TRIES, (now, user, kind, now + window_seconds))


def _count(db: Connection, user: UserKey, kind: str) -> int:
    return int(db.execute(COUNT_TRIES, (user, kind)).fetchone()[0])


def _oldest(db: Connection, user: UserKey) -> int:
    return int(db.execute(OLDEST_TRY, (user, RECOVERY)).fetchone()[0])

"""All that there is of a user, to be carried elsewhere, and put in the place of what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sqlite3 import Connection

from ...asks import (
    MOST_EVENTS,
    REALM,
    AccountRow,
    AddEvents,
    BrowserRow,
    Change,
    Done,
    LogRow,
    Moved,
    PassRow,
    ReadRecords,
    ReadUsers,
    Records,
    WriteRecords,
)
from ...protocol import UserKey
from . import attempts
from .accounts import change_account, read_account, read_generation
from .browsers import forget_all_browsers, keep_browser
from .events import CARRY, TRIM
from .passes import end_all_passes, keep_pass
from .people import write_person
from .rules import read_met
from .setups import end_all_setups

TABLES_OF_USERS = ("accounts", "people", "passes", "browsers", "tries", "waits", "met", "log")

_SOME_OF_A_TABLE = """
    SELECT * FROM (SELECT DISTINCT user FROM {} WHERE user > :after AND user <> :realm ORDER BY user LIMIT :limit)"""
READ_USERS = " UNION ".join(map(_SOME_OF_A_TABLE.format, TABLES_OF_USERS)) + " ORDER BY user LIMIT :limit"
"""No table gives more than one page, so that a page costs the same however many users there are."""

READ_PASSES = """
    SELECT digest, record, proven, opened_at, expires_at, used_at FROM passes WHERE user = ? ORDER BY digest
"""
READ_BROWSERS = "SELECT digest, record, opened_at, expires_at, used_at FROM browsers WHERE user = ? ORDER BY digest"
READ_PERSON = "SELECT person, roles FROM people WHERE user = ?"
READ_TRIES = "SELECT at, count(*) FROM tries WHERE user = ? AND kind = ? GROUP BY at ORDER BY at"
READ_LOG = "SELECT id, at, ready_at, record FROM log WHERE user = ? ORDER BY number"
FORGET_PERSON = "DELETE FROM people WHERE user = ?"
FORGET_MET = "DELETE FROM met WHERE user = ?"
WRITE_MET = "INSERT INTO met (user, rule, at) VALUES (?, ?, ?)"
APPEND = """
    INSERT INTO log (user, id, at, ready_at, record) SELECT :user, :id, :at, :ready_at, :record
    WHERE NOT EXISTS (SELECT 1 FROM log WHERE user = :user AND id = :id)
"""


def read_users(db: Connection, ask: ReadUsers) -> tuple[UserKey, ...]:
    """A page of users. SQLite compares texts by their bytes."""
    found = db.execute(READ_USERS, {"after": ask.after or "", "realm": REALM, "limit": ask.limit})
    return tuple(UserKey(user) for (user,) in found)


def read_records(db: Connection, ask: ReadRecords) -> Records:
    """All of it from one read transaction, so that the parts fit each other."""
    person, roles = db.execute(READ_PERSON, (ask.user,)).fetchone() or (None, None)
    in_a_row, wait_until = db.execute(attempts.READ_WAIT, (ask.user,)).fetchone() or (0, 0)
    return Records(
        account=read_account(db, ask.user),
        passes=tuple(_pass(*row) for row in db.execute(READ_PASSES, (ask.user,))),
        browsers=tuple(BrowserRow(*row) for row in db.execute(READ_BROWSERS, (ask.user,))),
        person=person,
        roles=roles,
        failures=dict(db.execute(READ_TRIES, (ask.user, attempts.TOTP))),
        recovery_tries=dict(db.execute(READ_TRIES, (ask.user, attempts.RECOVERY))),
        in_a_row=in_a_row,
        wait_until=wait_until,
        met=read_met(db, ask.user),
        log=tuple(LogRow(*row) for row in db.execute(READ_LOG, (ask.user,))),
    )


def write_records(db: Connection, ask: WriteRecords) -> Done | Moved:
    """What was there goes first, the account before the rest, as its change ends what was issued under the old one."""
    if read_generation(db, ask.user) != ask.generation:
        return Moved()
    user, records = ask.user, ask.records
    _write_account(db, user, records.account)
    for row in records.passes:
        if row.expires_at > ask.now:
            keep_pass(db, user, row, ask.now)
    for browser in records.browsers:
        if browser.expires_at > ask.now:
            keep_browser(db, user, browser, ask.now)
    _write_person(db, user, records.person, records.roles)
    _write_attempts(db, user, records)
    db.execute(FORGET_MET, (user,))
    db.executemany(WRITE_MET, [(user, rule, at) for rule, at in records.met.items()])
    _append(db, user, records.log)
    return Done()


def add_events(db: Connection, ask: AddEvents) -> Done:
    """They get positions behind all that are there."""
    db.executemany(CARRY, [(event.user, event.id, event.at, event.record) for event in ask.events])
    db.execute(TRIM, (MOST_EVENTS,))
    return Done()


def _pass(digest: bytes, record: bytes, proven: int, opened_at: int, expires_at: int, used_at: int) -> PassRow:
    return PassRow(digest, record, bool(proven), opened_at, expires_at, used_at)


def _write_account(db: Connection, user: UserKey, account: AccountRow | None) -> None:
    """An account is never deleted: its last step has to be remembered."""
    if account is None:
        end_all_passes(db, user)
        forget_all_browsers(db, user)
        end_all_setups(db, user)
        return
    change = Change(account.generation, account.roster, account.authenticators, account.codes)
    change_account(db, user, change, account.last_step)


def _write_person(db: Connection, user: UserKey, person: bytes | None, roles: bytes | None) -> None:
    db.execute(FORGET_PERSON, (user,))
    if person is not None or roles is not None:
        write_person(db, user, person, roles)


def _write_attempts(db: Connection, user: UserKey, records: Records) -> None:
    attempts.clear(db, user)
    _write_tries(db, user, attempts.TOTP, records.failures)
    _write_tries(db, user, attempts.RECOVERY, records.recovery_tries)
    if records.in_a_row or records.wait_until:
        db.execute(attempts.WRITE_WAIT, (user, records.in_a_row, records.wait_until))


def _write_tries(db: Connection, user: UserKey, kind: str, tries: Mapping[int, int]) -> None:
    rows = ((user, kind, at) for at, times in tries.items() for _ in range(times))
    db.executemany(attempts.ADD_TRY, rows)


def _append(db: Connection, user: UserKey, rows: Iterable[LogRow]) -> None:
    values = [
        {"user": user, "id": row.id, "at": row.at, "ready_at": row.ready_at, "record": row.record} for row in rows
    ]
    db.executemany(APPEND, values)

"""Whose a cookie of the app's is, and the log-ins that are on their way with it."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from ...asks import BeginLogin, Bind, Done, Moved, ReadBinding, Unbind
from ...protocol import UserKey

READ = "SELECT record FROM bindings WHERE key = ? AND record IS NOT NULL AND expires_at > ?"
READ_LOGINS = "SELECT who, under_way, mixed, until FROM bindings WHERE key = ? AND until > ?"
WRITE = """
    INSERT OR REPLACE INTO bindings (key, record, expires_at, who, under_way, mixed, until, ends_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
END = "DELETE FROM bindings WHERE key = ?"
DROP_EXPIRED = """
    DELETE FROM bindings WHERE key IN (SELECT key FROM bindings WHERE ends_at <= ? ORDER BY ends_at LIMIT 100)
"""


@dataclass(frozen=True, slots=True)
class _Logins:
    """Those on their way with a cookie; ``mixed``: for different people."""

    who: bytes = b""
    under_way: int = 0
    mixed: bool = False
    until: int = 0


def begin(db: Connection, ask: BeginLogin) -> Done:
    """Note a log-in before the app is called; what is bound ends."""
    db.execute(DROP_EXPIRED, (ask.now,))
    logins = _read(db, ask.key, ask.now)
    mixed = logins.mixed or (logins.under_way > 0 and logins.who != ask.who)
    _write(db, ask.key, None, 0, _Logins(ask.who, logins.under_way + 1, mixed, max(ask.until, logins.until)))
    return Done()


def bind(db: Connection, ask: Bind) -> Done | Moved:
    """Say whose the cookie is, unless somebody else may have logged in with it meanwhile."""
    db.execute(DROP_EXPIRED, (ask.now,))
    logins = _read(db, ask.key, ask.now)
    if ask.who is None:
        fits = logins.under_way == 0
    else:
        fits = logins.under_way > 0 and not logins.mixed and logins.who == ask.who
    _write(db, ask.key, ask.record if fits else None, ask.expires_at if fits else 0, _without(logins, ask.who))
    return Done() if fits else Moved()


def unbind(db: Connection, ask: Unbind) -> Done:
    """Say that the cookie is nobody's."""
    _write(db, ask.key, None, 0, _without(_read(db, ask.key, ask.now), ask.who))
    return Done()


def read(db: Connection, ask: ReadBinding) -> bytes | None:
    """The record of whose it is."""
    found = db.execute(READ, (ask.key, ask.now)).fetchone()
    return None if found is None else bytes(found[0])


def _read(db: Connection, key: UserKey, now: int) -> _Logins:
    found = db.execute(READ_LOGINS, (key, now)).fetchone()
    if found is None:
        return _Logins()
    who, under_way, mixed, until = found
    return _Logins(who, under_way, bool(mixed), until)


def _without(logins: _Logins, who: bytes | None) -> _Logins:
    """Those that are left when the one for this name is over. One that was given up before is no part of them."""
    if who is None or not (logins.mixed or logins.who == who):
        return logins
    return _Logins(logins.who, logins.under_way - 1, logins.mixed, logins.until) if logins.under_way > 1 else _Logins()


def _write(db: Connection, key: UserKey, record: bytes | None, expires_at: int, logins: _Logins) -> None:
    if record is None and not logins.under_way:
        db.execute(END, (key,))
        return
    ends_at = max(expires_at, logins.until)
    row = (record, expires_at, logins.who, logins.under_way, int(logins.mixed), logins.until, ends_at)
    db.execute(WRITE, (key, *row))

"""The account: its generation, its factors, its recovery codes."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import AccountRow, Change
from ...protocol import UserKey

READ_ACCOUNT = "SELECT generation, last_step, roster FROM accounts WHERE user = ?"
READ_AUTHENTICATORS = "SELECT id, record FROM authenticators WHERE user = ?"
READ_CODES = "SELECT code FROM codes WHERE user = ?"
READ_GENERATION = "SELECT generation FROM accounts WHERE user = ?"
WRITE_LAST_STEP = "UPDATE accounts SET last_step = ? WHERE user = ?"
REMOVE_CODE = "DELETE FROM codes WHERE user = ? AND code = ?"
WRITE_ACCOUNT = """
    INSERT INTO accounts (user, generation, last_step, roster) VALUES (:user, :generation, :step, :roster)
    ON CONFLICT (user) DO UPDATE SET
        generation = excluded.generation, last_step = max(last_step, excluded.last_step), roster = excluded.roster
"""
WRITE_AUTHENTICATOR = "INSERT INTO authenticators (user, id, record) VALUES (?, ?, ?)"
WRITE_CODE = "INSERT INTO codes (user, code) VALUES (?, ?)"
END_WITH_THE_OLD_FACTORS = (
    "DELETE FROM authenticators WHERE user = ?",
    "DELETE FROM codes WHERE user = ?",
    "DELETE FROM passes WHERE user = ?",
    "DELETE FROM browsers WHERE user = ?",
    "DELETE FROM setups WHERE user = ?",
)


def read_account(db: Connection, user: UserKey) -> AccountRow | None:
    """The account with all that belongs to it, or None for a user who never turned anything on."""
    found = db.execute(READ_ACCOUNT, (user,)).fetchone()
    if found is None:
        return None
    generation, last_step, roster = found
    return AccountRow(
        generation=generation,
        last_step=last_step,
        roster=roster,
        authenticators=dict(db.execute(READ_AUTHENTICATORS, (user,))),
        codes=frozenset(code for (code,) in db.execute(READ_CODES, (user,))),
    )


def read_generation(db: Connection, user: UserKey) -> int:
    """The account's generation, 0 if there is none."""
    found = db.execute(READ_GENERATION, (user,)).fetchone()
    return 0 if found is None else int(found[0])


def write_last_step(db: Connection, user: UserKey, step: int) -> None:
    """The step, a later one than the last, is spent."""
    db.execute(WRITE_LAST_STEP, (step, user))


def remove_code(db: Connection, user: UserKey, code: bytes) -> None:
    """The recovery code is spent."""
    db.execute(REMOVE_CODE, (user, code))


def change_account(db: Connection, user: UserKey, change: Change, step: int = 0) -> None:
    """Put new factors in the place of the old ones, and end whatever was issued under those; ``step`` is spent."""
    for statement in END_WITH_THE_OLD_FACTORS:
        db.execute(statement, (user,))
    row = {"user": user, "generation": change.generation, "step": step, "roster": change.roster}
    db.execute(WRITE_ACCOUNT, row)
    db.executemany(WRITE_AUTHENTICATOR, [(user, name, record) for name, record in change.authenticators.items()])
    db.executemany(WRITE_CODE, [(user, code) for code in change.codes])

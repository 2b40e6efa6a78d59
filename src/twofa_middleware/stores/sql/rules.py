"""When a user first met the rules that ask for a second factor."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import MeetRules, Met
from ...protocol import UserKey

READ = "SELECT rule, at FROM met WHERE user = ?"
MEET = """
    INSERT INTO met (user, rule, at) VALUES (?, ?, ?)
    ON CONFLICT (user, rule) DO UPDATE SET at = excluded.at WHERE at > excluded.at
"""


def meet(db: Connection, ask: MeetRules) -> Met:
    """A time ahead of now is from a clock that was put back: kept, it would put off the rule's deadline."""
    db.executemany(MEET, [(ask.user, rule, ask.now) for rule in ask.rules])
    first = read_met(db, ask.user)
    return Met({rule: first[rule] for rule in ask.rules})


def read_met(db: Connection, user: UserKey) -> dict[str, int]:
    """Every rule that the user ever met."""
    return dict(db.execute(READ, (user,)))

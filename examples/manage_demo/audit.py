"""Manage's own record: what administrators did. A change and its row are one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.exceptions import HTTPException

from portal_people import PERMISSIONS, Person, database, permissions_within

DAY_SECONDS = 86400


class RightLost(HTTPException):
    """The change would take from its maker the right to make it; `detail` says so for the page."""

    def __init__(self, right: str) -> None:
        super().__init__(403, f"You cannot take this right from yourself: {PERMISSIONS[right]}.")


@dataclass(frozen=True)
class Change:
    db: sqlite3.Connection
    maker: Person

    def note(self, what: str, *details: str) -> None:
        now, detail = int(time.time()), "; ".join(filter(None, details))
        self.db.execute(
            "INSERT INTO audit (at, user_id, user_name, what) VALUES (?, ?, ?, ?)",
            (now, self.maker.user_id, self.maker.user_name, f"{what}: {detail}" if detail else what),
        )
        self.db.execute("DELETE FROM audit WHERE at < ? - (SELECT audit_days FROM security) * ?", (now, DAY_SECONDS))


@contextmanager
def changing(maker: Person, *rights: str) -> Iterator[Change]:
    """A transaction of an administrator, who must still hold the rights at its end.

    So nobody locks themselves out, and of two administrators who take each other's rights at once the later one
    fails: somebody always keeps them. Raises RightLost, and then nothing is changed.
    """
    with database(write=True) as db:
        yield Change(db, maker)
        for right in rights:
            if right not in permissions_within(db, maker.user_id):
                raise RightLost(right)


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """What has changed, for people to read; nothing if nothing has. Both have the same keys."""
    said = []
    for name, old in before.items():
        new = after[name]
        if isinstance(old, list) and isinstance(new, list):
            said += [f"{name} added: {', '.join(more)}"] if (more := _without(new, old)) else []
            said += [f"{name} taken away: {', '.join(fewer)}"] if (fewer := _without(old, new)) else []
        elif isinstance(new, bool):
            said += [f"{name}: {'yes' if new else 'no'}"] if new != old else []
        elif new != old:
            said.append(f"{name}: {_quoted(old)} → {_quoted(new)}")
    return "; ".join(said)


def _without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return [one for one in some if one not in others]


def _quoted(value: object) -> str:
    return f"“{value}”" if value != "" else "nothing"

"""Who is put into a group or role and who is taken out, by a form that stays small however many are in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from portal_people import ids_of

from .web import Visit

SHOWN = 100  # so many members can be ticked; the others are reached by their own user form


class Move(Protocol):
    """How portal_people moves people into a group or role, and out of it."""

    def __call__(
        self, db: sqlite3.Connection, number: int, /, *, into: Mapping[str, int], out: Mapping[str, int]
    ) -> tuple[list[str], list[str]]: ...


@dataclass(frozen=True)
class Moves:
    typed: str  # user names with commas between them
    into: dict[str, int]
    out: dict[str, int]
    fault: str | None

    @classmethod
    def sent_in(cls, visit: Visit) -> Moves:
        typed = visit.sent("add")
        wanted = [name for part in typed.split(",") if (name := part.strip())]
        into = ids_of(wanted)
        unknown = [name for name in wanted if name not in into]
        fault = f"There is no user with this name: {', '.join(unknown)}." if unknown else None
        return cls(typed, into, ids_of(visit.form.get("out", [])), fault)

    def make(self, move: Move, db: sqlite3.Connection, number: int) -> str:
        """Make them; what has changed, for the record."""
        put, taken = move(db, number, into=self.into, out=self.out)
        told = [f"members added: {', '.join(put)}"] if put else []
        return "; ".join([*told, f"members taken away: {', '.join(taken)}"] if taken else told)

"""Groups of people; a group gives its roles to its members."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .connection import database, names
from .people import Person, person_of_row, unique


@dataclass(frozen=True)
class Group:
    group_id: int
    name: str
    email: str
    auto_assign: bool  # takes every new user in
    roles: list[str]
    size: int


def all_groups() -> list[str]:
    return names("SELECT name FROM groups")


def groups_of(user_id: int) -> list[str]:
    return names("SELECT name FROM groups JOIN group_members ON group_id = id WHERE user_id = ?", user_id)


def every_group() -> list[Group]:
    with database() as db:
        rows = db.execute(
            "SELECT groups.*, (SELECT COUNT(*) FROM group_members WHERE group_id = id) AS size FROM groups ORDER BY name"
        ).fetchall()
    return [
        Group(
            group_id=row["id"],
            name=row["name"],
            email=row["email"],
            auto_assign=bool(row["auto_assign"]),
            roles=names("SELECT name FROM roles JOIN group_roles ON role_id = id WHERE group_id = ?", row["id"]),
            size=row["size"],
        )
        for row in rows
    ]


def group(group_id: int) -> Group | None:
    return next((group for group in every_group() if group.group_id == group_id), None)


def members_of_group(group_id: int, limit: int) -> list[Person]:
    """The first of them, by user name."""
    with database() as db:
        rows = db.execute(
            "SELECT users.* FROM users JOIN group_members ON user_id = id WHERE group_id = ? ORDER BY user_name LIMIT ?",
            (group_id, limit),
        )
        return [person_of_row(row) for row in rows]


def add_group(db: sqlite3.Connection, name: str) -> int:
    """A new group without anything; its number. Raises NameTaken."""
    with unique(name):
        return int(db.execute("INSERT INTO groups (name) VALUES (?) RETURNING id", (name,)).fetchone()[0])


def change_group(
    db: sqlite3.Connection, group_id: int, *, name: str, email: str, auto_assign: bool, roles: Iterable[str]
) -> None:
    """Raises NameTaken."""
    with unique(name):
        db.execute(
            "UPDATE groups SET name = ?, email = ?, auto_assign = ? WHERE id = ?", (name, email, auto_assign, group_id)
        )
    db.execute("DELETE FROM group_roles WHERE group_id = ?", (group_id,))
    for role in roles:
        db.execute("INSERT INTO group_roles SELECT ?, id FROM roles WHERE name = ?", (group_id, role))


def move_group_members(
    db: sqlite3.Connection, group_id: int, *, into: Mapping[str, int], out: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Both map user names to numbers; the names of those whom it really put in, and took out."""
    put = "INSERT OR IGNORE INTO group_members (group_id, user_id) VALUES (?, ?)"
    take = "DELETE FROM group_members WHERE group_id = ? AND user_id = ?"
    return (
        [name for name, user_id in into.items() if db.execute(put, (group_id, user_id)).rowcount],
        [name for name, user_id in out.items() if db.execute(take, (group_id, user_id)).rowcount],
    )

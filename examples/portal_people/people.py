"""The people and services that can use the portals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from .connection import database


@dataclass(frozen=True)
class Person:
    user_id: int
    user_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    disabled: bool

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.user_name


class NameTaken(ValueError):
    """Another user has this user name."""


def person_of_row(row: sqlite3.Row) -> Person:
    return Person(
        user_id=row["id"],
        user_name=row["user_name"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        email=row["email"],
        phone=row["phone"],
        disabled=bool(row["disabled"]),
    )


def person(user_id: int) -> Person | None:
    with database() as db:
        row = db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return person_of_row(row) if row else None


def everybody() -> list[Person]:
    with database() as db:
        return [person_of_row(row) for row in db.execute("SELECT * FROM users ORDER BY user_name")]


def save_profile(user_id: int, *, first_name: str, last_name: str, email: str, phone: str) -> None:
    with database(write=True) as db:
        db.execute(
            "UPDATE users SET first_name = ?, last_name = ?, email = ?, phone = ? WHERE id = ?",
            (first_name, last_name, email, phone, user_id),
        )


def save_user(
    user_id: int,
    *,
    user_name: str,
    first_name: str,
    last_name: str,
    email: str,
    disabled: bool,
    roles: Iterable[str],
    groups: Iterable[str],
) -> None:
    """What an administrator may change. Raises NameTaken."""
    with database(write=True) as db:
        try:
            db.execute(
                "UPDATE users SET user_name = ?, first_name = ?, last_name = ?, email = ?, disabled = ? WHERE id = ?",
                (user_name, first_name, last_name, email, disabled, user_id),
            )
        except sqlite3.IntegrityError:
            raise NameTaken(user_name) from None
        put_into(db, user_id, roles, groups)


def put_into(db: sqlite3.Connection, user_id: int, roles: Iterable[str], groups: Iterable[str]) -> None:
    db.execute("DELETE FROM user_roles WHERE user_id = ?", (user_id,))
    db.execute("DELETE FROM group_members WHERE user_id = ?", (user_id,))
    for name in roles:
        db.execute("INSERT INTO user_roles SELECT ?, id FROM roles WHERE name = ?", (user_id, name))
    for name in groups:
        db.execute("INSERT INTO group_members SELECT id, ? FROM groups WHERE name = ?", (user_id, name))

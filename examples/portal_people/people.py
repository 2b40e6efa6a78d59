"""The people and services that can use the portals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from .connection import database, like


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


@dataclass(frozen=True)
class Account:
    """What an administrator says of a user, apart from roles and groups."""

    user_name: str
    first_name: str
    last_name: str
    email: str
    disabled: bool


class NameTaken(ValueError):
    """Another one of its kind has this name."""


@contextmanager
def unique(name: str) -> Iterator[None]:
    """Says NameTaken where the database says that a name is there already."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise NameTaken(name) from None


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


def find_people(text: str, offset: int, limit: int) -> list[Person]:
    """By user name, those whom a search finds: see `_found`."""
    where, values = _found(text)
    query = f"SELECT * FROM users WHERE {where} ORDER BY user_name LIMIT :limit OFFSET :offset"  # noqa: S608 - of our own words
    with database() as db:
        return [person_of_row(row) for row in db.execute(query, values | {"limit": limit, "offset": offset})]


def count_people(text: str) -> int:
    where, values = _found(text)
    with database() as db:
        count: int = db.execute(f"SELECT COUNT(*) FROM users WHERE {where}", values).fetchone()[0]  # noqa: S608 - of our own words
    return count


def _found(text: str) -> tuple[str, dict[str, str | int]]:
    """With a `%`, which stands for any run of characters, the text is the whole user name, full name or e-mail;
    without one it is the beginning of user name, first name, last name, full name or e-mail."""
    columns = ["user_name", "TRIM(first_name || ' ' || last_name)", "email"]
    if "%" not in text:
        text, columns = f"{text.strip()}%", [*columns, "last_name"]
    return " OR ".join(f"folded({column}) LIKE :text ESCAPE '\\'" for column in columns), {"text": like(text)}


def ids_of(user_names: Iterable[str]) -> dict[str, int]:
    """The numbers of those user names that exist."""
    with database() as db:
        rows = [db.execute("SELECT user_name, id FROM users WHERE user_name = ?", (name,)) for name in user_names]
        return {row["user_name"]: row["id"] for found in rows for row in found}


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
        change_user(db, user_id, Account(user_name, first_name, last_name, email, disabled))
        put_into(db, user_id, roles, groups)


def change_user(db: sqlite3.Connection, user_id: int, account: Account) -> None:
    """Raises NameTaken."""
    with unique(account.user_name):
        db.execute(
            "UPDATE users SET user_name = :user_name, first_name = :first_name, last_name = :last_name,"
            " email = :email, disabled = :disabled WHERE id = :id",
            asdict(account) | {"id": user_id},
        )


def add_user(db: sqlite3.Connection, account: Account, roles: Iterable[str], groups: Iterable[str]) -> int:
    """A new user, whom every group with auto assign takes in too; the number. Raises NameTaken."""
    with unique(account.user_name):
        user_id = db.execute(
            "INSERT INTO users (user_name, first_name, last_name, email, phone, disabled)"
            " VALUES (:user_name, :first_name, :last_name, :email, '', :disabled) RETURNING id",
            asdict(account),
        ).fetchone()[0]
    automatic = [row["name"] for row in db.execute("SELECT name FROM groups WHERE auto_assign")]
    put_into(db, user_id, roles, {*groups, *automatic})
    return int(user_id)


def put_into(db: sqlite3.Connection, user_id: int, roles: Iterable[str], groups: Iterable[str]) -> None:
    """Give the user these roles directly, put them into these groups, and take them out of all others."""
    db.execute("DELETE FROM user_roles WHERE user_id = ?", (user_id,))
    db.execute("DELETE FROM group_members WHERE user_id = ?", (user_id,))
    for name in roles:
        db.execute("INSERT INTO user_roles SELECT ?, id FROM roles WHERE name = ?", (user_id, name))
    for name in groups:
        db.execute("INSERT INTO group_members SELECT id, ? FROM groups WHERE name = ?", (user_id, name))

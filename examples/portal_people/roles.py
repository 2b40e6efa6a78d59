"""Roles, which people have directly or through groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .connection import database, names
from .people import Person, person_of_row, unique

GLOBAL_ADMINISTRATOR = "Global Administrator"
WORKFLOW_ADMINISTRATOR = "Workflow Administrator"
IMPERSONATE_USERS = "Impersonate Users"
END_USER = "End User"


@dataclass(frozen=True)
class Role:
    role_id: int
    name: str
    built_in: bool  # the portals know it by name: it is neither renamed nor deleted
    permissions: list[str]
    groups: list[str]
    direct: int  # how many have it directly

    @property
    def in_use(self) -> bool:
        return bool(self.direct or self.groups)


@dataclass
class Holder:
    """Somebody who has a role, directly or through groups or both."""

    person: Person
    direct: bool = False
    through: list[str] = field(default_factory=list)


class RoleInUse(ValueError):
    """Somebody has it, or a group, or it is built in."""


def all_roles() -> list[str]:
    return names("SELECT name FROM roles")


def own_roles_of(user_id: int) -> list[str]:
    """The roles given to the user directly."""
    return names("SELECT name FROM roles JOIN user_roles ON role_id = id WHERE user_id = ?", user_id)


def roles_of(user_id: int) -> list[str]:
    """The user's roles, direct and through groups."""
    return names(
        "SELECT name FROM roles WHERE id IN (SELECT role_id FROM user_roles WHERE user_id = ?"
        " UNION SELECT role_id FROM group_roles JOIN group_members USING (group_id) WHERE user_id = ?)",
        user_id,
        user_id,
    )


def every_role() -> list[Role]:
    with database() as db:
        rows = db.execute(
            "SELECT roles.*, (SELECT COUNT(*) FROM user_roles WHERE role_id = id) AS direct FROM roles ORDER BY name"
        ).fetchall()
    return [
        Role(
            role_id=row["id"],
            name=row["name"],
            built_in=bool(row["built_in"]),
            permissions=names("SELECT permission AS name FROM role_permissions WHERE role_id = ?", row["id"]),
            groups=names("SELECT name FROM groups JOIN group_roles ON group_id = id WHERE role_id = ?", row["id"]),
            direct=row["direct"],
        )
        for row in rows
    ]


def role(role_id: int) -> Role | None:
    return next((role for role in every_role() if role.role_id == role_id), None)


def holders_of(name: str) -> list[Holder]:
    """Everybody who has the role, by user name."""
    found: dict[int, Holder] = {}
    with database() as db:
        rows = db.execute(
            "SELECT users.*, groups.name AS through FROM users JOIN ("
            " SELECT user_id, NULL AS group_id FROM user_roles JOIN roles ON role_id = id WHERE name = :role UNION ALL"
            " SELECT user_id, group_id FROM group_members JOIN group_roles USING (group_id)"
            " JOIN roles ON role_id = id WHERE name = :role"
            ") ON user_id = users.id LEFT JOIN groups ON groups.id = group_id ORDER BY user_name, through",
            {"role": name},
        )
        for row in rows:
            holder = found.setdefault(row["id"], Holder(person_of_row(row)))
            if row["through"] is None:
                holder.direct = True
            else:
                holder.through.append(row["through"])
    return list(found.values())


def add_role(db: sqlite3.Connection, name: str) -> int:
    """A new role that allows nothing; its number. Raises NameTaken."""
    with unique(name):
        return int(db.execute("INSERT INTO roles (name) VALUES (?) RETURNING id", (name,)).fetchone()[0])


def change_role(db: sqlite3.Connection, role_id: int, *, name: str, permissions: Iterable[str]) -> None:
    """Raises NameTaken."""
    with unique(name):
        db.execute("UPDATE roles SET name = ? WHERE id = ?", (name, role_id))
    db.execute("DELETE FROM role_permissions WHERE role_id = ?", (role_id,))
    db.executemany("INSERT INTO role_permissions VALUES (?, ?)", [(role_id, permission) for permission in permissions])


def move_role_holders(
    db: sqlite3.Connection, role_id: int, *, into: Mapping[str, int], out: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Give the role to some directly, and take it from others: user names with their numbers. The names of those
    who really got it, and lost it."""
    give = "INSERT OR IGNORE INTO user_roles (role_id, user_id) VALUES (?, ?)"
    take = "DELETE FROM user_roles WHERE role_id = ? AND user_id = ?"
    return (
        [name for name, user_id in into.items() if db.execute(give, (role_id, user_id)).rowcount],
        [name for name, user_id in out.items() if db.execute(take, (role_id, user_id)).rowcount],
    )


def delete_role(db: sqlite3.Connection, role_id: int) -> None:
    """Raises RoleInUse."""
    try:
        deleted = db.execute("DELETE FROM roles WHERE id = ? AND NOT built_in", (role_id,)).rowcount
    except sqlite3.IntegrityError:
        raise RoleInUse from None
    if not deleted:
        raise RoleInUse

"""Roles, which people have directly or through groups."""

from __future__ import annotations

from .connection import names

GLOBAL_ADMINISTRATOR = "Global Administrator"
WORKFLOW_ADMINISTRATOR = "Workflow Administrator"
IMPERSONATE_USERS = "Impersonate Users"
END_USER = "End User"


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

"""Groups of people; a group gives its roles to its members."""

from __future__ import annotations

from .connection import names


def all_groups() -> list[str]:
    return names("SELECT name FROM groups")


def groups_of(user_id: int) -> list[str]:
    return names("SELECT name FROM groups JOIN group_members ON group_id = id WHERE user_id = ?", user_id)

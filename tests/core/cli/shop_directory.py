"""A directory of people that an operator brings along; tests fill its tables, and break it."""

from __future__ import annotations

from typing import Any

from twofa_middleware.accounts.people import matcher

people: dict[str, dict[str, Any]] = {}
members_of: dict[str, list[dict[str, Any]]] = {}
faults: list[Exception] = []

HERE = "core.cli.shop_directory"
DIRECTORY = {"use": "callable", **{name: f"{HERE}:{name}" for name in ("find", "person", "roles", "members")}}


def fill(*labels: str, **roles: list[str]) -> None:
    """People by what they log in as, who are their own ids; roles with those who have them, through a group or not."""
    for table in (people, members_of, faults):
        table.clear()
    people.update({label: {"user": label, "label": label, "name": f"{label.capitalize()} Example"} for label in labels})
    for role, names in roles.items():
        members_of[role] = [people[name.removesuffix("*")] | {"through": ["Night*"]} for name in names if "*" in name]
        members_of[role] += [people[name] for name in names if "*" not in name]


def _works() -> None:
    if faults:
        raise faults[0]


def find(pattern: str, offset: int, limit: int) -> list[dict[str, Any]]:
    _works()
    return [one for one in people.values() if matcher(pattern)(one["label"])][offset : offset + limit]


async def person(user: str) -> dict[str, Any] | None:
    _works()
    return people.get(user)


def roles() -> list[str]:
    _works()
    return list(members_of)


async def members(role: str) -> list[dict[str, Any]]:
    _works()
    return members_of.get(role, [])

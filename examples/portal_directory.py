"""What the portals' directory tells the gate; twofa.toml names these functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import portal_people
from portal_people import Person

if TYPE_CHECKING:
    from twofa_middleware.protocol import Login


class Entry(TypedDict):
    """Somebody as the gate's own pages show them. `user` is the id, the same in both portals and for ever."""

    user: str
    label: str  # the user name
    name: str
    email: str


class Member(Entry):
    through: list[str]  # the groups by which somebody has a role; empty for who has it directly


def user_of_token(token: str) -> int | None:
    """Whose API token it is: the user's id, or None."""
    person = portal_people.user_of_token(token)
    return person.user_id if person else None


def roles_of(login: Login) -> list[str]:
    """The user's roles, direct and through groups."""
    return portal_people.roles_of(int(login.user))


def find_people(pattern: str, offset: int, limit: int) -> list[Entry]:
    """Whom Manage's own search finds, by user name: `%` stands for any run of characters of user name, full name or
    e-mail; without one the pattern is the beginning of user name, first name, last name, full name or e-mail."""
    return [_entry(person) for person in portal_people.find_people(pattern, offset, limit)]


def person(user: str) -> Entry | None:
    """None where nobody has, or could have, this id."""
    is_number = user.isascii() and user.isdecimal() and len(user) < 19  # SQLite's integers have 63 bits
    found = portal_people.person(int(user)) if is_number else None
    return _entry(found) if found and str(found.user_id) == user else None


def roles() -> list[str]:
    return portal_people.all_roles()


def role_of_row(row: str) -> str | None:
    """The name of the role that Manage's pages know by this number, such as `3` or `role-3`."""
    number = row.removeprefix("role-")
    found = portal_people.role(int(number)) if number.isascii() and number.isdecimal() and len(number) < 19 else None
    return found.name if found else None


def members(role: str) -> list[Member]:
    """Everybody who has the role, by user name; nobody for a role that does not exist."""
    return [
        {**_entry(holder.person), "through": [] if holder.direct else holder.through}
        for holder in portal_people.holders_of(role)
    ]


def _entry(person: Person) -> Entry:
    return {
        "user": str(person.user_id),
        "label": person.user_name,
        "name": person.full_name,
        "email": person.email,
    }

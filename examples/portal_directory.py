"""What the portals' directory tells the gate: two functions, named in twofa.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import portal_people

if TYPE_CHECKING:
    from twofa_middleware.protocol import Login


def user_of_token(token: str) -> int | None:
    """Whose API token it is: the user's id, or None."""
    person = portal_people.user_of_token(token)
    return person.user_id if person else None


def roles_of(login: Login) -> list[str]:
    """The user's roles, direct and through groups."""
    return portal_people.roles_of(int(login.user))

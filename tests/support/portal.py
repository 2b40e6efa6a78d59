"""What an operator brings along: who has which roles, whose token it is, and sessions that an app keeps on its server.

The settings name the functions as ``support.portal:roles_of`` and so on; tests fill the tables, and break them.
"""

from __future__ import annotations

from typing import Any

from twofa_middleware.http import Request
from twofa_middleware.protocol import Login

roles: dict[str, list[str]] = {}
tokens: dict[str, str] = {}
sessions: dict[str, tuple[str, str]] = {}
broken: set[str] = set()
faults: dict[str, BaseException] = {}

ROLES = {"use": "callable", "callable": "support.portal:roles_of"}
BEARER = {"use": "bearer", "callable": "support.portal:user_of_token"}
SESSIONS: dict[str, Any] = {"use": "callable", "callable": "support.portal:who", "cookies": ["sid"]}


def reset() -> None:
    for table in (roles, tokens, sessions, broken, faults):
        table.clear()


def _works(what: str) -> None:
    if what in faults:
        raise faults[what]
    if what in broken:
        raise ConnectionError(f"the directory of {what} is down")


def roles_of(login: Login) -> list[str]:
    _works("roles")
    return roles.get(login.user, [])


def user_of_token(token: str) -> str | None:
    _works("tokens")
    return tokens.get(token)


def who(request: Request) -> Login | None:
    """The session that the app keeps under the cookie ``sid``: its cookie never changes when somebody logs in."""
    _works("sessions")
    values = request.cookies().get(b"sid", [])
    found = sessions.get(values[0].decode("latin-1")) if len(values) == 1 else None
    return Login(found[0], found[1]) if found else None

"""An operator's functions, as the settings name them: ``core.identity.portal_functions:user_of_token``."""

from __future__ import annotations

from typing import Any

from twofa_middleware.http import Request
from twofa_middleware.protocol import Login

TOKENS: dict[str, Any] = {
    "abc.DEF-123_~+/==": 7,
    "ada": "ada",
    "whole": Login("7", "s1", "Ada", "ada@example.com"),
    "bool": True,
    "float": 7.0,
    "spaced": " ada",
    "list": ["ada"],
    "later": Login("7", expires=5),
}


class DirectoryDown(Exception):
    pass


def user_of_token(token: str) -> Any:
    if token == "down":
        raise DirectoryDown
    return TOKENS.get(token)


async def user_of_token_async(token: str) -> Any:
    return TOKENS.get(token)


def who(request: Request) -> Any:
    """Reads the header x-portal-user as it stands."""
    sent = request.header(b"x-portal-user")
    return TOKENS.get(sent.decode("latin-1")) if sent else None


def user_of_password(name: str, password: str) -> int | None:
    return 17 if (name, password) == ("erin", "right") else None


def user_of_name(name: str) -> int | None:
    return 17 if name.lower() == "erin" else None

"""An app that keeps its sessions on the server: whose a cookie is can change at any moment, and no byte of it shows that.

What a resolver says of it depends on the app's state, so the gate has to ask again where an app may have changed it.
"""

from __future__ import annotations

from typing import Any

from twofa_middleware.http import Request

WHO: dict[bytes, str] = {}
"""The ``sid`` cookie → the user; tests write here, and begin with an empty one."""

SERVER_SESSION: dict[str, Any] = {"use": "callable", "callable": "support.logins:who", "cookies": ["sid"]}


def who(request: Request) -> str | None:
    for value in request.cookies().get(b"sid", ()):
        return WHO.get(value)
    return None

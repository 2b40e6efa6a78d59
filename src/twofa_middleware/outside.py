"""A session layer that stands outside of the gate, such as a ``SessionMiddleware`` that was added after ours.

It has read the session before the gate is asked, so the app knows it whatever is taken out of the request, and it sets its
cookie after the gate has looked at the answer. Where what the app then knows is not what the resolvers have read, nobody
can tell who is logged in.
"""

from __future__ import annotations

from collections.abc import Mapping

from .asks import Emit
from .http import Request
from .site import Site

_ASGI = ("session",)  # Starlette's, and whatever serves its ``request.session``
_WSGI = ("beaker.session", "werkzeug.session")


def session_outside(request: Request, server_read: frozenset[str]) -> str:
    """Where in the environ or scope a layer has put its session, empty if there is none. One that a resolver reads is the
    operator's way to tell who is logged in."""
    keys = _ASGI if "type" in request.server else _WSGI
    return next((key for key in keys if key in request.server and key not in server_read), "")


def holds_something(request: Request, key: str) -> bool:
    """Whether that session holds anything; of one that is not read before it is asked for, nobody knows."""
    session = request.server[key]
    return isinstance(session, Mapping) and bool(session)


def warn_of(site: Site, key: str, now: int) -> Emit:
    return site.warn(
        "a session layer stands outside of the gate",
        now,
        key=key,
        remedy="add the gate last, so that it is outermost",
    )

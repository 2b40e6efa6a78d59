"""What is compared: each case is an app with something in front of it, and a request.

A case is held against another one with the same request and nothing in front, so that only what stands in front differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Person = Literal["verified", "anonymous"]

NAME = "shop"
"""What our settings call the app."""
SECRET = "the secret of the app"  # noqa: S105
BARE = "bare"
TWO_FAST_AUTH = "two_fast_auth"
OURS = "twofa_middleware"


@dataclass(frozen=True)
class Case:
    """``wrap``: what stands in front, by its name in ``served_asgi``, ``served_wsgi`` or ``django_cases``. ``store``: which
    realm. ``rewrites``: the app sets its session cookie anew in each answer, and the browser sends what it was given."""

    name: str
    wrap: str
    path: str = "/page"
    person: Person = "verified"
    against: str = BARE
    store: Literal["redis", "sqlite"] = "redis"
    rewrites: bool = False


_REQUESTS = (
    Case(BARE, "bare"),
    Case("bare, anonymous", "bare", person="anonymous"),
    Case("bare, exempt", "bare", path="/static/page"),
    Case("bare, cookie rewritten", "bare", path="/rewrite", rewrites=True),
)
_OURS = (
    Case("pass-through", "pass"),
    Case(f"{OURS}, verified", "ours"),
    Case(f"{OURS}, strict path", "ours", path="/strict/page"),
    Case(f"{OURS}, on SQLite", "ours", store="sqlite"),
    Case(f"{OURS}, anonymous", "ours", person="anonymous", against="bare, anonymous"),
    Case(f"{OURS}, exempt", "ours", path="/static/page", against="bare, exempt"),
    Case(f"{OURS}, cookie rewritten", "ours", path="/rewrite", against="bare, cookie rewritten", rewrites=True),
)
ASGI = (
    *_REQUESTS,
    *_OURS,
    Case("BaseHTTPMiddleware that does nothing", "base"),
    Case("SessionMiddleware", "session"),
    Case("asgi-csrf", "csrf"),
    Case("two-fast-auth", TWO_FAST_AUTH),
)
WSGI = (*_REQUESTS, *_OURS)
LOGIN_REQUIRED = "login_required"
REMEMBERING = f"{OURS} outside, with cache_seconds"
DJANGO = (
    Case(LOGIN_REQUIRED, "bare", against=LOGIN_REQUIRED),
    Case("django-allauth, AccountMiddleware", "allauth", against=LOGIN_REQUIRED),
    Case("django-otp, otp_required", "otp", path="/otp", against=LOGIN_REQUIRED),
    Case(f"{OURS} outside the project", "ours", against=LOGIN_REQUIRED),
    Case(REMEMBERING, "ours_remembering", against=LOGIN_REQUIRED),
    Case(f"{OURS} in MIDDLEWARE", "ours_inside", against=LOGIN_REQUIRED),
)
FEW = (BARE, "pass-through", f"{OURS}, verified", f"{OURS}, strict path", "two-fast-auth")
"""What is looked at on the second server of a colour."""


def needed(cases: tuple[Case, ...], *, has_strict: bool) -> tuple[Case, ...]:
    """The cases that can be had: without strict paths where the settings do not know them."""
    return tuple(case for case in cases if has_strict or not case.path.startswith("/strict/"))

"""Litestar, Pyramid, and any other app: paths where they can be listed, and what to choose from."""

from __future__ import annotations

import re
from typing import Any

from .seen import is_a, version
from .words import Found, Route, fill_from_routes

_PARTS = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")
ADVICE = (
    "How does the app tell who is logged in? By a cookie that only it can read: name a page that says who it is, by an id",
    "that never changes, and what it answers to nobody:",
    'identity = [{ use = "probe", page = "/api/me", cookies = ["session"], user = "id", anonymous = { status = 401 } }]',
    "By a variable or a header that a proxy sets:",
    'identity = [{ use = "remote_user" }]',
    'identity = [{ use = "header", header = "X-Remote-User", peers = ["10.0.0.7"] }]',
    "By nothing that can be read: the log-in form is watched instead (docs/resolvers.md, watch).",
)


def look(app: Any, module: str) -> Found | None:
    """What is proposed for an app of Litestar or Pyramid; None if it is none."""
    if is_a(app, "litestar", "Litestar"):
        found = Found(version("Litestar"))
        routes = [
            Route(_path(route.path), frozenset(map(str, route.methods)))
            for route in app.routes
            if hasattr(route, "methods")
        ]
    elif is_a(app, "pyramid", "Router"):
        found = Found(version("Pyramid"))
        listed = app.registry.introspector.get_category("routes") or ()
        routes = [
            Route(_path("/" + entry["introspectable"]["pattern"].lstrip("/")), frozenset({"GET", "POST"}))
            for entry in listed
        ]
    else:
        return None
    found.advice += ADVICE
    fill_from_routes(found, routes)
    return found


def look_at_any(framework: str) -> Found:
    found = Found(framework)
    found.advice += ADVICE
    found.notes.append(
        "The app's pages cannot be listed: write the rules of its log-in and log-out, and where its pages are."
    )
    return found


def _path(pattern: str) -> str:
    return _PARTS.sub(lambda part: "{" + part[1].lower() + "}", pattern)

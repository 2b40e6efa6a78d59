"""Starlette and FastAPI, with or without Starlette's SessionMiddleware."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .seen import is_a, secret_lines, source_of, version
from .words import Found, Route, advise_of_session, fill_from_routes

STARLETTE_AGE_SECONDS = 14 * 86400
_PARTS = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")


def look(app: Any, module: str) -> Found | None:
    """What is proposed for a Starlette or FastAPI app; None if it is none."""
    if is_a(app, "fastapi", "FastAPI"):
        found = Found(version("FastAPI"))
    elif is_a(app, "starlette", "Starlette"):
        found = Found(version("Starlette"))
    else:
        return None
    session = next((one for one in app.user_middleware if _is_session(one)), None)
    if session is None:
        found.advice += [
            "The app has no SessionMiddleware. If it knows people by a cookie, name a page that says who is logged in, by an",
            "id that never changes:",
            'identity = [{ use = "probe", page = "/api/me", cookies = ["NAME"], user = "id", anonymous = { status = 401 } }]',
            "If it knows them by tokens, a function of yours says whose each one is:",
            'identity = [{ use = "bearer", callable = "module:user_of_token" }]',
        ]
    else:
        _of_session(found, session.kwargs, module)
    for scheme in _security(app):
        found.notes.append(f"The app's own description names a door: {scheme}. Each needs a resolver, or is refused.")
    routes = list(_routes(app.routes, ""))
    fill_from_routes(found, routes)
    for path in _static(app.routes):
        found.static.append(f"GET {path}/**")
    return found


def _is_session(middleware: Any) -> bool:
    cls = getattr(middleware, "cls", None)
    return getattr(cls, "__name__", "") == "SessionMiddleware" and cls.__module__.startswith("starlette.")


def _of_session(found: Found, given: dict[str, Any], module: str) -> None:
    reference, said = secret_lines(given.get("secret_key"), "secret_key of SessionMiddleware")
    age = given.get("max_age", STARLETTE_AGE_SECONDS)
    found.cookie_path = given.get("path", "/")
    options = [
        f'cookie = "{given.get("session_cookie", "session")}"',
        f'secret = "{reference}"',
        'format = "starlette"',
    ]
    options += [f"max_age_seconds = {age}"] * (isinstance(age, int) and age != STARLETTE_AGE_SECONDS)
    found.framework += " with SessionMiddleware"
    found.advice += said
    if age is None:
        found.advice.append("Its sessions have no end (max_age=None): max_age_seconds says how old one may be here.")
    advise_of_session(found, "request.session", options, source_of(module))


def _security(app: Any) -> list[str]:
    """The security schemes of FastAPI's OpenAPI document."""
    try:
        schemes: dict[str, Any] = app.openapi().get("components", {}).get("securitySchemes", {})
    except Exception:
        # Not FastAPI, or an app whose own description cannot be made; nothing depends on it.
        return []
    return [
        f"{name} ({scheme.get('type')} {scheme.get('scheme') or scheme.get('in') or ''})"
        for name, scheme in schemes.items()
    ]


def _routes(routes: Any, prefix: str) -> Iterator[Route]:
    for route in routes:
        path = prefix + _PARTS.sub(lambda part: "{" + part[1].lower() + "}", getattr(route, "path", ""))
        if getattr(route, "methods", None):
            yield Route(path, frozenset(route.methods))
        elif is_a(route, "starlette", "Mount"):
            yield from _routes(route.routes or (), path)


def _static(routes: Any) -> list[str]:
    return [route.path for route in routes if is_a(getattr(route, "app", None), "starlette", "StaticFiles")]

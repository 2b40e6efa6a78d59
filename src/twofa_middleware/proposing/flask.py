"""Flask and Quart, with or without Flask-Login."""

from __future__ import annotations

import re
from typing import Any

from .seen import is_a, secret_lines, source_of, version
from .words import Found, Route, advise_of_session, fill_from_routes

FLASK_AGE_SECONDS = 31 * 86400
_PARTS = re.compile(r"<(?:[^<>:]*:)?([^<>]*)>")


def look(app: Any, module: str) -> Found | None:
    """What is proposed for a Flask or Quart app; None if it is none."""
    name = next((name for name in ("Flask", "Quart") if is_a(app, name.lower(), name)), None)
    if name is None:
        return None
    found = Found(version(name))
    cookie = app.config.get("SESSION_COOKIE_NAME", "session")
    found.cookie_path = app.config.get("SESSION_COOKIE_PATH") or app.config.get("APPLICATION_ROOT") or "/"
    reference, said = secret_lines(app.secret_key, "SECRET_KEY")
    age = int(app.permanent_session_lifetime.total_seconds())
    options = [f'secret = "{reference}"' if not app.config.get("SECRET_KEY_FALLBACKS") else _with_fallbacks(reference)]
    named = [f'cookie = "{cookie}"']
    aged = [f"max_age_seconds = {age}"] * (age != FLASK_AGE_SECONDS)
    manager = getattr(app, "login_manager", None)
    signs = is_a(app.session_interface, "flask", "SecureCookieSessionInterface") or is_a(
        app.session_interface, "quart", "SecureCookieSessionInterface"
    )
    if app.secret_key is None:
        found.notes.append("The app has no SECRET_KEY here: its sessions cannot be read, and people cannot log in.")
    if not signs:
        kept = type(app.session_interface).__name__
        found.advice += [
            f"The app keeps its sessions on the server ({kept}), so no resolver can read its cookie. Name a page that says",
            "who is logged in, by an id that never changes:",
            f'identity = [{{ use = "probe", page = "/api/me", cookies = ["{cookie}"], user = "id", '
            "anonymous = { status = 401 } }]",
        ]
    elif manager is not None and is_a(manager, "flask_login", "LoginManager"):
        found.framework += f" with {version('Flask-Login')}"
        remember = app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
        options += named * (cookie != "session") + aged
        options += [f'remember_cookie = "{remember}"'] * (remember != "remember_token")
        found.identity = f'[{{ use = "flask_login", {", ".join(options)} }}]'
        found.advice += said
        _of_login_manager(found, app, manager)
    else:
        found.advice += said
        advise_of_session(found, "session", [*options, *named, *aged], source_of(module))
    if app.static_url_path:
        found.static.append(f"GET {app.static_url_path.rstrip('/')}/**")
    fill_from_routes(found, _routes(app))
    return found


def _with_fallbacks(reference: str) -> str:
    return f'secret = ["{reference}", "env:SECRET_KEY_FALLBACK"]'


def _of_login_manager(found: Found, app: Any, manager: Any) -> None:
    view = manager.login_view
    pages = [_path(rule) for rule in app.url_map.iter_rules() if rule.endpoint == view]
    if isinstance(view, str) and view.startswith("/"):
        pages = [view]
    if pages and "{" not in pages[0]:
        found.login_page = pages[0]
    if getattr(manager, "_request_callback", None) is not None:
        found.notes.append(
            "The app has a request_loader, a door of its own: a resolver has to know what it knows (bearer, basic, callable)."
        )


def _path(rule: Any) -> str:
    return _PARTS.sub(lambda part: "{" + part[1].lower() + "}", str(rule.rule))


def _routes(app: Any) -> list[Route]:
    return [Route(_path(rule), frozenset(rule.methods or ())) for rule in app.url_map.iter_rules()]

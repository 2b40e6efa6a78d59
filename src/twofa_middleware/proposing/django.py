"""Django: all that matters stands in its settings and in its urls."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError
from .seen import is_a, version
from .words import Found, add_rule

_IN_MANAGE = re.compile(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")


def settings_module(folder: Path) -> str | None:
    """The settings of a Django project: what the environment says, or else its manage.py."""
    manage = folder / "manage.py"
    said = os.environ.get("DJANGO_SETTINGS_MODULE")
    if said or not manage.is_file():
        return said
    named = _IN_MANAGE.search(manage.read_text(encoding="utf-8", errors="replace"))
    return named[1] if named else None


def target_of(module: str) -> str:
    """The application that a project's settings name, as ``module:attribute``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)
    from importlib import import_module

    try:
        settings = import_module(module)
    except Exception as error:
        raise ConfigError(f"the settings {module} cannot be imported: {type(error).__name__}: {error}") from error
    named = getattr(settings, "WSGI_APPLICATION", None) or getattr(settings, "ASGI_APPLICATION", None)
    if not named:
        raise ConfigError(f"{module} names neither WSGI_APPLICATION nor ASGI_APPLICATION; say which app: module:app")
    return ":".join(str(named).rsplit(".", 1))


def look(app: Any, module: str) -> Found | None:
    """What is proposed for a Django project; None if the app is none."""
    if not (is_a(app, "django", "WSGIHandler") or is_a(app, "django", "ASGIHandler")):
        return None
    from django.conf import settings

    found = Found(version("Django"), admin=True)
    own = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    options = [f'settings_module = "{own}"'] * bool(own)
    shared = ", ".join(['use = "django"', *options, 'superuser = "Administrator"'])
    found.realm = [f"roles = {{ {shared} }}", f"directory = {{ {shared} }}"]
    cookie, found.cookie_path = settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_PATH
    options += [f'cookie = "{cookie}"'] * (cookie != "sessionid")
    asked = ", ".join(['use = "django"', *options])
    found.identity = f"[{{ {asked} }}]"
    found.advice.append(
        f"Django itself is asked, in the same process; its users are those of {settings.AUTH_USER_MODEL}."
    )
    if settings.SESSION_ENGINE.endswith("signed_cookies"):
        found.advice.append(
            'Sessions lie in signed cookies: name a key that the app sets anew at each log-in, session = "…", if it has one.'
        )
    _of_urls(found, settings)
    _of_apps(found, settings)
    return found


def _of_urls(found: Found, settings: Any) -> None:
    pages = [_reversed("admin:login"), _resolved(settings.LOGIN_URL), _reversed("login")]
    for page in filter(None, pages):
        add_rule(found.login, "POST", page)
    for out in filter(None, (_reversed("admin:logout"), _reversed("logout"))):
        add_rule(found.logout, "GET,POST", out)
    ours = _resolved(settings.LOGIN_URL) or _reversed("login") or _reversed("admin:login")
    found.login_page = ours or "/"
    found.home = _resolved(settings.LOGIN_REDIRECT_URL) or _reversed("admin:index") or "/"
    static = urlsplit(settings.STATIC_URL or "").path.rstrip("/")
    if static.startswith("/") and static != "":
        found.static.append(f"GET {static}/**")


def _of_apps(found: Found, settings: Any) -> None:
    if "rest_framework" in settings.INSTALLED_APPS:
        found.notes.append(
            "The app has Django REST framework: its Basic and tokens are refused until a resolver reads them."
        )
    if any("RemoteUser" in name for name in settings.MIDDLEWARE):
        found.notes.append(
            "MIDDLEWARE has Django's RemoteUser: whoever can set that variable or header is believed; see docs/resolvers.md."
        )
    hosts = [
        host for host in settings.ALLOWED_HOSTS if host.strip(".*") and host not in ("localhost", "127.0.0.1", "[::1]")
    ]
    if hosts:
        found.notes.append(f"origins: ALLOWED_HOSTS names {', '.join(hosts)}; write each as https://…")


def _reversed(name: str) -> str | None:
    from django.urls import NoReverseMatch, reverse

    try:
        return str(reverse(name))
    except NoReverseMatch:
        return None


def _resolved(named: object) -> str | None:
    """The path of LOGIN_URL and its like, which may be a name; only if the project has a page there."""
    from django.shortcuts import resolve_url
    from django.urls import NoReverseMatch, Resolver404, resolve

    try:
        path = urlsplit(resolve_url(named)).path
        resolve(path)
    except (NoReverseMatch, Resolver404):
        return None
    return path if path.startswith("/") else None

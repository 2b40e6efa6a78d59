"""Django: one project whose page wants a log-in, with middlewares that a project could take for two-factor authentication.

All cases have the same apps installed; only MIDDLEWARE, and what asks at the view, are another.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .cases import NAME

FOLDER = "BENCH_DJANGO"
"""The folder of the project's database."""
PEOPLE = ("bare", "otp")
REMEMBERING = "remembering.toml"
"""Beside our settings: the same with ``cache_seconds``."""

_BASIC = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = {
    "bare": _BASIC,
    "ours": _BASIC,
    "ours_remembering": _BASIC,
    "otp": [*_BASIC, "django_otp.middleware.OTPMiddleware"],
    "allauth": [*_BASIC, "allauth.account.middleware.AccountMiddleware"],
    "ours_inside": ["twofa_middleware.django.TwoFactorMiddleware", *_BASIC],
}


def set_up(folder: Path) -> None:
    """Load the project, with its database in the folder."""
    import django

    os.environ[FOLDER] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "costs.django_settings"
    django.setup()


def fill() -> dict[str, str]:
    """Make the database, and people who are logged in; the session cookie of each."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_totp.models import TOTPDevice

    call_command("migrate", verbosity=0)
    # As a project sets it that means to serve many: else readers wait for whoever writes.
    sqlite3.connect(settings.DATABASES["default"]["NAME"]).execute("PRAGMA journal_mode=WAL").close()
    cookies = {}
    for name in PEOPLE:
        user = User.objects.create_user(name, f"{name}@example.org")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.create()
        cookies[name] = f"sessionid={session.session_key}"
    return cookies


def handler(wrap: str, file: str) -> Callable[..., Any]:
    """The project as a WSGI app, behind what ``wrap`` names; ``file`` are our settings."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    settings.MIDDLEWARE = MIDDLEWARE[wrap]
    settings.TWOFA_SETTINGS, settings.TWOFA_APP = file, NAME
    app: Callable[..., Any] = WSGIHandler()
    if wrap not in ("ours", "ours_remembering"):
        return app
    if wrap == "ours_remembering":
        file = str(Path(file).with_name(REMEMBERING))
    from twofa_middleware.wsgi import TwoFactorMiddleware

    guarded: Callable[..., Any] = TwoFactorMiddleware(app, file, name=NAME)
    return guarded

"""What ``twofa propose`` writes for a Django project."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.proposals import propose

DJANGO = {"use": "django", "settings_module": "shop.settings"}


@pytest.mark.parametrize("target", [(), ("shop.wsgi:application",), ("shop.asgi:application",)])
def test_of_django_nothing_is_left_to_choose(
    tmp_path: Path, target: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # manage.py, or the module itself, says it
    made = propose("django", tmp_path, *target)
    assert made.app.identity == (DJANGO,)
    assert made.settings.roles == made.settings.directory == DJANGO | {"superuser": "Administrator"}
    assert made.app.login == ("POST /admin/login/",)
    assert made.app.logout == ("GET,POST /admin/logout/",)
    assert (made.app.login_page, made.app.home, made.app.admin) == ("/admin/login/", "/admin/", True)
    assert made.settings.admin.roles == ("Administrator",)
    assert "auth.User" in made.comments


def test_what_the_project_calls_otherwise_is_taken_over(tmp_path: Path) -> None:
    own = "from shop.settings import *\nSESSION_COOKIE_NAME = 'mine'\nSESSION_COOKIE_PATH = '/till'\nALLOWED_HOSTS = ['shop.example.org', 'localhost']\n"
    own += (
        "STATIC_URL = '/assets/'\nMIDDLEWARE = [*MIDDLEWARE, 'django.contrib.auth.middleware.RemoteUserMiddleware']\n"
    )
    made = propose("django", tmp_path, environ={"DJANGO_SETTINGS_MODULE": "own"}, own=own)
    assert made.app.identity == ({"use": "django", "settings_module": "own", "cookie": "mine"},)
    assert "ALLOWED_HOSTS names shop.example.org" in made.comments
    assert made.app.cookie_path == "/till"
    assert "RemoteUser" in made.comments
    assert '"GET /assets/**"' in made.text

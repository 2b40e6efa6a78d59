"""The project in this process, with a database of its own, for the tests that ask its plugins without a server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.projects import APPS, PASSWORD
from twofa_middleware.protocol import PluginContext


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the project, which is loaded."""
    folder = tmp_path_factory.mktemp("shop") / "project"
    shutil.copytree(APPS / "django" / "project", folder, ignore=shutil.ignore_patterns("__pycache__"))
    os.environ |= {"SECRET_KEY": "the secret of the shop", "DJANGO_SETTINGS_MODULE": "shop.settings"}
    sys.path.insert(0, str(folder))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return folder


@pytest.fixture
def people(shop: Path) -> Iterator[Any]:
    """The manager of users: Erin, an editor; Frank, who has no group; Ada, the superuser."""
    from django.contrib.auth.models import Group, User
    from django.contrib.sessions.models import Session
    from django.db import connections

    erin = User.objects.create_user(
        "erin", "erin@example.org", PASSWORD, first_name="Erin", last_name="Castle", is_staff=True
    )
    User.objects.create_user("frank", "", PASSWORD, is_staff=True)
    User.objects.create_superuser("ada", "ada@example.org", PASSWORD)
    erin.groups.add(Group.objects.create(name="Editors"))
    Group.objects.create(name="Nobody’s")
    yield User.objects
    for model in (Session, Group, User):
        model.objects.all().delete()
    connections.close_all()


@pytest.fixture
def context(shop: Path) -> PluginContext:
    return PluginContext("shop", "shop", shop, asynchronous=False)


@pytest.fixture
def settings(shop: Path) -> Iterator[Any]:
    """The settings of the project, to be changed for one test."""
    from django.test import override_settings

    changes: dict[str, Any] = {}

    class Changed:
        def __setattr__(self, name: str, value: object) -> None:
            override = override_settings(**{name: value})
            override.enable()
            changes[name] = override

    yield Changed()
    for override in reversed(changes.values()):
        override.disable()

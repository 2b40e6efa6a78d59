"""Django's admin behind the gate, as the recipe says, on servers that people use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from apps.django import recipe
from support.exchange import Reply
from support.projects import PASSWORD, Project, opened
from support.story import Asked, Story
from support.visitor import NAVIGATION, Visitor

GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "{app}")
UVICORN = ("uvicorn", "--host=127.0.0.1", "--port={port}", "--lifespan=off", "{app}")
SERVERS = {
    "outside, gunicorn": ("shop.wsgi:application", "guarded:application", (*GUNICORN, "--workers=2")),
    "outside, gunicorn gthread": ("shop.wsgi:application", "guarded:application", (*GUNICORN, "--threads=4")),
    "outside, uvicorn": ("shop.asgi:application", "guarded_asgi:application", UVICORN),
    "MIDDLEWARE, gunicorn": ("shop.wsgi:application", "inside_wsgi:application", (*GUNICORN, "--workers=2")),
    "MIDDLEWARE, uvicorn": ("shop.asgi:application", "inside_asgi:application", UVICORN),
}
# The servers of a test all get the same environment.
INSIDE = """import os

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings_2fa"

from shop.{colour} import application
"""
FILES = recipe.files() | {f"inside_{colour}.py": INSIDE.format(colour=colour) for colour in ("wsgi", "asgi")}


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    app, wrapped, command = SERVERS[request.param]
    folder = tmp_path_factory.mktemp("django")
    prepare = ("python", "make_people.py")
    with opened("django", folder, *command, app=app, wrapped=wrapped, prepare=prepare, files=FILES) as project:
        yield project


class TestDjango(Story):
    page = "/admin/"
    api = "/orders/"
    anonymous: ClassVar[list[Asked]] = [
        ("GET", "/admin/login/?next=%2Fadmin%2F", NAVIGATION, b""),
        ("GET", "/orders/", [], b""),
        ("GET", "/orders/async/", [], b""),
        ("GET", "/admin/nothing", NAVIGATION, b""),
        ("POST", "/upload/", [], b"x" * 100_000),
    ]
    random: ClassVar[list[bytes]] = [
        rb'(?<=name="csrfmiddlewaretoken" value=")[^"]+',
        rb"(?<=csrftoken=)[^;]+",
        rb"(?i)(?<=expires=)[^;]+",
        rb"(?i)(?<=\r\nexpires: )[^\r]*",  # the moment of the answer
    ]

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        visitor.go("/admin/login/?next=/admin/")
        token = visitor.cookies["csrftoken"]
        fields = {"csrfmiddlewaretoken": token, "username": name, "password": password, "next": "/admin/"}
        return visitor.post("/admin/login/?next=/admin/", fields)

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/admin/logout/", {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]})

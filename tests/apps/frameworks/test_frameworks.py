"""Everyday frameworks behind the gate, and apps that are mounted below a path of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from support.exchange import Reply
from support.projects import PASSWORD, Project, opened
from support.story import VERIFY, Story
from support.visitor import Visitor

UVICORN = ("uvicorn", "--host=127.0.0.1", "--port={port}", "{app}")
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "{app}")
SIGNED = rb"(?<=session=)[^;]+"


class Framework(Story):
    module: ClassVar[str]
    colour: ClassVar[str] = "asgi"
    page = "/me"

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        return visitor.post("/login", {"name": name, "password": password})

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/logout", {})


@pytest.fixture(scope="class")
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = request.cls
    with opened(
        "frameworks",
        tmp_path_factory.mktemp(made.module),
        *(UVICORN if made.colour == "asgi" else GUNICORN),
        app=f"{made.module}:app",
        wrapped=f"twofa_middleware.{made.colour}:application",
        settings=f"{made.module}.toml",
        environ={"TWOFA_TARGET": f"{made.module}:app", "TWOFA_SETTINGS": f"{made.module}.toml"},
    ) as project:
        yield project


class TestLitestar(Framework):
    module = "litestar_shop"
    shows_session = False
    random = (rb"(?<=session=)[0-9a-f]{64}",)


class TestQuart(Framework):
    module = "quart_shop"
    random = (SIGNED,)


class TestPyramid(Framework):
    module = "pyramid_shop"
    colour = "wsgi"
    shows_session = False


class TestFlaskAlone(Framework):
    module = "flask_shop"
    colour = "wsgi"
    random = (SIGNED,)


MOUNTS = {
    "DispatcherMiddleware": ("dispatched", "flask_shop.toml", GUNICORN),
    "Mount": ("mounted", "quart_shop.toml", UVICORN),
}


@pytest.fixture(params=MOUNTS)
def mounted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    module, settings, command = MOUNTS[request.param]
    folder = tmp_path_factory.mktemp(module)
    names = {"app": f"{module}:app", "wrapped": f"{module}:application", "settings": settings}
    with opened("frameworks", folder, *command, prepare=("twofa", "init", "--file", settings), **names) as project:
        yield project


def test_a009_the_pages_of_a_mounted_app_lie_below_its_mount(mounted: Project) -> None:
    name, visitor = mounted.newcomer(), mounted.browser()
    visitor.root = "/shop"
    fields = {"name": name, "password": PASSWORD}
    assert visitor.post("/login", fields).header("location") == "/shop/me"
    visitor.set_up()
    assert name in visitor.go("/me").text
    visitor.post("/logout", {})
    visitor.post("/login", fields)
    asked = visitor.go("/me")
    assert (asked.status, asked.header("location")) == (303, f"/shop{VERIFY}?next=/shop/me")
    visitor.recover(visitor.codes.pop())
    assert name in visitor.go("/me").text
    assert mounted.browser().go("/").text == "the front door"

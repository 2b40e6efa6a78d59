"""Datasette with log-in by password behind the gate, as the recipe says."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from support.exchange import Reply
from support.projects import PASSWORD, Project
from support.recipes import followed, served_by
from support.story import Story
from support.visitor import FORM_TYPE, NAVIGATION, Visitor


@pytest.fixture(scope="module", params=served_by("datasette"))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with followed(
        "datasette",
        "datasette",
        tmp_path_factory.mktemp("datasette"),
        request.param,
        app=".",
        environ={"DATASETTE_SECRET": "the secret of the data"},
        prepare=("python", "make_data.py"),
    ) as project:
        yield project


class TestDatasette(Story):
    page = "/shop/orders"
    api = "/shop/orders.json"
    shows_session = False
    random = (
        rb"(?<=ds_csrftoken=)[^;]+",
        rb'(?<=name="csrftoken" value=")[^"]+',
        rb'"query_ms": [0-9.]+|Queries took [0-9.]+',
    )
    anonymous = (
        ("GET", "/-/login", NAVIGATION, b""),
        ("GET", "/-/actor.json", [], b""),
        ("GET", "/-/versions.json", [], b""),
        ("GET", "/-/static/app.css", [], b""),
        ("POST", "/-/login", [FORM_TYPE], b"username=erin1&password=wrong"),
    )

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        visitor.go("/-/login")
        fields = {"csrftoken": visitor.cookies["ds_csrftoken"], "username": name, "password": password}
        return visitor.post("/-/login", fields)

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/-/logout", {"csrftoken": visitor.cookies["ds_csrftoken"]})

    def test_a003_basic_is_no_way_round(self, project: Project) -> None:
        name, _ = self.enrolled(project)
        value = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
        refused = project.browser().fetch(self.api, headers=[("Authorization", f"Basic {value}")])
        assert (refused.status, refused.header("content-type")) == (403, "application/problem+json")
        assert b"kettle" not in refused.body

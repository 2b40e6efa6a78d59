"""A shop whose cookie says nothing behind the gate, as the recipe for any WSGI app says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.exchange import Reply
from support.projects import PASSWORD, Project
from support.recipes import followed, served_by
from support.story import Story
from support.visitor import Visitor


@pytest.fixture(scope="module", params=served_by("wsgi"))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with followed("wsgi", "habits", tmp_path_factory.mktemp("wsgi"), request.param) as project:
        yield project


class TestAnyApp(Story):
    page = "/me"
    api = "/api/me"
    shows_session = False

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        return visitor.post("/login", {"name": name, "password": password})

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/logout", {})

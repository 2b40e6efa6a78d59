"""Flask with Flask-Login on the WSGI servers that people use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.exchange import Reply
from support.projects import PASSWORD, Project, opened
from support.story import Story
from support.visitor import FORM_TYPE, NAVIGATION, Visitor

GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "{app}")
SERVERS = {
    "gunicorn sync": (*GUNICORN, "--workers=2"),
    "gunicorn gthread": (*GUNICORN, "--worker-class=gthread", "--threads=4"),
    "waitress": ("waitress", "--listen=127.0.0.1:{port}", "{app}"),
}


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with opened("flask", tmp_path_factory.mktemp("flask"), *SERVERS[request.param]) as project:
        yield project


class TestFlask(Story):
    page = "/account"
    api = "/api/orders"
    shows_session = False  # Flask-Login's `_id` is made of address and browser alone
    anonymous = (
        ("GET", "/login?next=%2Faccount", NAVIGATION, b""),
        ("GET", "/api/orders", [], b""),
        ("POST", "/login", [FORM_TYPE], b"name=erin1&password=wrong"),
        ("POST", "/login", [FORM_TYPE], b"nonsense"),
        ("POST", "/logout", [FORM_TYPE], b""),
    )

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        return visitor.post("/login", {"name": name, "password": password})

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/logout", {})

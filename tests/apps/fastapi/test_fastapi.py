"""FastAPI with Starlette's SessionMiddleware behind the gate, as the recipe says, on the ASGI servers that people use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from support.exchange import Reply
from support.projects import PASSWORD, Project
from support.realm import ORIGIN
from support.recipes import followed, served_by
from support.story import Story
from support.visitor import FORM_TYPE, NAVIGATION, Visitor


@pytest.fixture(scope="module", params=served_by("fastapi"))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with followed("fastapi", "fastapi", tmp_path_factory.mktemp("fastapi"), request.param) as project:
        yield project


class TestFastAPI(Story):
    page = "/account"
    api = "/api/orders"
    anonymous = (
        ("GET", "/login?next=%2Faccount", NAVIGATION, b""),
        ("GET", "/api/orders", [], b""),
        ("GET", "/docs", NAVIGATION, b""),
        ("GET", "/openapi.json", [], b""),
        ("POST", "/login", [FORM_TYPE], b"name=erin1&password=wrong"),
        ("POST", "/login", [FORM_TYPE], b"nonsense"),
        ("POST", "/logout", [FORM_TYPE], b""),
    )

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        return visitor.post("/login", {"name": name, "password": password})

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/logout", {})

    def test_a013_a_websocket_waits_for_the_code(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        assert says(project, visitor, "hello") == f"{name} says hello"
        again = self.in_a_new_browser(visitor, project)
        self.log_in(again, name)
        with pytest.raises(InvalidStatus):
            says(project, again, "hello")
        self.confirm(again)
        assert says(project, again, "hello") == f"{name} says hello"

    def test_a_websocket_of_nobody_is_the_apps_to_refuse(self, project: Project) -> None:
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            says(project, project.browser(), "hello")


def says(project: Project, visitor: Visitor, word: str) -> str | bytes:
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    address = f"ws://127.0.0.1:{project.wrapped.port}/ws"
    with connect(address, origin=ORIGIN, additional_headers={"Cookie": cookies} if cookies else None) as socket:
        socket.send(word)
        return socket.recv(20)

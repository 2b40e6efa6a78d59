"""Flask with Flask-Login behind the gate, as the recipe says, on the WSGI servers that people use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.exchange import Reply
from support.projects import PASSWORD, Project
from support.recipes import followed, served_by
from support.story import Story
from support.visitor import FORM_TYPE, NAVIGATION, Visitor


@pytest.fixture(scope="module", params=served_by("flask"))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with followed("flask", "flask", tmp_path_factory.mktemp("flask"), request.param) as project:
        yield project


class TestFlask(Story):
    page = "/account"
    api = "/api/orders"
    shows_session = False  # Flask-Login's `_id` is made of address and browser alone
    random = (rb"(?<=session=)[^;]+",)  # signed with the time of now
    anonymous = (
        ("GET", "/login?next=%2Faccount", NAVIGATION, b""),
        ("GET", "/api/orders", [], b""),
        ("POST", "/login", [FORM_TYPE], b"name=erin1&password=wrong"),
        ("POST", "/login", [FORM_TYPE], b"nonsense"),
        ("POST", "/logout", [FORM_TYPE], b""),
    )

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD, **more: str) -> Reply:
        return visitor.post("/login", {"name": name, "password": password} | more)

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/logout", {})

    def remembered(self, project: Project) -> tuple[str, Visitor, Visitor]:
        """Somebody who is inside, and another browser of theirs in which the remember-me cookie alone is left."""
        name, visitor = self.enrolled(project)
        other = self.in_a_new_browser(visitor, project)
        self.log_in(other, name, remember="on")
        self.confirm(other)
        self.is_inside(other, name)
        other.cookies = {"remember_token": other.cookies["remember_token"]}
        return name, visitor, other

    def test_a087_remember_me_alone_is_asked_for_a_code(self, project: Project) -> None:
        name, _, browser = self.remembered(project)
        self.is_asked(browser, name)
        self.confirm(browser)
        self.is_inside(browser, name)
        self.is_inside(browser, name)

    def test_a087_remember_me_of_another_user_is_no_way_round(self, project: Project) -> None:
        name, _, browser = self.remembered(project)
        _, frank = self.enrolled(project)
        frank.cookies["remember_token"] = browser.cookies["remember_token"]
        assert name not in frank.go(self.page).text
        alone = project.browser()
        alone.cookies = {key: value for key, value in frank.cookies.items() if key != "session"}
        self.is_asked(alone, name)

    def test_who_logs_out_is_remembered_no_more(self, project: Project) -> None:
        _, _, browser = self.remembered(project)
        self.confirm(browser)
        self.log_out(browser)
        self.is_outside(browser)

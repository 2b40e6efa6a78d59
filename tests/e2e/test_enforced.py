"""A role that demands a second factor (S10 to S12), held by a person through a group."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.looks import in_every_look
from e2e.portals import Demo, Person, Phone, launch
from e2e.visitor import Visitor
from portal_people import DEMO_PASSWORDS, WORKFLOW_ADMINISTRATOR

WENDY = 2  # she has the role through a group only


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = launch(tmp_path_factory.mktemp("demo"), TWOFA__ENFORCEMENT__PINNED=f'["{WORKFLOW_ADMINISTRATOR}"]')
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        demo.end()


def test_who_has_the_role_gets_in_only_after_the_set_up(page: Page, enforcing: Demo) -> None:
    wendy = Person(WENDY, "wendy", DEMO_PASSWORDS["wendy"])
    visitor = Visitor(page, enforcing, wendy)
    for _ in range(2):
        visitor.log_in("manage", to="/manage/users")
        visitor.heading("Set up two-factor authentication")
        expect(page.get_by_text("Your role Workflow Administrator requires it.")).to_be_visible()
        visitor.open("/manage/", "manage")
        visitor.heading("Set up two-factor authentication")
        visitor.press("Log out")
        visitor.is_at("/manage/login", "manage")

    visitor.log_in("manage", to="/manage/users")
    assert in_every_look(page) == []
    wendy.phone = Phone(visitor.shown_key())
    visitor.give(wendy.code(), "Turn On")
    page.get_by_label("I have saved these codes").check()
    page.get_by_role("button", name="Continue to Manage").click()
    visitor.is_at("/manage/users", "manage")

    visitor.open("/2fa/disable", "manage")
    expect(page.get_by_text("you will be asked to set it up again at once")).to_be_visible()
    assert in_every_look(page) == []
    visitor.give(wendy.code(), "Disable")
    visitor.heading("Set up two-factor authentication")


def test_who_has_not_the_role_is_asked_nothing(page: Page, enforcing: Demo) -> None:
    visitor = Visitor(page, enforcing, Person(3, "erin", DEMO_PASSWORDS["erin"]))
    visitor.log_in()
    visitor.is_inside()

"""The administrators' pages in a browser: as they look, by the keyboard alone, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.looks import in_every_look
from e2e.portals import Demo, Person, new_person
from e2e.visitor import Visitor
from portal_people import GLOBAL_ADMINISTRATOR, WORKFLOW_ADMINISTRATOR


@pytest.fixture
def ada(demo: Demo) -> Person:
    """An administrator of both portals and of the gate."""
    return new_person(demo, GLOBAL_ADMINISTRATOR)


@pytest.fixture
def administrator(page: Page, demo: Demo, ada: Person) -> Visitor:
    """She has logged in to Manage, set up her phone, and goes on to the administrators' pages."""
    visitor = Visitor(page, demo, ada)
    visitor.log_in("manage")
    visitor.set_up_and_go_on("manage")
    visitor.open("/2fa/account", "manage")
    page.get_by_role("link", name="Administration").click()
    return visitor


@pytest.fixture
def enrolled(administrator: Visitor, demo: Demo, erin: Person) -> Person:
    """Somebody else, who has two-factor authentication on in a browser of their own."""
    browser = administrator.page.context.browser
    assert browser is not None
    elsewhere = browser.new_context()
    other = Visitor(elsewhere.new_page(), demo, erin)
    other.log_in()
    other.set_up()
    elsewhere.close()
    return erin


def overview(visitor: Visitor, erin: Person) -> None:
    pass


def users(visitor: Visitor, erin: Person) -> None:
    visitor.page.get_by_role("link", name="Users").click()


def users_found(visitor: Visitor, erin: Person) -> None:
    visitor.page.get_by_label("Find a user").fill(erin.name)
    visitor.press("Find")


def users_none(visitor: Visitor, erin: Person) -> None:
    visitor.page.get_by_label("Find a user").fill("nobody-of-this-name")
    visitor.press("Find")


def user_on(visitor: Visitor, erin: Person) -> None:
    users_found(visitor, erin)
    visitor.page.get_by_role("link", name=erin.name, exact=True).click()


def user_no_reason(visitor: Visitor, erin: Person) -> None:
    user_on(visitor, erin)
    visitor.page.locator("#off-reason").evaluate("field => { field.required = false }")
    visitor.press("Switch off")


def user_off(visitor: Visitor, erin: Person) -> None:
    user_on(visitor, erin)
    visitor.page.locator("#off-reason").fill("lost phone, identity checked by telephone")
    visitor.press("Switch off")
    expect(visitor.page.get_by_role("status")).to_contain_text("It is switched off.")


def user_self(visitor: Visitor, erin: Person) -> None:
    user_on(visitor, visitor.person)


def roles(visitor: Visitor, erin: Person) -> None:
    visitor.page.get_by_role("link", name="Roles", exact=True).click()


def role(visitor: Visitor, erin: Person) -> None:
    roles(visitor, erin)
    visitor.page.get_by_role("link", name=WORKFLOW_ADMINISTRATOR).click()


def role_no_days(visitor: Visitor, erin: Person) -> None:
    role(visitor, erin)
    visitor.page.get_by_label("Days of grace").evaluate("field => { field.type = 'text'; field.value = 'x' }")
    visitor.press("Save")


def events(visitor: Visitor, erin: Person) -> None:
    user_off(visitor, erin)
    visitor.page.get_by_role("link", name="Events", exact=True).click()


def no_administrator(visitor: Visitor, erin: Person) -> None:
    visitor.log_out("manage")
    visitor.person = new_person(visitor.demo, WORKFLOW_ADMINISTRATOR)
    visitor.log_in("manage")
    visitor.open("/2fa/admin", "manage")


PAGES: dict[Callable[[Visitor, Person], None], str] = {
    overview: "Overview",
    users: "Users",
    users_found: "Users",
    users_none: "Users",
    user_on: "User {}",
    user_no_reason: "User {}",
    user_off: "User {}",
    user_self: "User {me}",
    roles: "Roles",
    role: f"Role {WORKFLOW_ADMINISTRATOR}",
    role_no_days: f"Role {WORKFLOW_ADMINISTRATOR}",
    events: "Events",
    no_administrator: "For administrators only",
}


@pytest.mark.parametrize(("reach", "heading"), PAGES.items(), ids=lambda given: getattr(given, "__name__", ""))
def test_an_administrators_page_fits_and_can_be_read_by_everybody(
    administrator: Visitor, enrolled: Person, reach: Callable[[Visitor, Person], None], heading: str
) -> None:
    reach(administrator, enrolled)
    administrator.heading(heading.format(enrolled.name, me=administrator.person.name))
    assert in_every_look(administrator.page) == []

"""The administrators' pages in a browser: as they look, by the keyboard alone, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.looks import in_every_look
from e2e.portals import Demo, Person, launch, new_person
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


# ---- other settings than the demo's ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def coding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with one-time codes after resets, and Produce in mode report."""
    changes = {"TWOFA__ADMIN__AFTER_RESET": "code", "TWOFA__APPS__PRODUCE__MODE": "report"}
    demo = launch(tmp_path_factory.mktemp("demo"), **changes)
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        demo.end()


@pytest.fixture
def coder(page: Page, coding: Demo) -> Visitor:
    """An administrator of that demo, on the overview."""
    visitor = Visitor(page, coding, new_person(coding, GLOBAL_ADMINISTRATOR))
    visitor.log_in("manage")
    visitor.set_up_and_go_on("manage")
    visitor.open("/2fa/admin", "manage")
    return visitor


def test_the_warning_of_mode_report_fits_and_can_be_read(coder: Visitor) -> None:
    expect(coder.page.get_by_text("Produce runs in mode report")).to_be_visible()
    assert in_every_look(coder.page) == []


def test_the_page_with_a_one_time_code_fits_and_so_does_the_person_after_it(coder: Visitor) -> None:
    erin = new_person(coder.demo)
    elsewhere = coder.page.context.browser.new_context()  # type: ignore[union-attr]
    other = Visitor(elsewhere.new_page(), coder.demo, erin)
    other.log_in()
    other.set_up()
    elsewhere.close()
    user_off_by_code(coder, erin)
    coder.heading(f"One-time code for {erin.name}")
    assert in_every_look(coder.page) == []
    coder.page.get_by_role("link", name="Done").click()
    expect(coder.page.get_by_role("button", name="Make a new code")).to_be_visible()
    assert in_every_look(coder.page) == []


def user_off_by_code(visitor: Visitor, erin: Person) -> None:
    user_on(visitor, erin)
    visitor.page.locator("#off-reason").fill("lost phone")
    visitor.press("Switch off")


# ---- hands and ears -------------------------------------------------------------------------------------------------


def test_a_person_is_found_and_switched_off_by_the_keyboard_alone(
    administrator: Visitor, enrolled: Person, page: Page
) -> None:
    page.get_by_label("Find a user").focus()
    page.keyboard.type(enrolled.name)
    page.keyboard.press("Enter")
    administrator.heading("Users")
    page.get_by_role("link", name=enrolled.name, exact=True).focus()
    page.keyboard.press("Enter")
    administrator.heading(f"User {enrolled.name}")
    page.locator("#off-reason").focus()
    page.keyboard.type("lost phone")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Switch off")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is switched off.")


@pytest.mark.parametrize("width", [320, 1280])
def test_a_list_is_a_table_to_the_ear_at_any_width(administrator: Visitor, enrolled: Person, width: int) -> None:
    page = administrator.page
    page.set_viewport_size({"width": width, "height": 900})
    users_found(administrator, enrolled)
    row = page.get_by_role("table").get_by_role("row").filter(has_text=enrolled.name)
    expect(row.get_by_role("rowheader")).to_contain_text(enrolled.name)
    expect(row.get_by_role("cell").first).to_contain_text("On")
    expect(page.get_by_role("columnheader", name="Two-factor")).to_have_count(1)


@pytest.mark.parametrize("java_script", [False])
def test_without_java_script_a_role_is_enforced_and_cleared_again(administrator: Visitor, enrolled: Person) -> None:
    role(administrator, enrolled)
    box = administrator.page.get_by_role("checkbox")
    for is_on, said in ((True, "The role is enforced."), (False, "The role is no longer enforced.")):
        box.set_checked(is_on)
        administrator.press("Save")
        expect(administrator.page.get_by_role("status")).to_contain_text(said)
        expect(box).to_be_checked(checked=is_on)

"""The product's controls inside the portals' own pages (S1, S4, S8 to S11), with and without JavaScript, on both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from e2e.portals import Demo, Person, Phone, new_person, new_role
from e2e.visitor import Visitor
from portal_people import GLOBAL_ADMINISTRATOR

Come = Callable[[Person], Visitor]


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def come(request: pytest.FixtureRequest, portals: Demo, browser: Browser) -> Iterator[Come]:
    """Somebody comes with a browser of their own: ``come(person)``."""
    contexts = []

    def opened(person: Person) -> Visitor:
        context = browser.new_context(java_script_enabled=request.param)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Visitor(context.new_page(), portals, person)

    yield opened
    for context in contexts:
        context.close()


def enrolled(come: Come, portals: Demo, *roles: str, app: str = "produce") -> Visitor:
    visitor = come(new_person(portals, *roles))
    visitor.log_in(app)
    visitor.set_up_and_go_on(app)
    return visitor


def box(visitor: Visitor, name: str = "Two-factor authentication") -> Locator:
    return visitor.page.get_by_role("checkbox", name=name)


def test_the_profile_menu_and_page_show_enable_and_then_disable(come: Come, portals: Demo) -> None:
    erin = come(new_person(portals))
    erin.log_in()
    erin.page.locator("details.menu summary").click()
    erin.page.get_by_role("link", name="Enable Two-Factor Authentication").click()
    erin.heading("Set up two-factor authentication")
    erin.open("/produce/profile")
    erin.page.locator("#profile-links").get_by_role("link", name="Enable Two-Factor Authentication").click()
    erin.person.phone = Phone(erin.shown_key())
    erin.give(erin.person.code(), "Turn On")
    erin.page.get_by_label("I have saved these codes").check()
    erin.page.get_by_role("button", name="Continue to").click()
    erin.is_at("/produce/profile")
    link = erin.page.locator("#profile-links").get_by_role("link", name="Disable")
    expect(link).to_have_text("Disable")
    link.click()
    erin.heading("Disable two-factor authentication")
    erin.give(erin.person.code(), "Disable")
    erin.open("/produce/profile")
    expect(erin.page.locator("#profile-links").get_by_role("link", name="Enable Two-Factor")).to_be_visible()


def test_an_administrator_sees_the_box_ticked_and_switches_it_off_by_saving_it_unticked(
    come: Come, portals: Demo
) -> None:
    erin = enrolled(come, portals)
    wendy = come(new_person(portals))
    wendy.log_in()
    ada = enrolled(come, portals, GLOBAL_ADMINISTRATOR, app="manage")
    ada.open(f"/manage/users/{wendy.person.user_id}/edit", "manage")
    expect(box(ada)).to_be_disabled()
    expect(box(ada)).not_to_be_checked()
    ada.open(f"/manage/users/{erin.person.user_id}/edit", "manage")
    expect(box(ada)).to_be_enabled()
    expect(box(ada)).to_be_checked()
    ada.page.get_by_label("User name").fill(f"{erin.person.name}-renamed")
    ada.press("Save user")
    ada.open(f"/manage/users/{erin.person.user_id}/edit", "manage")
    expect(box(ada)).to_be_checked()  # a new name costs nobody anything
    erin.person.name += "-renamed"
    box(ada).uncheck()
    ada.press("Save user")
    expect(ada.page.get_by_role("status")).to_contain_text("saved")
    ada.open(f"/manage/users/{erin.person.user_id}/edit", "manage")
    expect(box(ada)).to_be_disabled()
    expect(box(ada)).not_to_be_checked()
    erin.log_in()
    erin.is_inside()
    ada.open(f"/2fa/admin/user?id={erin.person.user_id}", "manage")
    expect(ada.page.get_by_text("Switched off by an administrator").first).to_be_visible()


def test_a_role_is_enforced_by_its_own_form_and_the_list_shows_it(come: Come, portals: Demo) -> None:
    role = new_role(portals)
    erin = come(new_person(portals, role.name))
    ada = enrolled(come, portals, GLOBAL_ADMINISTRATOR, app="manage")
    ada.open("/manage/roles", "manage")
    row = ada.page.get_by_role("row", name=role.name)
    expect(row).not_to_contain_text("Two-factor authentication enforced")
    row.get_by_role("link", name=f"Edit {role.name}").click()
    box(ada, "Enforce two-factor authentication").check()
    ada.press("Save role")
    expect(row).to_contain_text("Two-factor authentication enforced")
    for width in (320, 1000):
        ada.page.set_viewport_size({"width": width, "height": 800})
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= width
    erin.log_in()
    erin.heading("Set up two-factor authentication")
    expect(erin.page.get_by_text(f"Your role {role.name} requires it.")).to_be_visible()
    row.get_by_role("link", name=f"Edit {role.name}").click()
    expect(box(ada, "Enforce two-factor authentication")).to_be_checked()
    box(ada, "Enforce two-factor authentication").uncheck()
    ada.press("Save role")
    expect(row).not_to_contain_text("Two-factor authentication enforced")
    erin.log_in()
    erin.is_inside()

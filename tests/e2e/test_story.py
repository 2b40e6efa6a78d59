"""The product page as one story in a browser (S6 to S12), on SQLite and on Redis: a role is enforced while people work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from e2e.api import ask, tasks, token_of
from e2e.portals import Demo, Person, Phone, new_person, put_into
from e2e.visitor import Visitor
from portal_people import END_USER, GLOBAL_ADMINISTRATOR, WORKFLOW_ADMINISTRATOR

TEAM = "Workflow Team"  # the group that has the role


@dataclass
class People:
    """Each with a browser of their own."""

    demo: Demo
    browser: Browser
    opened: list[BrowserContext]

    def come(self, person: Person) -> Visitor:
        context = self.browser.new_context()
        context.set_default_timeout(10_000)
        self.opened.append(context)
        return Visitor(context.new_page(), self.demo, person)

    def administrator(self) -> Visitor:
        """She has set up her phone a moment ago, and is at the administrators' pages."""
        ada = self.come(new_person(self.demo, GLOBAL_ADMINISTRATOR))
        ada.log_in("manage")
        ada.set_up_and_go_on("manage")
        ada.open("/2fa/admin", "manage")
        return ada

    def wendy(self) -> Visitor:
        """She has the role through the group alone."""
        wendy = new_person(self.demo, END_USER)
        put_into(self.demo, wendy, TEAM)
        return self.come(wendy)


@pytest.fixture
def people(portals: Demo, browser: Browser) -> Iterator[People]:
    found = People(portals, browser, [])
    yield found
    for context in found.opened:
        context.close()


def set_flag(ada: Visitor, *, is_enforced: bool, grace_days: int = 0) -> None:
    ada.open(f"/2fa/admin/role?name={WORKFLOW_ADMINISTRATOR.replace(' ', '%20')}", "manage")
    ada.page.get_by_role("checkbox", name="Enforce two-factor authentication").set_checked(is_enforced)
    ada.page.get_by_label("Days of grace").fill(str(grace_days))
    ada.press("Save")
    expect(ada.page.get_by_role("status")).to_be_visible()


def test_a_role_is_enforced_while_wendy_works_and_stops_her_at_her_next_log_in(people: People) -> None:
    wendy, ada = people.wendy(), people.administrator()
    wendy.log_in("manage", to="/manage/users")
    wendy.is_at("/manage/users", "manage")

    ada.open(f"/2fa/admin/role?name={WORKFLOW_ADMINISTRATOR.replace(' ', '%20')}", "manage")
    forecast = ada.page.locator(".forecast")
    expect(forecast).to_contain_text("of them through a group")
    expect(forecast).to_contain_text("will be asked to set it up at their next log-in")
    expect(forecast.get_by_role("link", name=wendy.person.name, exact=True)).to_be_visible()
    set_flag(ada, is_enforced=True)

    wendy.open("/manage/users", "manage")
    wendy.is_at("/manage/users", "manage")  # the running session goes on
    wendy.log_out("manage")
    for app in ("manage", "produce", "manage"):  # again and again, in both portals
        wendy.log_in(app)
        wendy.heading("Set up two-factor authentication")
        expect(wendy.page.get_by_text(f"Your role {WORKFLOW_ADMINISTRATOR} requires it.")).to_be_visible()
        wendy.open(f"/{app}/", app)
        wendy.heading("Set up two-factor authentication")
        expect(wendy.page.get_by_role("button", name="Not now")).to_have_count(0)
        wendy.press("Log out")

    stops_every_other_way(people.demo, wendy)

    wendy.log_in("manage", to="/manage/users")
    wendy.person.phone = Phone(wendy.shown_key())
    wendy.give(wendy.person.code(), "Turn On")
    wendy.page.get_by_label("I have saved these codes").check()
    wendy.page.get_by_role("button", name="Continue to Manage").click()
    wendy.is_at("/manage/users", "manage")
    wendy.log_in("produce")
    wendy.is_asked()
    wendy.give(wendy.person.code())
    wendy.is_inside()

    ada.open("/2fa/admin/events", "manage")
    for happened in ("Turned two-factor authentication on", "A role was enforced"):
        ada.page.get_by_label("What", exact=True).select_option(happened)
        ada.press("Show")
        expect(ada.page.get_by_role("cell", name=happened).first).to_be_visible()
    set_flag(ada, is_enforced=False)


def stops_every_other_way(demo: Demo, wendy: Visitor) -> None:
    """Logged in with the password alone: no spelling of a path, no JSON, no token and no WebSocket gets through."""
    wendy.log_in("manage")
    wendy.heading("Set up two-factor authentication")
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in wendy.page.context.cookies(demo.manage))
    for path in (
        "/manage/users",
        "/manage//users",
        "/manage/./users",
        "/manage/%75sers",
        "/manage/users;x",
        "/MANAGE/",
    ):
        status, kind, told = ask(demo.manage, "GET", path, {"Cookie": cookies, "Accept": "application/json"})
        assert (status, kind) == (403, "application/problem+json"), path
        assert told["type"].endswith("setup-required")
        assert told["reference"]
    assert tasks(demo, token_of(demo, wendy.person))[0] == 403
    with pytest.raises(InvalidStatus) as refused:
        connect(
            demo.manage.replace("http:", "ws:") + "/manage/ws/tasks",
            additional_headers={"Cookie": cookies},
            origin=demo.manage,  # type: ignore[arg-type]
        )
    assert refused.value.response.status_code == 403
    wendy.press("Log out")


def test_in_the_days_of_grace_wendy_sees_how_many_are_left_and_goes_on(people: People) -> None:
    wendy, ada = people.wendy(), people.administrator()
    set_flag(ada, is_enforced=True, grace_days=7)
    for _ in range(2):
        wendy.log_in("manage")
        wendy.heading("Set up two-factor authentication")
        expect(wendy.page.get_by_text("there are 7 days left")).to_be_visible()
        wendy.press("Not now")
        wendy.is_inside("manage")
        wendy.log_out("manage")
    set_flag(ada, is_enforced=True, grace_days=0)
    wendy.log_in("manage")
    wendy.heading("Set up two-factor authentication")
    expect(wendy.page.get_by_role("button", name="Not now")).to_have_count(0)
    set_flag(ada, is_enforced=False)


def test_an_administrator_disables_erin_and_she_gets_in_and_nobody_enables(people: People) -> None:
    erin, ada = people.come(new_person(people.demo)), people.administrator()
    erin.log_in()
    erin.set_up()
    erin.log_out()
    erin.log_in()
    erin.is_asked()  # her phone is gone

    ada.open("/2fa/admin/users", "manage")
    ada.page.get_by_label("Name or e-mail").fill(f"%{erin.person.name[1:]}")
    ada.press("Find")
    ada.page.get_by_role("link", name=erin.person.name, exact=True).click()
    ada.press("Switch off")
    assert "/2fa/admin/user?" in ada.page.url  # the reason is asked for
    ada.page.locator("#off-reason").fill("Lost phone, identity checked by telephone")
    ada.press("Switch off")
    expect(ada.page.locator(".state-line")).to_have_text("Two-factor authentication is off.")
    box = ada.page.get_by_role("checkbox", name="Two-factor authentication")
    expect(box).to_be_disabled()
    expect(box).not_to_be_checked()
    expect(ada.page.get_by_role("button", name="Enable")).to_have_count(0)
    expect(ada.page.get_by_text("Lost phone, identity checked by telephone").first).to_be_visible()

    erin.log_in()
    erin.is_inside()


def test_an_administrator_with_only_a_password_can_change_nothing(people: People) -> None:
    erin, ada = people.come(new_person(people.demo)), people.administrator()
    erin.log_in()
    erin.set_up()
    thief = people.come(Person(ada.person.user_id, ada.person.name, ada.person.password))
    thief.log_in("manage")
    for page in ("", "/users", f"/user?id={erin.person.user_id}", "/roles", "/events"):
        thief.open(f"/2fa/admin{page}", "manage")
        thief.is_asked()
    fresh = people.come(new_person(people.demo, GLOBAL_ADMINISTRATOR))  # no factor at all yet
    fresh.log_in("manage")
    fresh.open(f"/2fa/admin/user?id={erin.person.user_id}", "manage")
    fresh.heading("Set up two-factor authentication")
    ada.open(f"/2fa/admin/user?id={erin.person.user_id}", "manage")
    expect(ada.page.locator(".state-line")).to_contain_text("Two-factor authentication is on")


def test_somebody_without_the_role_has_no_administrators_pages(people: People, page: Page) -> None:
    wendy = people.wendy()
    wendy.log_in("manage")
    wendy.open("/2fa/admin", "manage")
    wendy.heading("For administrators only")

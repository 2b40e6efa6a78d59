"""What comes without a person looking at the answer: API clients, scripts of a page, WebSockets."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, Page, expect

import portal_people
from e2e.api import ask, tasks, token_of
from e2e.portals import Demo, Person, new_person
from e2e.visitor import Visitor

PROBLEM = "application/problem+json"


def set_up(browser: Browser, demo: Demo, person: Person) -> None:
    """Turn two-factor authentication on in a browser of its own."""
    context = browser.new_context()
    visitor = Visitor(context.new_page(), demo, person)
    visitor.log_in()
    visitor.set_up_and_go_on()
    context.close()


# ---- API tokens


def test_a_token_works_until_its_owner_has_a_second_factor(browser: Browser, demo: Demo, erin: Person) -> None:
    token = token_of(demo, erin)
    assert tasks(demo, token) == (200, "application/json", {"user": erin.user_id, "tasks": []})
    set_up(browser, demo, erin)
    for refused in (token, token_of(demo, erin)):
        status, kind, told = tasks(demo, refused)
        assert (status, kind) == (403, PROBLEM)
        assert told["type"] == "urn:twofa-middleware:problem:verify-required"
        assert told["page"] == "/2fa/verify"


def test_an_unknown_token_gets_the_portals_own_refusal(demo: Demo) -> None:
    assert tasks(demo, "nobody-has-this") == (
        401,
        "application/json",
        {"error": "The token is unknown or has expired."},
    )


def test_an_authorization_that_nobody_reads_is_refused(demo: Demo) -> None:
    status, kind, told = ask(demo.produce, "GET", "/produce/api/v1/tasks", {"Authorization": "Basic ZXJpbjp4"})
    assert (status, kind, told["type"]) == (403, PROBLEM, "urn:twofa-middleware:problem:unread-credential")


def test_the_service_account_passes_with_the_token_that_the_runner_prints(demo: Demo) -> None:
    printed = re.search(r"^svc-mail  token: (\S+)$", demo.said, re.MULTILINE)
    assert printed is not None
    status, _, told = tasks(demo, printed[1], "?user=3")
    assert (status, told["user"]) == (200, 3)
    assert [task["form"] for task in told["tasks"]] == ["site-check", "site-check", "expense-claim"]


# ---- scripts of a page


def test_a_keep_alive_fetch_is_refused_while_its_session_has_to_confirm(
    visitor: Visitor, page: Page, browser: Browser, demo: Demo, erin: Person
) -> None:
    visitor.log_in()
    with page.expect_response("**/produce/keepalive") as heard:
        visitor.open("/produce/forms/leave-request")
    assert heard.value.status == 200
    set_up(browser, demo, erin)
    with page.expect_response("**/produce/keepalive") as heard:
        page.evaluate("keepAlive()")
    assert heard.value.status == 403
    assert heard.value.headers["content-type"] == PROBLEM
    expect(page.locator("#keepalive-lost")).to_be_visible()


def test_a_log_in_by_fetch_is_answered_with_where_to_go(
    visitor: Visitor, page: Page, browser: Browser, demo: Demo, erin: Person
) -> None:
    set_up(browser, demo, erin)
    visitor.open("/produce/login")
    told = page.evaluate(
        """async ([name, password]) => {
            const answer = await fetch("/produce/login", {
                method: "POST", redirect: "manual", body: new URLSearchParams({username: name, password}),
            });
            return [answer.status, answer.headers.get("content-type"), (await answer.json()).page];
        }""",
        [erin.name, erin.password],
    )
    assert told == [403, PROBLEM, "/2fa/verify"]
    visitor.open("/produce/profile")
    visitor.is_asked()
    visitor.give(erin.code())
    visitor.is_at("/produce/profile")


# ---- WebSockets

LISTEN = """path => new Promise(resolve => {
    const socket = new WebSocket(location.origin.replace("http", "ws") + path);
    socket.onmessage = event => { resolve(event.data); socket.close(); };
    socket.onerror = () => resolve("refused");
    setTimeout(() => resolve("nothing came"), 8000);
})"""


def test_the_live_counter_is_refused_until_its_session_has_confirmed(
    admin_visitor: Visitor, page: Page, browser: Browser, demo: Demo, wendy: Person
) -> None:
    visitor = admin_visitor
    visitor.log_in("manage")
    expect(page.locator("#live-tasks[data-live=yes]")).to_be_visible()
    assert "open" in json.loads(page.evaluate(LISTEN, "/manage/ws/tasks"))
    set_up(browser, demo, wendy)
    assert page.evaluate(LISTEN, "/manage/ws/tasks") == "refused"
    page.reload()
    visitor.is_asked()
    visitor.give(wendy.code())
    visitor.is_inside("manage")
    expect(page.locator("#live-tasks[data-live=yes]")).to_be_visible()
    assert "open" in json.loads(page.evaluate(LISTEN, "/manage/ws/tasks"))


def test_a_page_of_the_other_portal_cannot_listen(admin_visitor: Visitor, page: Page, demo: Demo) -> None:
    """Both are on localhost, so the cookie would go along: the Origin header is what tells."""
    visitor = admin_visitor
    visitor.log_in("manage")
    visitor.open("/produce/login")
    page.route("**/blank", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    visitor.open("/blank")  # a page without a policy of its own
    address = demo.manage.replace("http", "ws") + "/manage/ws/tasks"
    foreign = LISTEN.replace('location.origin.replace("http", "ws") + path', "path")
    assert page.evaluate(foreign, address) == "refused"


def test_people_of_the_portal_are_told_apart_from_administrators_as_before(page: Page, demo: Demo) -> None:
    erin = new_person(demo, portal_people.END_USER)
    visitor = Visitor(page, demo, erin)
    visitor.log_in("manage")
    expect(page.get_by_text("Manage is for administrators")).to_be_visible()

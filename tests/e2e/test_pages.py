"""Every page of the gate's own, as it looks: narrow and wide, light and dark, for eyes and for screen readers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response

from e2e.answers import header_fault, is_own
from e2e.looks import in_every_look
from e2e.visitor import Visitor


def account_off(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.open("/2fa/account")


def set_up(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.open("/2fa/setup")


def set_up_refused(visitor: Visitor) -> None:
    set_up(visitor)
    visitor.give("123", "Turn On")


def codes(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.set_up()


def codes_unsaved(visitor: Visitor) -> None:
    codes(visitor)
    visitor.page.locator("#saved").evaluate("box => { box.required = false }")
    visitor.page.get_by_role("button", name="Continue to").click()


def verify(visitor: Visitor) -> None:
    codes(visitor)
    visitor.log_out()
    visitor.log_in()
    visitor.page.get_by_text("I don’t have my phone").click()


def verify_refused(visitor: Visitor) -> None:
    verify(visitor)
    visitor.give("123")


def verify_recovery_refused(visitor: Visitor) -> None:
    verify(visitor)
    visitor.page.get_by_role("link", name="Use a recovery code").click()
    visitor.give("abcd")


def verify_waiting(visitor: Visitor) -> None:
    verify(visitor)
    for _ in range(5):
        visitor.give("123")
    visitor.open("/2fa/verify")


def account_on(visitor: Visitor) -> None:
    verify(visitor)
    visitor.give(visitor.person.code(), remember=True)
    visitor.is_inside()
    visitor.open("/2fa/account")


def account_disabled(visitor: Visitor) -> None:
    disable(visitor)
    visitor.give(visitor.person.code(), "Disable")


def disable(visitor: Visitor) -> None:
    codes(visitor)
    visitor.open("/2fa/disable")


def disable_refused(visitor: Visitor) -> None:
    disable(visitor)
    visitor.give("123", "Disable")


def new_codes(visitor: Visitor) -> None:
    codes(visitor)
    visitor.open("/2fa/codes")


def form_not_sent(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.open("/produce/forms/leave-request")
    browser = visitor.page.context.browser
    assert browser is not None
    elsewhere = browser.new_context()
    other = Visitor(elsewhere.new_page(), visitor.demo, visitor.person)
    other.log_in()
    other.set_up()
    elsewhere.close()
    visitor.press("Save draft")


def stale_form(visitor: Visitor) -> None:
    set_up(visitor)
    visitor.page.locator("form [name=token]").first.evaluate("field => { field.value = 'x' }")
    visitor.give("123", "Turn On")


def no_such_page(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.open("/2fa/nothing")


PAGES: dict[Callable[[Visitor], None], str] = {
    account_off: "Two-factor authentication",
    account_on: "Two-factor authentication",
    account_disabled: "Two-factor authentication",
    set_up: "Set up two-factor authentication",
    set_up_refused: "Set up two-factor authentication",
    codes: "Save your 10 recovery codes",
    codes_unsaved: "Save your 10 recovery codes",
    verify: "Enter the code from your authenticator app",
    verify_refused: "Enter the code from your authenticator app",
    verify_recovery_refused: "Enter a recovery code",
    verify_waiting: "Enter the code from your authenticator app",
    disable: "Disable two-factor authentication",
    disable_refused: "Disable two-factor authentication",
    new_codes: "Make new recovery codes",
    form_not_sent: "Please confirm first",
    stale_form: "That didn’t work",
    no_such_page: "Not found",
}


@pytest.mark.parametrize(("reach", "heading"), PAGES.items(), ids=lambda given: getattr(given, "__name__", ""))
def test_a_page_fits_and_can_be_read_by_everybody(
    visitor: Visitor, reach: Callable[[Visitor], None], heading: str
) -> None:
    reach(visitor)
    visitor.heading(heading)
    assert in_every_look(visitor.page) == []


@pytest.mark.parametrize(("reach", "unbroken"), [(verify, "6-digit"), (account_on, " 20")])
def test_what_belongs_together_stands_on_one_line(
    visitor: Visitor, reach: Callable[[Visitor], None], unbroken: str
) -> None:
    """At every width: the name of the code, and the day since when it is on."""
    reach(visitor)
    for width in range(280, 420, 4):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        one = visitor.page.locator(".card .whole").filter(has_text=unbroken).first
        lines = one.evaluate("""piece => {
            const range = document.createRange();
            range.selectNodeContents(piece);
            return new Set([...range.getClientRects()].map(box => box.top)).size;
        }""")
        assert lines == 1, f"{width} px"


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_begins_at_the_same_height(visitor: Visitor, width: int) -> None:
    """However long it is: nothing jumps from page to page, nor when a refusal is said."""
    visitor.page.set_viewport_size({"width": width, "height": 900})
    tops = set()
    for reach in (account_off, set_up, set_up_refused, no_such_page):
        reach(visitor)
        tops.add(visitor.page.locator(".card").evaluate("card => card.getBoundingClientRect().top + scrollY"))
    assert len(tops) == 1


def test_answers_of_the_gate_carry_its_headers_and_those_of_a_portal_do_not(visitor: Visitor, page: Page) -> None:
    """What the browser's fixture checks after each test finds own answers, and tells good from bad."""
    seen: list[Response] = []
    page.context.on("response", lambda answer: seen.append(answer))
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.log_in()
    own = {(urlsplit(answer.url).path, answer.status) for answer in seen if is_own(answer)}
    assert own >= {
        ("/2fa/account", 200),
        ("/2fa/setup", 200),
        ("/2fa/codes", 303),
        ("/2fa/static/pages.css", 200),
        ("/produce/login", 303),
        ("/2fa/verify", 200),
    }
    home = next(answer for answer in seen if answer.url.endswith("/produce/") and answer.status == 200)
    assert not is_own(home)
    assert header_fault(home) is not None

"""The ways of people through both portals, in a real browser, with and without JavaScript."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.portals import Demo, Person, plain
from e2e.visitor import Visitor


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def java_script(request: pytest.FixtureRequest) -> bool:
    enabled: bool = request.param
    return enabled


def read_picture(page: Page) -> str:
    """What a phone's camera reads off the screen."""
    shot = Image.open(io.BytesIO(page.locator(".qr").screenshot()))
    found = zxingcpp.read_barcodes(shot, formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(found) == 1, "the picture cannot be read"
    return found[0].text


# ---- set-up


def test_picture_key_and_link_of_the_set_up_page_say_the_same(visitor: Visitor, page: Page) -> None:
    visitor.log_in()
    visitor.open("/2fa/account")
    expect(page.locator(".state-line")).to_have_text("Two-factor authentication is off.")
    page.get_by_role("link", name="Enable Two-Factor Authentication").click()
    visitor.heading("Set up two-factor authentication")
    link = page.get_by_role("link", name="Open in my app").get_attribute("href")
    assert link is not None
    assert read_picture(page) == link
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query)["issuer"] == ["Produce and Manage"]
    assert parse_qs(parts.query)["secret"] == [visitor.shown_key().replace(" ", "")]
    assert re.fullmatch(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", visitor.shown_key())


def test_the_picture_can_be_read_on_a_small_dark_screen(visitor: Visitor, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.emulate_media(color_scheme="dark")
    visitor.log_in()
    visitor.open("/2fa/setup")
    assert visitor.shown_key().replace(" ", "") in read_picture(page)


def test_a_wrong_code_turns_nothing_on_and_a_right_one_does(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.open("/2fa/setup")
    key = visitor.shown_key()
    visitor.give("12 34", "Turn On")
    expect(visitor.message).to_contain_text("That code isn’t right.")
    assert visitor.shown_key() == key, "the phone has scanned this one already"
    visitor.open("/2fa/account")
    expect(page.locator(".state-line")).to_have_text("Two-factor authentication is off.")
    visitor.set_up_and_go_on()
    visitor.is_inside()
    visitor.open("/2fa/account")
    expect(page.locator(".state-line")).to_contain_text("Two-factor authentication is on since")
    expect(page.get_by_role("link", name="Enable")).to_have_count(0)
    expect(page.get_by_role("link", name="New recovery codes (10 of 10 left)")).to_be_visible()


# ---- recovery codes


def test_the_recovery_codes_can_be_downloaded(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up()
    assert len(set(erin.codes)) == 10
    with page.expect_download() as begun:
        visitor.press("Download")
    assert begun.value.suggested_filename == "recovery-codes.txt"
    lines = Path(begun.value.path()).read_bytes().decode().split("\r\n")
    assert lines == [f"Recovery codes: Produce and Manage, {erin.name}", "Each works once.", "", *erin.codes, ""]
    visitor.heading("Save your 10 recovery codes")


def test_print_is_offered_where_a_script_can_do_it(visitor: Visitor, page: Page, java_script: bool) -> None:
    visitor.log_in()
    visitor.set_up()
    expect(page.get_by_role("button", name="Print")).to_have_count(1 if java_script else 0)


def test_the_codes_are_shown_again_until_they_are_said_to_be_saved(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up()
    page.locator("#saved").evaluate("box => { box.required = false }")  # as an old browser would do
    page.get_by_role("button", name="Continue to Produce").click()
    expect(visitor.message).to_contain_text("Tick the box when you have saved the codes.")
    assert page.locator(".codes code").all_inner_texts() == erin.codes
    page.get_by_label("I have saved these codes").check()
    page.get_by_role("button", name="Continue to Produce").click()
    visitor.is_inside()


def test_new_recovery_codes_take_the_place_of_the_old_ones(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    old = erin.codes
    visitor.open("/2fa/account")
    page.get_by_role("link", name="New recovery codes").click()
    visitor.give(erin.code(), "Make new codes")
    new = page.locator(".codes code").all_inner_texts()
    assert len(new) == 10
    assert not set(new) & set(old)
    visitor.log_out()
    visitor.log_in()
    page.get_by_role("link", name="Use a recovery code").click()
    visitor.give(old[0])
    expect(visitor.message).to_contain_text("That isn’t one of your recovery codes, or it has been used.")
    visitor.give(new[0])
    visitor.is_inside()


def test_a_recovery_code_gets_in_once(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    for expected in ("inside", "refused"):
        visitor.log_out()
        visitor.log_in()
        visitor.is_asked()
        page.get_by_role("link", name="Use a recovery code").click()
        visitor.heading("Enter a recovery code")
        visitor.give(erin.codes[0])
        if expected == "inside":
            visitor.is_inside()
    expect(visitor.message).to_contain_text("That isn’t one of your recovery codes, or it has been used.")
    visitor.give(erin.codes[1])
    visitor.open("/2fa/account")
    expect(page.get_by_role("link", name="New recovery codes (8 of 10 left)")).to_be_visible()


# ---- the prompt


def test_the_other_portal_asks_too_and_takes_no_code_twice(admin_visitor: Visitor, wendy: Person) -> None:
    visitor = admin_visitor
    visitor.log_in("produce")
    visitor.set_up_and_go_on()
    visitor.log_in("manage")
    visitor.is_asked()
    assert wendy.phone is not None
    visitor.give(wendy.phone.spent_code())
    expect(visitor.message).to_contain_text("That code has been used already. A new one comes in about")
    visitor.give(wendy.code())
    visitor.is_inside("manage")
    visitor.open("/produce/")
    visitor.is_inside("produce")


def test_a_deep_link_is_reached_after_the_prompt(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.open("/produce/forms/leave-request?from=mail")
    assert visitor.path == "/produce/login"
    page.get_by_label("User name").fill(erin.name)
    page.get_by_label("Password").fill(erin.password)
    visitor.press("Log in")
    visitor.is_asked()
    code = erin.code()
    visitor.give(f"{code[:3]} {code[3:]}")
    visitor.is_at("/produce/forms/leave-request?from=mail")
    visitor.heading("Leave request")


def test_a_remembered_browser_is_asked_nothing_until_it_is_forgotten(
    admin_visitor: Visitor, page: Page, wendy: Person
) -> None:
    visitor = admin_visitor
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.log_in()
    visitor.give(wendy.code(), remember=True)
    visitor.is_inside()
    visitor.log_out()
    visitor.log_in()
    visitor.is_inside()
    visitor.log_in("manage")
    visitor.is_inside("manage")

    visitor.open("/2fa/account")
    remembered = page.locator(".browsers li")
    expect(remembered).to_have_count(1)
    expect(remembered).to_contain_text("this browser")
    expect(remembered).to_contain_text("since today, last used today")
    page.get_by_role("button", name=re.compile("^Forget Chrome")).click()
    visitor.is_asked()  # this session rested on it too
    visitor.open("/manage/", "manage")
    visitor.is_asked()


def test_who_is_somebody_else_can_log_out_at_the_prompt(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.log_in()
    expect(page.get_by_text(f"Not {erin.name}?")).to_be_visible()
    visitor.press("Log out")
    visitor.is_at("/produce/login")
    visitor.open("/produce/")
    assert visitor.path == "/produce/login"


def test_five_wrong_codes_bring_a_pause_and_a_recovery_code_still_gets_in(
    visitor: Visitor, page: Page, erin: Person
) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.log_in()
    assert erin.phone is not None
    for left in ("4 tries", "3 tries", "2 tries", "1 try"):
        visitor.give(erin.phone.wrong_code())
        expect(visitor.message).to_contain_text(
            "That code isn’t right. Check that you read the entry Produce and Manage, and wait for a new code. "
            f"{left} left before a pause of 30 seconds."
        )
    visitor.give(erin.phone.wrong_code())
    expect(visitor.message).to_contain_text(re.compile(r"Try again at \d\d:\d\d:\d\d \(UTC\)\."))
    visitor.open("/2fa/verify")
    expect(visitor.message).to_contain_text(
        re.compile(
            r"Too many tries\. Try again at \d\d:\d\d:\d\d \(UTC\)\. If this wasn’t you, somebody knows your password: "
            r"change it, and tell Service desk, ext\. 4711\."
        )
    )
    expect(page.get_by_role("textbox")).to_have_count(0)
    page.get_by_role("link", name="Use a recovery code").click()
    visitor.give(erin.codes[0])
    visitor.is_inside()


def test_who_has_no_phone_is_told_what_to_do(visitor: Visitor, page: Page) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.log_in()
    page.get_by_text("I don’t have my phone").click()
    expect(page.locator("details p")).to_have_text(
        "Use one of the recovery codes that you saved. If you have none, Service desk, ext. 4711 can switch two-factor "
        "authentication off for you."
    )


def test_the_whole_prompt_can_be_done_by_keyboard(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.log_out()
    visitor.log_in()
    expect(page.get_by_label("6-digit code")).to_be_focused()
    page.keyboard.type(erin.code())
    page.keyboard.press("Tab")
    expect(page.get_by_label("Remember this browser?")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Continue")).to_be_focused()
    page.keyboard.press("Enter")
    visitor.is_inside()
    visitor.open("/2fa/account")
    expect(page.locator(".browsers li")).to_have_count(1)


# ---- Disable


def test_disable_takes_a_fresh_code_and_offers_enable_again(visitor: Visitor, page: Page, erin: Person) -> None:
    visitor.log_in()
    visitor.set_up_and_go_on()
    visitor.open("/2fa/account")
    page.get_by_role("link", name="Disable").click()
    assert erin.phone is not None
    visitor.give(erin.phone.spent_code(), "Disable")
    expect(visitor.message).to_contain_text("That code has been used already.")
    visitor.give(erin.code(), "Disable")
    expect(page.get_by_role("status")).to_have_text(
        "It is done. All remembered browsers are forgotten. Whoever is logged in to the app elsewhere stays logged in."
    )
    expect(page.get_by_role("link", name="Enable Two-Factor Authentication")).to_be_visible()
    visitor.log_out()
    visitor.log_in()
    visitor.is_inside()


# ---- a session that has to confirm in the middle of its work


def set_up_elsewhere(browser: Browser, demo: Demo, person: Person) -> None:
    """The same person turns two-factor authentication on in another browser, which ends all other passes."""
    elsewhere = browser.new_context()
    other = Visitor(elsewhere.new_page(), demo, person)
    other.log_in()
    other.set_up_and_go_on()
    elsewhere.close()


def test_a_form_that_came_too_early_can_be_sent_again(
    visitor: Visitor, page: Page, context: BrowserContext, browser: Browser, demo: Demo, erin: Person
) -> None:
    visitor.log_in()
    visitor.open("/produce/forms/equipment-request")
    page.get_by_label("What you need").fill("A chair")
    page.get_by_label("What it is for").fill("Sitting")
    set_up_elsewhere(browser, demo, erin)

    visitor.press("Submit")
    visitor.heading("Please confirm first")
    assert plain(page.locator("main p").first.inner_text()) == (
        "Your form has not been sent. Keep this tab, confirm in a new one, then go back here and send again."
    )
    with context.expect_page() as opened:
        page.get_by_role("link", name="Confirm in a new tab").click()
    tab = Visitor(opened.value, demo, erin)
    tab.is_asked()
    tab.give(erin.code())
    tab.is_inside()
    page.go_back()
    expect(page.get_by_label("What you need")).to_have_value("A chair")
    visitor.press("Submit")
    expect(page.get_by_role("status")).to_have_text("Thank you. Your form has been submitted.")

"""What an administrator does to a person: off, unlocked, ended; never on. S8, S9; attack 70."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from support.administration import (
    ADMIN,
    SETTINGS,
    acts,
    administrator,
    at_user,
    form_for,
    is_on,
    opened,
    overview,
    stop,
    switch_off,
)
from support.exchange import encoded
from support.stage import Open, Stage
from support.visitor import FORM_TYPE, Visitor, codes_of, forms_of
from twofa_middleware.asks import Ready, Stopped
from twofa_middleware.browser import tokens
from twofa_middleware.keys_and_store import sealer_of

ERIN = f"{ADMIN}/user?id=erin"


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    stage = opened(open_stage)
    stage.enrolled("erin")
    return stage


@pytest.fixture
def ada(stage: Stage) -> Visitor:
    return administrator(stage)


def names(stage: Stage) -> list[str]:
    return [event.name for event in stage.events()]


# ---- switching off --------------------------------------------------------------------------------------------------


def test_an_administrator_switches_it_off_and_everything_that_it_let_in_ends(stage: Stage, ada: Visitor) -> None:
    erin = stage.visitor("erin", "login-1")
    page = at_user(ada)
    assert "Two-factor authentication is <strong>on</strong>" in page.text
    assert "can then log in with the password alone" in page.text
    done = switch_off(ada, reason="lost  phone,\nasked by telephone")
    assert done.header("location") == f"{ERIN}&done=off"
    page = ada.go(done.header("location") or "")
    assert "It is switched off." in page.text
    assert "Two-factor authentication is <strong>off</strong>" in page.text
    event = stage.events()[-1]
    assert (event.name, event.user, event.app) == ("disabled by an administrator", "erin", "office")
    assert event.facts == {"actor": "ada", "actor_name": "ada", "reason": "lost phone, asked by telephone"}
    assert (overview(stage).summary.passes, overview(stage).summary.browsers) == (0, 0)
    assert erin.go("/home").body == b"secret page"


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_without_a_reason_nothing_is_switched_off(stage: Stage, ada: Visitor, reason: str) -> None:
    reply = switch_off(ada, reason=reason)
    assert (reply.status, "Give a reason." in reply.text) == (422, True)
    assert is_on(stage)
    assert "disabled by an administrator" not in names(stage)


def test_a_reason_is_as_long_as_is_kept(stage: Stage, ada: Visitor) -> None:
    assert switch_off(ada, reason="x" * 501).status == 422
    assert is_on(stage)
    assert switch_off(ada, reason="x" * 500).status == 303


def test_after_a_refusal_the_reason_still_stands_in_the_field(stage: Stage, ada: Visitor) -> None:
    assert f'value="{"x" * 501}"' in switch_off(ada, reason="x" * 501).text


def test_by_a_form_without_the_field_nothing_is_switched_off(stage: Stage, ada: Visitor) -> None:
    action, hidden = form_for(at_user(ada), act="off")
    assert ada.post(action, hidden).status == 422
    assert is_on(stage)


# ---- never on -------------------------------------------------------------------------------------------------------


def test_for_somebody_who_is_off_the_box_is_empty_and_disabled_and_there_is_no_form(stage: Stage) -> None:
    stage.visitor("wendy").go("/home")
    page = at_user(administrator(stage), "wendy")
    box = re.search(r"<input [^>]*type=\"checkbox\"[^>]*>", page.text)
    assert box is not None
    assert ("disabled" in box[0], "checked" in box[0], "name=" in box[0]) == (True, False, False)
    assert "can turn it on" in page.text
    assert acts(page) == {"unlock", "end"}


@pytest.mark.parametrize("act", ["on", "enable", "off", "", "disable", "off "])
def test_a070_no_form_switches_anything_on(stage: Stage, act: str) -> None:
    stage.visitor("wendy").go("/home")
    ada = administrator(stage)
    action, hidden = form_for(at_user(ada, "wendy"), act="unlock")
    fields = hidden | {"act": act, "reason": "why", "on": "1", "enforce": "1"}
    assert ada.post(action, fields).status == (409 if act == "off" else 400)
    assert not is_on(stage, "wendy")
    assert overview(stage, "wendy").summary.account is None


# ---- forms that were drawn for something else -----------------------------------------------------------------------


def other_user(ada: Visitor, stage: Stage) -> dict[str, str]:
    stage.enrolled("wendy")
    return form_for(at_user(ada, "wendy"), act="off")[1]


def other_generation(ada: Visitor, stage: Stage) -> dict[str, str]:
    hidden = form_for(at_user(ada), act="off")[1]
    return hidden | {"generation": str(int(hidden["generation"]) + 1)}


def no_generation(ada: Visitor, stage: Stage) -> dict[str, str]:
    hidden = form_for(at_user(ada), act="off")[1]
    return {"token": hidden["token"], "act": "off"}


def role_page(ada: Visitor, stage: Stage) -> dict[str, str]:
    hidden = form_for(ada.go(f"{ADMIN}/role?name=Chef"), version="0")[1]
    return hidden | {"act": "off", "generation": "0"}


def prompt(ada: Visitor, stage: Stage) -> dict[str, str]:
    return {"token": forms_of(ada.go("/2fa/disable").text)[0].hidden["token"], "act": "off", "generation": "0"}


def another_administrator(ada: Visitor, stage: Stage) -> dict[str, str]:
    return form_for(at_user(administrator(stage, "bob")), act="off")[1]


def own_at_another_time(ada: Visitor, stage: Stage) -> dict[str, str]:
    hidden = form_for(at_user(ada), act="off")[1]
    ada.clock.on(3600)
    ada.verify(next=ADMIN)
    return hidden


def none_at_all(ada: Visitor, stage: Stage) -> dict[str, str]:
    return form_for(at_user(ada), act="off")[1] | {"token": ""}


@pytest.mark.parametrize(
    "drawn",
    [other_user, other_generation, no_generation, role_page, prompt, another_administrator, own_at_another_time,
     none_at_all],
)  # fmt: skip
def test_a070_a_token_serves_for_what_it_was_drawn_for(
    stage: Stage, ada: Visitor, drawn: Callable[[Visitor, Stage], dict[str, str]]
) -> None:
    reply = ada.post(ERIN, drawn(ada, stage) | {"reason": "lost phone"})
    assert (reply.status, "out of date" in reply.text) == (403, True)
    assert is_on(stage)
    assert "disabled by an administrator" not in names(stage)


def test_a070_a_token_of_one_app_is_none_in_another(open_stage: Open) -> None:
    stage = opened(open_stage, shop={"admin": True})
    stage.enrolled("erin")
    ada = administrator(stage)
    hidden = form_for(at_user(ada), act="off")[1]
    at_shop = stage.meets(ada, "shop")
    at_shop.log_in("ada")
    at_shop.verify()
    at_shop.cookies["2fa-flow-test-shop"] = ada.cookie("flow")
    assert at_shop.post(ERIN, hidden | {"reason": "lost phone"}).status == 403
    assert is_on(stage)


def test_a070_a_form_of_another_origin_does_nothing(stage: Stage, ada: Visitor) -> None:
    action, hidden = form_for(at_user(ada), act="off")
    cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in ada.cookies.items()))
    body = encoded(hidden | {"reason": "lost phone"})
    for lie in (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")):
        assert ada.exchange.request("POST", action, [FORM_TYPE, cookie, lie], body).status == 403
    assert is_on(stage)


@pytest.mark.parametrize("name", ["act", "token", "generation", "reason"])
def test_a_doubled_field_is_no_form(stage: Stage, ada: Visitor, name: str) -> None:
    action, hidden = form_for(at_user(ada), act="off")
    fields = hidden | {"reason": "lost phone"}
    body = encoded(fields) + b"&" + encoded({name: fields[name]})
    assert ada.go(action, "POST", [FORM_TYPE, ("Origin", ada.origin)], body).status == 400
    assert is_on(stage)


def test_looking_changes_nothing_whatever_the_address_says(stage: Stage, ada: Visitor) -> None:
    _, hidden = form_for(at_user(ada), act="off")
    before = names(stage)
    for act in ("off", "unlock", "end"):
        query = encoded(hidden | {"act": act, "reason": "lost phone", "id": "erin"}).decode()
        assert ada.go(f"{ADMIN}/user?{query}").status == 200
        assert ada.go(f"{ADMIN}/user?{query}", "HEAD").status == 200
    assert is_on(stage)
    assert overview(stage).summary.passes == 1
    assert names(stage) == before


# ---- at the same time -----------------------------------------------------------------------------------------------


def test_an_account_that_has_moved_since_is_left_as_it_is(stage: Stage) -> None:
    erin, ada = stage.enrolled("wendy"), administrator(stage)
    action, hidden = form_for(at_user(ada, "wendy"), act="off")
    stage.clock.on(30)
    erin.confirm("codes")
    for act in ("off", "unlock", "end"):
        reply = ada.post(action, hidden | {"act": act, "reason": "lost phone"})
        assert (reply.status, "changed in the meantime" in reply.text) == (409, True)
    assert is_on(stage, "wendy")
    assert overview(stage, "wendy").summary.passes == 1
    assert form_for(reply, act="off")[1]["generation"] == str(overview(stage, "wendy").generation)
    assert ada.fill(reply, "/user?id=wendy", act="off", reason="lost phone").status == 303


def test_of_two_administrators_the_second_is_told(stage: Stage, ada: Visitor) -> None:
    bob = administrator(stage, "bob")
    pages = [at_user(one) for one in (ada, bob)]
    first, second = (
        one.fill(page, "/user?id=erin", act="off", reason="lost phone")
        for one, page in zip((ada, bob), pages, strict=True)
    )
    assert (first.status, second.status) == (303, 409)
    assert names(stage).count("disabled by an administrator") == 1


def test_a_form_that_is_sent_twice_acts_once(stage: Stage, ada: Visitor) -> None:
    action, hidden = form_for(at_user(ada), act="off")
    sent = [ada.post(action, hidden | {"reason": "lost phone"}).status for _ in range(2)]
    assert sent == [303, 409]


# ---- oneself --------------------------------------------------------------------------------------------------------


def test_an_administrator_is_led_to_the_own_page_for_the_own_account(ada: Visitor) -> None:
    page = at_user(ada, "ada")
    assert (acts(page), "This is your own account." in page.text) == (set(), True)
    assert '<a href="/2fa/account">your own page</a>' in page.text


@pytest.mark.parametrize("act", ["off", "unlock", "end"])
def test_a070_a_form_about_oneself_does_nothing_even_with_a_token_for_it(stage: Stage, ada: Visitor, act: str) -> None:
    ada.go(ADMIN)
    seen, sealer = overview(stage, "ada"), sealer_of(stage.realm.settings)
    purpose = f"admin user {sealer.user_key('ada')}, {seen.generation}"
    token = tokens.write(sealer, purpose, ada.cookie("flow").encode(), "office", "ada", stage.clock.now)
    fields = {"token": token, "generation": str(seen.generation), "act": act, "reason": "why"}
    reply = ada.post(f"{ADMIN}/user?id=ada", fields)
    assert (reply.status, "your own account" in reply.text) == (403, True)
    assert is_on(stage, "ada")
    assert ada.go(ADMIN).status == 200


# ---- unlocking, ending ----------------------------------------------------------------------------------------------


def test_who_is_stopped_can_be_unlocked(stage: Stage, ada: Visitor) -> None:
    stop(stage)
    page = at_user(ada)
    assert "Codes of the app are switched off after too many tries." in page.text
    assert isinstance(overview(stage).summary.attempts, Stopped)
    assert ada.fill(page, "/user?id=erin", act="unlock").header("location") == f"{ERIN}&done=unlocked"
    assert isinstance(overview(stage).summary.attempts, Ready)
    event = stage.events()[-1]
    assert (event.name, event.facts["actor"]) == ("unlocked by an administrator", "ada")
    assert is_on(stage)


def test_sessions_are_ended_and_browsers_forgotten_and_the_factor_stays(stage: Stage) -> None:
    erin = stage.enrolled("wendy")
    erin.log_in("wendy", "login-2")
    erin.verify(remember="1")
    ada = administrator(stage)
    page = at_user(ada, "wendy")
    assert re.search(r"<dt>Remembered browsers</dt><dd>1</dd>", page.text)
    assert ada.fill(page, "/user?id=wendy", act="end", reason="theft").status == 303
    assert erin.go("/home").header("location") == "/2fa/verify?next=/home"
    assert (overview(stage, "wendy").summary.passes, overview(stage, "wendy").summary.browsers) == (0, 0)
    assert is_on(stage, "wendy")
    assert "end" not in acts(at_user(ada, "wendy"))


# ---- one-time codes -------------------------------------------------------------------------------------------------


@pytest.fixture
def coded(open_stage: Open) -> Stage:
    stage = opened(open_stage, admin={"after_reset": "code"})
    stage.enrolled("erin")
    return stage


def test_the_one_time_code_is_shown_once_and_opens_the_set_up(coded: Stage) -> None:
    ada = administrator(coded)
    shown = switch_off(ada)
    assert (shown.status, shown.header("cache-control")) == (200, "no-store")
    (code,) = codes_of(shown.text)
    for page in (at_user(ada), ada.go(f"{ADMIN}/events"), ada.go(f"{ADMIN}/users")):
        assert code not in page.text
    assert all(code not in str(event) for event in coded.events())
    erin = coded.visitor("erin", "login-2")
    refused = erin.fill(erin.go("/2fa/setup"), "/setup", code=erin.code(), reset="0000-0000-0000-0000")
    assert refused.status == 422
    coded.clock.on(30)
    assert erin.fill(erin.go("/2fa/setup"), "/setup", code=erin.code(), reset=code).status == 200


def test_sending_the_form_again_shows_no_code_again(coded: Stage) -> None:
    ada = administrator(coded)
    action, hidden = form_for(at_user(ada), act="off")
    first, second = (ada.post(action, hidden | {"reason": "lost phone"}) for _ in range(2))
    assert (first.status, second.status) == (200, 409)
    assert codes_of(second.text) == []


def test_a_new_code_takes_the_place_of_the_one_before(coded: Stage) -> None:
    ada = administrator(coded)
    (first,) = codes_of(switch_off(ada).text)
    page = at_user(ada)
    assert "Make a new code" in page.text
    assert switch_off(ada, reason="").status == 422
    (second,) = codes_of(switch_off(ada, reason="slip was lost").text)
    assert first != second
    erin = coded.visitor("erin", "login-2")
    assert erin.fill(erin.go("/2fa/setup"), "/setup", code=erin.code(), reset=first).status == 422
    coded.clock.on(30)
    assert erin.fill(erin.go("/2fa/setup"), "/setup", code=erin.code(), reset=second).status == 200


def test_where_resets_no_longer_need_a_code_one_that_is_left_can_be_let_go(coded: Stage) -> None:
    switch_off(administrator(coded))
    stage = coded.changed(**SETTINGS)
    ada = stage.visitor("bob", app="office")
    ada.set_up()
    page = at_user(ada)
    assert "Ask for no code" in page.text
    assert ada.fill(page, "/user?id=erin", act="off", reason="open again").header("location") == f"{ERIN}&done=off"
    assert "One-time code" not in stage.visitor("erin", "login-3").go("/2fa/setup").text

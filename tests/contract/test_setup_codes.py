"""The first set-up by a one-time code of an administrator, as in the profile strict: the password alone begins nothing."""

from __future__ import annotations

from typing import Any

import pytest

from contract.test_reset_codes import reset, set_up
from support.administration import ROLES, acts, administrator, at_user, form_for, opened
from support.setup_codes import setup_code
from support.stage import ADA, Open, Stage
from support.visitor import forms_of
from twofa_middleware.accounts.administer import AlreadyOn, CodeMade, let_set_up, look_at
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow, Person

BY_ITSELF: dict[str, Any] = {"admin": {"first_setup": "code"}}
ASK = "You need a one-time code before you can set this up. Ask Service desk, ext. 4711 for one, then try again."


@pytest.fixture(params=[{"profile": "strict"}, BY_ITSELF], ids=["strict", "by itself"])
def coded(request: pytest.FixtureRequest, open_stage: Open) -> Stage:
    return open_stage(**request.param)


def rows(stage: Stage, table: str) -> int:
    with stage.database() as db:
        found: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def again(stage: Stage, user: str = "erin") -> CodeMade | AlreadyOn:
    def act(desk: Desk) -> Flow[object]:
        seen = yield from look_at(desk, Person(user), stage.clock.now)
        return (yield from let_set_up(desk, ADA, seen, "asked again", stage.clock.now))

    made = stage.administer(act)
    assert isinstance(made, CodeMade | AlreadyOn)
    return made


def test_nobody_is_shown_a_key_before_a_code_was_made_for_them(coded: Stage) -> None:
    page = coded.visitor("erin", "login-9").go("/2fa/setup")
    assert (page.status, ASK in page.text) == (403, True)
    assert "otpauth:" not in page.text
    assert 'name="code"' not in page.text
    assert rows(coded, "setups") == 0
    assert [event.name for event in coded.events()] == ["set-up without a code"]


def test_a064_a_set_up_that_was_begun_before_the_rule_is_not_ended_without_a_code(open_stage: Open) -> None:
    before = open_stage()
    thief = before.visitor("erin", "login-9")
    hidden = forms_of(thief.go("/2fa/setup").text)[0].hidden
    code = thief.code()
    thief = before.changed(**BY_ITSELF).meets(thief)
    assert thief.post("/2fa/setup", hidden | {"code": code, "reset": "0000-0000-0000-0000"}).status == 403
    assert (rows(before, "authenticators"), rows(before, "tries")) == (0, 0)


def test_with_the_code_that_was_made_it_is_turned_on(coded: Stage) -> None:
    code = setup_code(coded.realm, "erin")
    erin = coded.visitor("erin")
    page = erin.go("/2fa/setup").text
    assert "One-time code from your administrator" in page
    assert "Your administrator gives it to you. It works once." in page
    assert set_up(erin, reset=code) == 200
    assert erin.go("/home").body == b"secret page"


@pytest.mark.parametrize("wrong", ["", "0000-0000-0000-0000", "of somebody else"])
def test_another_code_turns_nothing_on_and_is_counted(coded: Stage, wrong: str) -> None:
    setup_code(coded.realm, "erin")
    others = setup_code(coded.realm, "wendy")
    thief = coded.visitor("erin", "login-9")
    assert set_up(thief, reset=others if wrong == "of somebody else" else wrong) == 422
    assert (rows(coded, "authenticators"), rows(coded, "tries")) == (0, 1)


def test_a_second_code_makes_the_first_one_worthless(coded: Stage) -> None:
    first = setup_code(coded.realm, "erin")
    second = again(coded)
    assert isinstance(second, CodeMade)
    erin = coded.visitor("erin")
    assert set_up(erin, reset=first) == 422
    coded.clock.on(30)
    assert set_up(erin, reset=second.code) == 200


def test_no_code_is_made_for_somebody_who_has_a_second_factor(coded: Stage) -> None:
    erin = coded.enrolled()
    assert again(coded) == AlreadyOn()
    erin.log_in(login="login-2")
    assert erin.go("/home").status == 303


def test_a_code_is_needed_after_a_reset_too_which_makes_it(coded: Stage) -> None:
    coded.enrolled()
    code = reset(coded)
    thief = coded.visitor("erin", "login-9")
    assert set_up(thief, reset="0000-0000-0000-0000") == 422
    coded.clock.on(30)
    assert set_up(coded.visitor("erin", "login-2"), reset=code) == 200


def test_a_code_is_needed_after_somebody_has_switched_it_off_themself(coded: Stage) -> None:
    erin = coded.enrolled()
    erin.confirm("disable")
    assert erin.go("/2fa/setup").status == 403


def test_a067_an_account_that_was_deleted_from_the_store_is_not_set_up_by_the_password_alone(coded: Stage) -> None:
    coded.enrolled()
    with coded.database() as db:
        for table in ("authenticators", "codes", "accounts"):
            db.execute(f"DELETE FROM {table}")
    assert coded.visitor("erin", "login-9").go("/2fa/setup").status == 403


def test_who_needs_no_second_factor_gets_in_and_who_needs_one_does_not(open_stage: Open) -> None:
    stage = open_stage(profile="strict", roles=ROLES, enforcement={"pinned": ["Boss"]})
    for user, status in (("erin", 200), ("ada", 303)):
        assert stage.visitor(user).go("/home").status == status
        setup_code(stage.realm, user)  # which ends the pass that was opened meanwhile
        assert stage.visitor(user, "login-2").go("/home").status == status


def test_in_the_grace_of_a_role_it_can_be_put_off_while_there_is_no_code(open_stage: Open) -> None:
    stage = open_stage(profile="strict", roles=ROLES)
    stage.enforce("Boss", grace_days=7)
    ada = stage.visitor("ada")
    assert ada.go("/home").status == 303
    page = ada.go("/2fa/setup")
    assert (page.status, "Not now" in page.text) == (403, True)
    assert ada.fill(page, "/later").status == 303
    assert ada.go("/home").body == b"secret page"


def test_whoever_switches_it_off_is_told_that_a_code_is_needed_to_come_back(coded: Stage) -> None:
    page = coded.enrolled().go("/2fa/disable").text
    assert "You need a one-time code from" in page


def test_an_administrator_makes_the_code_on_the_page_of_a_person_who_came_without(open_stage: Open) -> None:
    stage = opened(open_stage, profile="strict")
    ada = administrator(stage)
    erin = stage.visitor("erin")
    assert erin.go("/2fa/setup").status == 403
    page = at_user(ada)
    assert acts(page) >= {"code"}
    assert "off" not in acts(page)
    action, hidden = form_for(page, act="code")
    assert ada.post(action, hidden | {"reason": ""}).status == 422
    made = ada.fill(at_user(ada), "/user?id=erin", act="code", reason="a new colleague")
    code = made.text.partition('<p class="once"><code>')[2].partition("</code>")[0]
    assert (len(code), made.header("cache-control")) == (19, "no-store")
    assert set_up(erin, reset=code) == 200
    event = next(event for event in stage.events() if (event.name, event.user) == ("set-up code made", "erin"))
    assert event.facts == {"actor": "ada", "actor_name": "ada", "reason": "a new colleague"}


def test_a_form_from_before_somebody_turned_it_on_makes_no_code(open_stage: Open) -> None:
    stage = opened(open_stage, admin={"first_setup": "code"})
    ada = administrator(stage)
    stage.visitor("erin").go("/2fa/setup")
    action, hidden = form_for(at_user(ada), act="code")
    stage.enrolled("erin")
    assert ada.post(action, hidden | {"reason": "late"}).status == 409
    assert rows(stage, "authenticators") == 2


def test_an_administrator_makes_no_code_for_themself(open_stage: Open) -> None:
    stage = opened(open_stage, profile="strict")
    ada = administrator(stage)
    assert "code" not in acts(at_user(ada, "ada"))

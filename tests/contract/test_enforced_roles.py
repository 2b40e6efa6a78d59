"""Roles enforced by a flag in the store: at the next log-in, at once, with grace, and back. S10 to S12; attacks 65, 66."""

from __future__ import annotations

from typing import Any

import pytest

from support import portal
from support.stage import Open, Stage
from support.visitor import Visitor
from twofa_middleware.asks import MOST_MINOR_AN_HOUR

DAY = 86400
KITCHEN: dict[str, Any] = {
    "roles": {"use": "static", "users": {"erin": ["Kitchen"], "wendy": ["End User"]}, "groups": {"Kitchen": ["Chef"]}}
}
UNREADABLE: dict[str, Any] = {"roles": {"use": "callable", "callable": "support.portal:roles_of"}}


@pytest.fixture
def kitchen(open_stage: Open) -> Stage:
    return open_stage(**KITCHEN)


def asked(visitor: Visitor, path: str = "/home") -> bool:
    """Whether a page of the app leads to the set-up."""
    reply = visitor.go(path)
    return reply.status == 303 and (reply.header("location") or "").startswith("/2fa/setup?next=")


def test_a_running_session_goes_on_and_the_next_log_in_is_asked_again_and_again(kitchen: Stage) -> None:
    erin = kitchen.visitor("erin")
    assert erin.go("/home").body == b"secret page"
    kitchen.enforce("Chef")
    assert erin.go("/home").body == b"secret page"
    for login in ("login-2", "login-3"):
        erin.log_in(login=login)
        assert [asked(erin), asked(erin), asked(erin, "/api/tasks")] == [True, True, True]
        assert b"problem:setup-required" in erin.fetch("/api/tasks").body
    assert [call.path for call in kitchen.spy.calls] == ["/home", "/home"]


def test_the_set_up_page_says_which_role_asks_and_turning_on_lets_in(kitchen: Stage) -> None:
    kitchen.enforce("Chef")
    erin = kitchen.visitor("erin")
    page = erin.go("/2fa/setup").text
    assert "Your role <bdi" in page
    assert ">Chef</bdi> requires it." in page
    assert "Not now" not in page
    erin.set_up()
    assert erin.go("/home").body == b"secret page"


def test_somebody_without_the_role_is_not_asked(kitchen: Stage) -> None:
    kitchen.enforce("Chef")
    assert kitchen.visitor("wendy").go("/home").body == b"secret page"


def test_a_flag_that_is_cleared_asks_nobody_any_more(kitchen: Stage) -> None:
    kitchen.enforce("Chef")
    erin = kitchen.visitor("erin")
    assert asked(erin)
    kitchen.enforce("Chef", is_enforced=False)
    assert erin.go("/home").body == b"secret page"


def test_with_starts_now_a_running_session_is_asked_at_once(open_stage: Open) -> None:
    stage = open_stage(**KITCHEN, enforcement={"starts": "now"})
    erin = stage.visitor("erin")
    assert erin.go("/home").body == b"secret page"
    stage.enforce("Chef")
    assert asked(erin)
    assert erin.fetch("/api/tasks").status == 403


def test_a_cleared_flag_does_not_undo_what_the_settings_pin(open_stage: Open) -> None:
    stage = open_stage(**KITCHEN, enforcement={"pinned": ["Chef"]})
    stage.enforce("Chef", is_enforced=False, grace_days=30)
    assert asked(stage.visitor("erin"))
    stage.enforce("Chef", grace_days=30)
    assert "Not now" not in stage.visitor("erin", "login-2").go("/2fa/setup").text


def test_a066_roles_that_cannot_be_read_are_our_fault_and_never_a_set_up_page(open_stage: Open) -> None:
    stage = open_stage(**UNREADABLE)
    stage.enforce("Chef")
    portal.broken.add("roles")
    erin = stage.visitor("erin")
    assert [erin.go(path).status for path in ("/home", "/2fa/setup", "/2fa/account")] == [503, 503, 503]
    assert stage.spy.calls == []


def test_a_flag_that_somebody_else_has_written_is_our_fault(kitchen: Stage) -> None:
    kitchen.enforce("Chef")
    with kitchen.database() as db:
        db.execute("UPDATE roles SET record = zeroblob(40)")
    assert kitchen.visitor("erin").go("/home").status == 503
    assert kitchen.spy.calls == []


# ---- grace ----------------------------------------------------------------------------------------------------------


def put_off(visitor: Visitor) -> Any:
    return visitor.fill(visitor.go("/2fa/setup?next=/home"), "/later")


def test_in_the_grace_of_a_role_one_sees_the_days_left_and_may_go_on(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    assert asked(erin)
    page = erin.go("/2fa/setup?next=/home").text
    assert "<strong>7 days</strong> left" in page
    assert ">Chef</bdi> will require it." in page
    assert put_off(erin).header("location") == "/home"
    assert [erin.go("/home").body, erin.go("/home").body] == [b"secret page", b"secret page"]


def test_after_putting_it_off_the_next_log_in_is_asked_again(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    put_off(erin)
    erin.log_in(login="login-2")
    assert asked(erin)


def test_who_puts_it_off_without_end_pushes_no_other_events_out(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    page = erin.go("/2fa/setup?next=/home")
    for _ in range(MOST_MINOR_AN_HOUR + 50):
        assert erin.fill(page, "/later").status == 303
    told = [event.name for event in kitchen.events()]
    assert 0 < told.count("set-up put off") <= MOST_MINOR_AN_HOUR
    assert "role enforced" in told


def test_when_the_grace_is_over_it_cannot_be_put_off_any_more(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    page = erin.go("/2fa/setup")
    kitchen.clock.on(7 * DAY - 1)
    erin.log_in(login="login-2")
    assert "<strong>1 day</strong> left" in erin.go("/2fa/setup").text
    kitchen.clock.on(1)
    assert erin.fill(page, "/later").status in (303, 403)
    assert asked(erin)
    assert "Not now" not in erin.go("/2fa/setup").text
    assert kitchen.spy.calls == []


def test_a_form_to_put_it_off_does_nothing_for_who_may_not(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    page = erin.go("/2fa/setup")
    kitchen.enforce("Chef", grace_days=0)
    assert erin.fill(page, "/later").header("location") == "/2fa/setup"
    assert asked(erin)


def test_only_people_are_stopped_while_there_is_time(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    assert erin.fetch("/api/tasks").status == 200
    assert asked(erin)
    kitchen.clock.on(7 * DAY)
    assert erin.fetch("/api/tasks").status == 403


@pytest.mark.parametrize(("after", "may_wait"), [(14, True), (4, True), (2, False), (0, False)])
def test_grace_that_is_changed_counts_from_the_same_first_meeting(kitchen: Stage, after: int, may_wait: bool) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    assert asked(erin)
    kitchen.clock.on(3 * DAY)
    kitchen.enforce("Chef", grace_days=after)
    erin.log_in(login="login-2")
    assert ("Not now" in erin.go("/2fa/setup").text) is may_wait


def test_grace_that_comes_after_a_rule_without_it_counts_from_the_first_meeting_too(kitchen: Stage) -> None:
    kitchen.enforce("Chef")
    assert asked(kitchen.visitor("erin"))
    kitchen.clock.on(10 * DAY)
    kitchen.enforce("Chef", grace_days=9)
    assert "Not now" not in kitchen.visitor("erin", "login-2").go("/2fa/setup").text
    kitchen.enforce("Chef", grace_days=11)
    assert "<strong>1 day</strong> left" in kitchen.visitor("erin", "login-3").go("/2fa/setup").text


def test_a_rule_that_begins_anew_is_met_anew(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    assert asked(kitchen.visitor("erin"))
    kitchen.enforce("Chef", is_enforced=False)
    kitchen.clock.on(300 * DAY)
    kitchen.enforce("Chef", grace_days=7)
    assert "<strong>7 days</strong> left" in kitchen.visitor("erin", "login-2").go("/2fa/setup").text


def test_with_starts_now_who_put_it_off_goes_on_until_the_grace_is_over(open_stage: Open) -> None:
    stage = open_stage(**KITCHEN, enforcement={"starts": "now"}, pass_hours=24)
    stage.enforce("Chef", grace_days=1)
    erin = stage.visitor("erin")
    put_off(erin)
    assert erin.go("/home").body == b"secret page"
    stage.clock.on(DAY - 60)
    stage.enforce("Chef", grace_days=0)
    assert asked(erin)


def test_a_remembered_choice_to_put_it_off_is_no_second_factor(kitchen: Stage) -> None:
    kitchen.enforce("Chef", grace_days=7)
    erin = kitchen.visitor("erin")
    put_off(erin)
    other = erin.elsewhere()
    other.log_in(login="login-2")
    other.set_up()
    assert erin.go("/home").status == 303
    assert (erin.go("/home").header("location") or "").startswith("/2fa/verify")

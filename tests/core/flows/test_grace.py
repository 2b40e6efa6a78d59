"""A role that leaves time: people are led to the set-up and may put it off, and nothing else is stopped meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.flows.enforcing import DAY, NO_FLAGS, flag, flagged, holding, key
from core.flows.people import (
    ERIN,
    GENERATION,
    NOW,
    PASS_NAME,
    SITE,
    USER,
    access,
    account_row,
    later,
    pass_of,
    request,
    site,
)
from core.flows.stepping import Stepped, step
from core.flows.written import names, seen, seen_roles
from twofa_middleware.accounts.access import Access, Decision, MustSetUp, MustVerify, Passes, decide, look
from twofa_middleware.accounts.passes import Method, read_pass
from twofa_middleware.accounts.unprompted import Opening, open_unprompted
from twofa_middleware.asks import Call, Done, Look, MeetRules, Met, Moved, OpenPass, ReadRoles, Seen
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.http import Request
from twofa_middleware.site import Site

AT_ONCE = site(enforcement={"starts": "now"})
WEEK = flagged("Auditor", grace_days=7)
AUDITOR = holding("Auditor", "End User", flags=WEEK, met={"Auditor": NOW})
UNTIL = NOW + 7 * DAY
BY_A_PERSON = request((b"sec-fetch-mode", b"navigate"))
BY_A_SCRIPT = request((b"sec-fetch-mode", b"cors"))
OTHERS = [BY_A_SCRIPT, request((b"accept", b"application/json")), request(), replace(BY_A_PERSON, kind="websocket")]


def deciding(at: Site, had: Access, asked: Request, *script: Any) -> Stepped[Decision]:
    return step(decide(at, ERIN, asked, had), *script)


# ---- without a pass -------------------------------------------------------------------------------------------------


def test_a_person_is_led_to_the_set_up_and_told_until_when_it_may_wait() -> None:
    assert deciding(SITE, access(), BY_A_PERSON, *AUDITOR).result == MustSetUp("Auditor", UNTIL)


@pytest.mark.parametrize("asked", OTHERS, ids=["fetch", "json", "bare", "websocket"])
def test_whatever_no_person_looks_at_passes_in_grace_and_opens_no_pass(asked: Request) -> None:
    assert deciding(SITE, access(), asked, *AUDITOR).result == Passes()


@pytest.mark.parametrize("asked", [BY_A_PERSON, *OTHERS], ids=["navigation", "fetch", "json", "bare", "websocket"])
@pytest.mark.parametrize(("seconds", "waits"), [(7 * DAY - 1, True), (7 * DAY, False), (400 * DAY, False)])
def test_grace_ends_for_everything_in_the_same_second(asked: Request, seconds: int, waits: bool) -> None:
    done = deciding(SITE, access(), later(asked, seconds), *AUDITOR)
    assert (done.result == MustSetUp("Auditor", UNTIL)) is (not waits or asked is BY_A_PERSON)
    assert (done.result == Passes()) is (waits and asked is not BY_A_PERSON)


def test_a_role_without_grace_leaves_none_to_another_that_has_some() -> None:
    flags = (ReadRoles, (flag("Auditor", grace_days=7)[1], flag("Manager")[1]))
    script = holding("Auditor", "Manager", flags=flags, met={"Auditor": NOW, "Manager": NOW})
    assert deciding(SITE, access(), BY_A_SCRIPT, *script).result == MustSetUp("Manager", 0)


def test_the_meeting_is_noted_whoever_asks() -> None:
    for asked in (BY_A_PERSON, BY_A_SCRIPT):
        assert deciding(SITE, access(), asked, *AUDITOR).one(MeetRules) == MeetRules(USER, (key("Auditor"),), NOW)


def test_grace_is_none_for_who_has_a_phone() -> None:
    assert deciding(SITE, access(enrolled=True), BY_A_SCRIPT).result == MustVerify()


# ---- put off --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 7 * DAY, 400 * DAY])
@pytest.mark.parametrize("asked", [BY_A_PERSON, BY_A_SCRIPT], ids=["navigation", "fetch"])
def test_who_has_put_it_off_passes_until_the_log_in_ends(asked: Request, seconds: int) -> None:
    assert deciding(SITE, access(Method.PUT_OFF), later(asked, seconds)).asked == []


def test_the_next_log_in_has_no_pass_of_the_one_before() -> None:
    row, cookie = pass_of(Method.PUT_OFF)
    assert read_pass(SITE, replace(ERIN, session="session-2"), USER, GENERATION, row, NOW) is None
    sent = request((b"cookie", PASS_NAME.encode() + b"=" + cookie.dump()))
    begun = step(look(SITE, ERIN, sent, log_in_begins=True), (Look, Seen(None, None, None))).result
    assert deciding(SITE, begun, BY_A_PERSON, *AUDITOR).result == MustSetUp("Auditor", UNTIL)


@pytest.mark.parametrize("asked", [BY_A_PERSON, BY_A_SCRIPT], ids=["navigation", "fetch"])
def test_a066_where_rules_start_at_once_it_is_put_off_only_while_there_is_time(asked: Request) -> None:
    had = access(Method.PUT_OFF)
    assert deciding(AT_ONCE, had, later(asked, 7 * DAY - 1), *AUDITOR).result == Passes()
    assert deciding(AT_ONCE, had, later(asked, 7 * DAY), *AUDITOR).result == MustSetUp("Auditor", UNTIL)


def test_a066_where_rules_start_at_once_a_stricter_one_reaches_who_had_put_it_off() -> None:
    script = holding("Manager", flags=flagged("Manager"), met={"Manager": NOW})
    assert deciding(AT_ONCE, access(Method.PUT_OFF), BY_A_PERSON, *script).result == MustSetUp("Manager", 0)


def test_where_the_rule_is_gone_who_had_put_it_off_goes_on_with_that_pass() -> None:
    assert deciding(AT_ONCE, access(Method.PUT_OFF), BY_A_PERSON, NO_FLAGS).result == Passes()


def test_where_rules_start_at_once_a_running_session_is_led_to_the_set_up_and_its_scripts_go_on() -> None:
    had = access(Method.NONE)
    assert deciding(AT_ONCE, had, BY_A_PERSON, *AUDITOR).result == MustSetUp("Auditor", UNTIL)
    assert deciding(AT_ONCE, had, BY_A_SCRIPT, *AUDITOR).result == Passes()


def test_a_pass_that_puts_off_proves_nothing_and_is_dead_once_there_is_a_phone() -> None:
    row, _ = pass_of(Method.PUT_OFF, generation=0)
    assert (row.proven, access(Method.PUT_OFF).is_proven) == (False, False)
    assert read_pass(SITE, ERIN, USER, account_row().generation, row, NOW) is None
    assert deciding(AT_ONCE, access(Method.PUT_OFF, enrolled=True), BY_A_SCRIPT).result == MustVerify()


# ---- what cannot be told is no grace --------------------------------------------------------------------------------


@pytest.mark.parametrize("had", [None, Method.PUT_OFF], ids=["no pass", "put off"])
@pytest.mark.parametrize(
    "script",
    [
        [(ReadRoles, StoreUnavailable("no answer"))],
        [WEEK, (Call, ConnectionError("the directory is down"))],
        [*AUDITOR[:2], (MeetRules, StoreUnavailable("no answer"))],
    ],
    ids=["flags", "roles", "meeting"],
)
def test_a066_what_cannot_be_read_comes_out(had: Method | None, script: Any) -> None:
    with pytest.raises((StoreUnavailable, ConnectionError)):
        deciding(AT_ONCE, access(had), BY_A_SCRIPT, *script)


def test_a_store_that_does_not_say_when_a_rule_was_met_is_taken_to_have_met_it_now() -> None:
    script = (*AUDITOR[:2], (MeetRules, Met({})))
    assert deciding(SITE, access(), later(BY_A_PERSON, DAY), *script).result == MustSetUp("Auditor", UNTIL + DAY)


# ---- the pass -------------------------------------------------------------------------------------------------------


def opening(method: Method, reply: Any = None, roles: frozenset[str] | None = None) -> Stepped[Any]:
    opens = Opening(ERIN, method, 0, None, b"old", roles)
    return step(open_unprompted(SITE, opens, NOW), (OpenPass, reply or Done()))


def test_that_it_was_put_off_is_written_with_the_pass_and_with_who_it_was() -> None:
    done = opening(Method.PUT_OFF)
    asked = done.one(OpenPass)
    assert names(asked.notes) == {"done": ["set-up put off"]}
    assert getattr(seen(asked.notes), "label", None) == "erin"
    assert (asked.ends, asked.generation, done.events) == (b"old", 0, ["set-up put off"])
    assert read_pass(SITE, ERIN, USER, 0, asked.opens, NOW) is not None


def test_that_it_was_put_off_is_not_told_where_the_account_has_moved() -> None:
    done = opening(Method.PUT_OFF, Moved())
    assert (done.result, done.events) == (None, [])


def test_a_pass_that_needed_nothing_is_no_event_but_who_it_was_and_with_which_roles_is_kept() -> None:
    notes = opening(Method.NONE, roles=frozenset({"Zoo", "Cook"})).one(OpenPass).notes
    assert names(notes) == {"done": []}
    assert seen_roles(notes) == {"Zoo", "Cook"}
    assert seen_roles(opening(Method.NONE).one(OpenPass).notes) is None

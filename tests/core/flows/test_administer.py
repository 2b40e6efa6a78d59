"""What administrators do to an account: off and never on, under what they have seen, and written down with who and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.flows.administering import ADA, CODED, DESK, PERSON, overview, reset_row, summary
from core.flows.people import GENERATION, NOW, PHONE, SITE, USER, account_row, disabled_row, unreadable_row
from core.flows.setting_up import account_after
from core.flows.stepping import Stepped, failing_at_each, step
from core.flows.written import left
from twofa_middleware.accounts.administer import (
    MOST_REASON,
    Actor,
    NotOn,
    Reset,
    SwitchedOff,
    disable,
    forget,
    look_at,
    unlock,
)
from twofa_middleware.accounts.reset import is_reset_code
from twofa_middleware.asks import (
    AccountRow,
    Acknowledge,
    Done,
    Emit,
    EndPasses,
    Moved,
    Random,
    ReadSummary,
    ResetAccount,
    Unlock,
)
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Flow

DONE = (ResetAccount, Done())
BROKEN = replace(account_row(), roster=bytes(60))
STARTS = {"on": account_row(), "does not open": BROKEN, "secret does not open": unreadable_row()}
starts = pytest.mark.parametrize("row", STARTS.values(), ids=STARTS)


def resetting(row: AccountRow | None, *script: Any, at: Any = DESK, reason: str = "lost phone") -> Stepped[Reset]:
    return step(disable(at, ADA, overview(row, at), reason, NOW), *script)


# ---- seen -----------------------------------------------------------------------------------------------------------


def test_all_that_is_known_of_a_person_is_one_read() -> None:
    done = step(look_at(DESK, PERSON, NOW), (ReadSummary, summary(account_row())))
    assert done.asked == [ReadSummary(USER, NOW)]
    assert (done.result.person, done.result.generation, done.result.is_on) == (PERSON, GENERATION, True)


@pytest.mark.parametrize(
    ("row", "generation", "is_on"),
    [(None, 0, False), (disabled_row(), GENERATION, False), (reset_row()[0], 9, False), (BROKEN, GENERATION, True)],
    ids=["no account", "off", "reset", "does not open"],
)
def test_a_record_that_does_not_open_counts_as_on_since_it_lets_nobody_in(
    row: AccountRow | None, generation: int, is_on: bool
) -> None:
    seen = overview(row)
    assert (seen.generation, seen.is_on, seen.account is None) == (generation, is_on, row is BROKEN)


def test_an_overview_shows_no_record_in_its_repr() -> None:
    assert repr(account_row().authenticators[PHONE]) not in repr(overview(account_row()))


# ---- switched off ---------------------------------------------------------------------------------------------------


@starts
def test_s9_a_reset_leaves_no_factor_and_no_recovery_code_under_the_next_generation(row: AccountRow) -> None:
    done = resetting(row, DONE)
    asked = done.one(ResetAccount)
    assert (done.result, done.kinds) == (SwitchedOff(), [ResetAccount, Emit])
    assert (asked.user, asked.generation, asked.change.generation) == (USER, GENERATION, GENERATION + 1)
    account = account_after(asked.change)
    assert (account.is_enrolled, account.since, account.codes, account.reset) == (False, 0, frozenset(), b"")


@starts
@pytest.mark.parametrize("at", [DESK, CODED], ids=["open", "code"])
def test_s9_no_act_of_an_administrator_brings_an_authenticator_or_a_pass(row: AccountRow, at: Any) -> None:
    asked = resetting(row, DONE, at=at).one(ResetAccount)
    assert (asked.change.authenticators, asked.change.codes) == ({}, frozenset())
    assert not hasattr(asked, "opens")


@pytest.mark.parametrize("at", [DESK, CODED], ids=["open", "code"])
@pytest.mark.parametrize("row", [None, disabled_row()], ids=["never", "off"])
def test_where_it_is_off_only_that_it_lasts_is_asked(row: AccountRow | None, at: Any) -> None:
    done = resetting(row, (Acknowledge, Done()), at=at)
    assert (done.result, done.asked) == (NotOn(), [Acknowledge(USER)])
    with pytest.raises(StoreUnavailable):
        resetting(row, (Acknowledge, StoreUnavailable("it may not last")), at=at)


def test_a_reset_is_made_under_the_generation_that_was_seen_and_not_one_that_came_since() -> None:
    seen = overview(account_row(generation=GENERATION + 4))
    asked = step(disable(DESK, ADA, seen, "", NOW), DONE).one(ResetAccount)
    assert (asked.generation, asked.change.generation) == (GENERATION + 4, GENERATION + 5)
    assert (asked.user, asked.now) == (USER, NOW)


@pytest.mark.parametrize("at", [DESK, CODED], ids=["open", "code"])
def test_a_reset_that_came_too_late_has_no_code_and_writes_and_tells_nothing(at: Any) -> None:
    done = resetting(account_row(), (ResetAccount, Moved()), at=at)
    assert (done.result, done.events, left(done)) == (Moved(), [], [])


# ---- the code for the next set-up -----------------------------------------------------------------------------------


def test_a_code_is_made_only_where_the_settings_ask_for_it() -> None:
    open_again, coded = resetting(account_row(), DONE), resetting(account_row(), DONE, at=CODED)
    assert open_again.result == SwitchedOff("")
    assert isinstance(coded.result, SwitchedOff)
    account = account_after(coded.one(ResetAccount).change)
    assert is_reset_code(SITE.sealer, account, coded.result.code)
    assert not is_reset_code(SITE.sealer, account, "")


def test_the_code_is_in_no_repr_and_no_event() -> None:
    done = resetting(account_row(), DONE, at=CODED)
    assert isinstance(done.result, SwitchedOff)
    assert len(done.result.code) == 19
    assert done.result.code not in repr(done)
    assert done.result.code not in repr(left(done))


def test_an_account_that_waits_for_its_code_can_get_another_and_the_first_is_dead() -> None:
    row, first = reset_row()
    other = overview(row, CODED)
    flow = disable(CODED, ADA, other, "", NOW)
    next(flow)
    flow.send(b"10 others.")
    asked: Any = flow.send(bytes(24))
    account = account_after(asked.change)
    assert account.reset
    assert not is_reset_code(SITE.sealer, account, first)


def test_where_codes_are_no_longer_asked_for_a_reset_takes_the_old_one_away() -> None:
    done = resetting(reset_row()[0], DONE)
    assert done.result == SwitchedOff()
    assert account_after(done.one(ResetAccount).change).reset == b""


# ---- written down ---------------------------------------------------------------------------------------------------


def acts(reason: str) -> list[Callable[[], Flow[Any]]]:
    return [
        lambda: disable(CODED, ADA, overview(account_row()), reason, NOW),
        lambda: unlock(DESK, ADA, PERSON, reason, NOW),
        lambda: forget(DESK, ADA, PERSON, reason, NOW),
    ]


SCRIPTS: list[Any] = [[DONE], [(Unlock, Done())], [(EndPasses, Done())]]
NAMES = ["disabled by an administrator", "unlocked by an administrator", "ended by an administrator"]
each_act = pytest.mark.parametrize("number", range(3), ids=["disable", "unlock", "forget"])


@each_act
def test_an_act_is_an_event_in_the_log_of_whom_it_happened_to_with_who_did_it_and_why(number: int) -> None:
    (event,) = left(step(acts("lost phone")[number](), *SCRIPTS[number]))
    assert (event.name, event.user, event.label, event.at) == (NAMES[number], "5", "erin", NOW)
    assert event.facts == {"reason": "lost phone", "actor": "1", "actor_name": "ada"}


@each_act
def test_a_reason_is_kept_up_to_its_longest(number: int) -> None:
    (event,) = left(step(acts("x" * 900)[number](), *SCRIPTS[number]))
    assert event.facts["reason"] == "x" * MOST_REASON


@each_act
def test_whoever_acts_is_not_written_down_as_the_person_who_was_seen(number: int) -> None:
    for ask in step(acts("")[number](), *SCRIPTS[number]).asked:
        notes = getattr(ask, "notes", None)
        assert notes is None or (notes.person, notes.roles, notes.takes_back) == (None, None, None)


@each_act
def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow(number: int) -> None:
    reached = [kinds[-1] for kinds in failing_at_each(acts("")[number], *SCRIPTS[number])]
    asked = [kind for kind, _ in SCRIPTS[number]]
    assert [kind for kind in reached if kind is not Random] == [asked[0], Emit, *asked[1:]]


def test_the_command_line_is_an_actor_too() -> None:
    root = Actor("command line: root", "root")
    (event,) = left(step(unlock(DESK, root, PERSON, "", NOW), (Unlock, Done())))
    assert event.facts["actor"] == "command line: root"


# ---- unlocked, ended ------------------------------------------------------------------------------------------------


def test_to_unlock_asks_nothing_but_that() -> None:
    done = step(unlock(DESK, ADA, PERSON, "", NOW), (Unlock, Done()))
    assert (done.kinds, done.one(Unlock).user, done.one(Unlock).now) == ([Unlock, Emit], USER, NOW)


def test_to_forget_asks_nothing_but_that() -> None:
    done = step(forget(DESK, ADA, PERSON, "", NOW), *SCRIPTS[2])
    assert (done.kinds, done.one(EndPasses).user, done.one(EndPasses).now) == ([EndPasses, Emit], USER, NOW)


def test_passes_that_could_not_be_ended_are_not_said_to_be() -> None:
    with pytest.raises(StoreUnavailable):
        step(forget(DESK, ADA, PERSON, "", NOW), (EndPasses, StoreUnavailable("no answer")))

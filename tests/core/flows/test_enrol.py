"""Set-up confirmed: nothing is switched on before a code made with the shown secret is right."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import (
    ENFORCED,
    ERIN,
    GENERATION,
    NOW,
    SECRET,
    SITE,
    STEP,
    USER,
    account_row,
    attempt,
    code,
    disabled_row,
    site,
    wrong_code,
)
from core.flows.proving import UNTOUCHABLE
from core.flows.setting_up import FLOW, RIGHT, TAKEN, account_after, confirming, setup_row
from core.flows.stepping import failing_at_each, first, step
from core.flows.written import left, names, seen
from twofa_middleware.accounts.account import open_account
from twofa_middleware.accounts.attempts import Accepted, Wrong
from twofa_middleware.accounts.enrol import Expired
from twofa_middleware.accounts.passes import Method, read_pass
from twofa_middleware.asks import (
    SETTLE_SECONDS,
    Emit,
    Moved,
    Random,
    Spent,
    Stopped,
    TakeAttempt,
    TurnOn,
    Waiting,
)
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.factors import recovery
from twofa_middleware.factors.totp import Ahead, Past
from twofa_middleware.protocol import Person


def test_a_right_code_is_counted_then_all_is_turned_on_at_once_then_told() -> None:
    done = step(confirming(code()), *RIGHT)
    assert done.kinds == [TakeAttempt, TurnOn, Emit]
    assert done.events == ["enrolled"]
    assert isinstance(done.result, Accepted)
    assert done.result.codes_left == 10


def test_a054_turning_on_spends_the_step_of_the_code() -> None:
    asked = step(confirming(code(NOW + 30)), *RIGHT).one(TurnOn)
    assert (asked.user, asked.attempt_at, asked.generation, asked.setup_digest) == (USER, NOW, 0, FLOW)
    assert asked.step == STEP + 1


def test_the_new_account_has_the_shown_secret_sealed_and_ten_codes() -> None:
    done = step(confirming(code()), *RIGHT)
    change = done.one(TurnOn).change
    account = account_after(change)
    found = account.authenticator(SITE.sealer)
    assert found is not None
    assert found[1] == SECRET
    assert account.since == NOW
    assert all(SECRET not in record for record in change.authenticators.values())
    assert isinstance(done.result, Accepted)
    codes = done.result.prepared.codes
    assert len(codes) == len(change.codes) == 10
    assert {recovery.find(SITE.sealer, USER, text, change.codes) for text in codes} == change.codes


def test_the_acting_session_gets_a_proven_pass_under_the_new_generation() -> None:
    done = step(confirming(code()), *RIGHT)
    asked = done.one(TurnOn)
    found = read_pass(SITE, ERIN, USER, asked.change.generation, asked.opens, NOW)
    assert found is not None
    assert found.method is Method.TOTP
    assert asked.opens.proven


def test_an_account_that_is_born_gets_random_bits_into_its_generation() -> None:
    born = step(confirming(code()), *RIGHT).one(TurnOn).change.generation
    assert born % 2**20 == 1
    assert 2**20 < born < 2**60


def test_an_account_that_was_switched_off_goes_on_counting() -> None:
    row = disabled_row()
    began = setup_row(account=open_account(SITE.sealer, USER, row))
    asked = step(confirming(code()), (TakeAttempt, attempt(row, began)), RIGHT[1]).one(TurnOn)
    assert (asked.generation, asked.change.generation) == (GENERATION, GENERATION + 1)


def test_the_attempt_is_counted_before_the_code_is_looked_at() -> None:
    flow = confirming(UNTOUCHABLE, reset=UNTOUCHABLE)
    asked = first(flow, TakeAttempt)
    assert (asked.user, asked.now, asked.setup_digest) == (USER, NOW, FLOW)
    with pytest.raises(AttributeError):
        flow.send(attempt(setup=setup_row()))


def test_a_failure_is_written_with_the_count_and_stays_with_the_user_while_the_code_is_looked_at() -> None:
    notes = first(confirming(UNTOUCHABLE), TakeAttempt).notes
    assert names(notes) == {
        "attempt": ["set-up code wrong"],
        "waiting": ["code refused while waiting"],
        "stopped": ["code refused, stopped"],
    }
    assert notes is not None
    assert (notes.takes_back, notes.rows["attempt"][0].ready_at) == (None, NOW + SETTLE_SECONDS)


@pytest.mark.parametrize(("reply", "event"), [(Spent(10), "enrolled"), (Moved(), "code refused, account changed")])
def test_turning_on_takes_the_failure_back_and_writes_what_it_was(reply: Any, event: str) -> None:
    done = step(confirming(code()), TAKEN, (TurnOn, reply))
    counted, notes = done.one(TakeAttempt).notes, done.one(TurnOn).notes
    assert counted is not None
    assert notes is not None
    assert notes.takes_back == counted.rows["attempt"][0].id
    assert [found.name for found in left(done)] == done.events == [event]
    assert seen(notes) == Person("5", "erin")


@pytest.mark.parametrize("reply", [Waiting(NOW + 30), Stopped()])
def test_a046_no_code_is_looked_at_while_waiting_or_stopped(reply: Waiting | Stopped) -> None:
    done = step(confirming(UNTOUCHABLE, reset=UNTOUCHABLE), (TakeAttempt, reply))
    assert (done.result, done.kinds) == (reply, [TakeAttempt, Emit])


@pytest.mark.parametrize("text", ["", "000000", wrong_code(), code(NOW - 600)])
def test_a064_a_wrong_code_turns_nothing_on_and_makes_nothing(text: str) -> None:
    done = step(confirming(text), TAKEN)
    assert isinstance(done.result, Wrong)
    assert done.after(TakeAttempt) == [Emit]
    assert done.events == ["set-up code wrong"]


@pytest.mark.parametrize(("seconds", "hint"), [(-180, Past(180)), (-600, Past(600)), (180, Ahead(180))])
def test_a_clock_that_is_off_is_explained_in_either_direction_and_turns_nothing_on(seconds: int, hint: object) -> None:
    done = step(confirming(code(NOW + seconds)), TAKEN)
    assert done.result == Wrong(4, 0, hint)  # type: ignore[arg-type]
    assert done.kinds == [TakeAttempt, Emit]


def test_a059_who_has_a_phone_already_cannot_set_up_another_by_this_door() -> None:
    done = step(confirming(UNTOUCHABLE), (TakeAttempt, attempt(account_row(), setup_row())))
    assert (done.result, done.after(TakeAttempt)) == (Moved(), [Emit])


def test_a_setup_that_has_expired_or_was_never_begun_turns_nothing_on() -> None:
    done = step(confirming(UNTOUCHABLE), (TakeAttempt, attempt()))
    assert (done.result, done.after(TakeAttempt)) == (Expired(), [Emit])


def test_a062_a_right_code_for_a_setup_that_lost_the_race_gives_nothing() -> None:
    done = step(confirming(code()), TAKEN, (TurnOn, Moved()))
    assert (done.result, done.events) == (Moved(), ["code refused, account changed"])


def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow() -> None:
    reached = list(failing_at_each(lambda: confirming(code()), *RIGHT))
    assert [kinds[-1] for kinds in reached if kinds[-1] is not Random] == [TakeAttempt, TurnOn, Emit]


def test_set_up_does_not_depend_on_roles() -> None:
    assert step(confirming(code(), at=ENFORCED), *RIGHT).kinds == [TakeAttempt, TurnOn, Emit]


def test_a031_a_setup_of_another_realm_is_unreadable() -> None:
    elsewhere = site(realm="other")
    with pytest.raises(UnreadableRecord):
        step(confirming(code(), at=elsewhere), TAKEN)

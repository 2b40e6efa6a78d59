"""The event of an attempt: a failure written with the count, taken back by what the code turned out to be."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import CODES, NOW, account_row, attempt, code, with_dead_codes, wrong_code
from core.flows.proving import RIGHT, RIGHT_RECOVERY, UNTOUCHABLE, accepted, trying
from core.flows.stepping import first, step
from core.flows.written import left, names, opened, seen
from twofa_middleware.accounts.attempts import FEW_CODES, Proof, RecoveryCode, TotpCode
from twofa_middleware.asks import (
    SETTLE_SECONDS,
    Moved,
    Notes,
    SpendCode,
    SpendStep,
    Spent,
    SpentBefore,
    TakeAttempt,
    TakeRecoveryAttempt,
)
from twofa_middleware.protocol import Person

both = pytest.mark.parametrize(
    ("proof", "right"), [(TotpCode(code()), RIGHT), (RecoveryCode(CODES[0]), RIGHT_RECOVERY)], ids=["totp", "recovery"]
)


def notes_of(stepped: Any, kind: Any) -> Notes:
    notes = stepped.one(kind).notes
    assert isinstance(notes, Notes)
    return notes


@pytest.mark.parametrize(
    ("proof", "kind"), [(TotpCode(UNTOUCHABLE), TakeAttempt), (RecoveryCode(UNTOUCHABLE), TakeRecoveryAttempt)]
)
def test_a048_a_failure_is_in_the_same_question_that_counts_it_before_the_code_is_looked_at(
    proof: Proof, kind: Any
) -> None:
    assert names(first(trying(proof), kind).notes) == {
        "attempt": ["code wrong"],
        "waiting": ["code refused while waiting"],
        "stopped": ["code refused, stopped"],
    }


@both
def test_the_failure_may_be_taken_back_for_as_long_as_a_code_takes_to_be_looked_at(proof: Proof, right: Any) -> None:
    counted = notes_of(step(trying(proof), *right), right[0][0])
    (row,) = counted.rows["attempt"]
    assert (row.at, row.ready_at, row.is_minor) == (NOW, NOW + SETTLE_SECONDS, False)
    assert (counted.takes_back, counted.person) == (None, None)  # a wrong code says nothing about who was there


@both
@pytest.mark.parametrize("reply", [Spent(9), SpentBefore(), Moved()], ids=["spent", "used", "moved"])
def test_whatever_comes_of_a_right_code_takes_back_just_that_failure(proof: Proof, right: Any, reply: Any) -> None:
    (take, attempted), (spend, _) = right
    done = step(trying(proof), (take, attempted), (spend, reply))
    assert notes_of(done, spend).takes_back == notes_of(done, take).rows["attempt"][0].id
    assert len(left(done)) == 1
    assert left(done)[0].name != "code wrong"


@both
def test_what_a_right_code_writes_by_its_outcome(proof: Proof, right: Any) -> None:
    done = step(trying(proof), *right)
    assert names(notes_of(done, right[1][0])) == {
        "spent": ["code accepted"],
        "spent before": ["code used before"],
        "moved": ["code refused, account changed"],
    }


@both
def test_a_right_code_brings_who_was_there_up_to_date(proof: Proof, right: Any) -> None:
    notes = notes_of(step(trying(proof), *right), right[1][0])
    assert seen(notes) == Person("5", "erin")
    assert notes.roles is None  # nobody has asked for them


@both
def test_the_event_says_by_which_factor_and_how_many_codes_are_left(proof: Proof, right: Any) -> None:
    (event,) = left(step(trying(proof), *right))
    by_totp = isinstance(proof, TotpCode)
    assert event.facts == {"by": "totp" if by_totp else "recovery", "codes_left": 10 if by_totp else 9}
    assert (event.user, event.label, event.at, event.app) == ("5", "erin", NOW, "shop")


@pytest.mark.parametrize(("had", "is_told"), [(FEW_CODES + 2, False), (FEW_CODES + 1, True), (1, True)])
def test_that_few_recovery_codes_are_left_is_told_by_the_one_that_was_used(had: int, is_told: bool) -> None:
    script = (TakeRecoveryAttempt, attempt(account_row(codes=CODES[:had]))), (SpendCode, Spent(had - 1))
    done = step(trying(RecoveryCode(CODES[0])), *script)
    assert ("recovery codes low" in done.events) is is_told


@pytest.mark.parametrize("by_totp", [True, False])
def test_a117_neither_events_nor_the_verdict_count_codes_of_a_retired_key(by_totp: bool) -> None:
    taken = attempt(with_dead_codes(account_row(codes=CODES[:3]), CODES[3:]))
    proof: Proof = TotpCode(code()) if by_totp else RecoveryCode(CODES[0])
    kinds = (TakeAttempt, SpendStep) if by_totp else (TakeRecoveryAttempt, SpendCode)
    done = step(trying(proof), (kinds[0], taken), (kinds[1], Spent(10 if by_totp else 9)))  # a store counts all
    assert accepted(done).codes_left == (3 if by_totp else 2)
    assert [event.facts["codes_left"] for event in left(done)] == ([3] if by_totp else [2, 2])
    assert ("recovery codes low" in done.events) is not by_totp


def test_a_code_of_the_app_says_nothing_of_few_recovery_codes() -> None:
    script = (TakeAttempt, attempt(account_row(codes=CODES[:1]))), (SpendStep, Spent(1))
    assert step(trying(TotpCode(code())), *script).events == ["code accepted"]


def test_a_wrong_code_leaves_the_failure_where_it_was_written() -> None:
    done = step(trying(TotpCode(wrong_code())), RIGHT[0])
    (row,) = notes_of(done, TakeAttempt).rows["attempt"]
    assert left(done) == [opened(row)]

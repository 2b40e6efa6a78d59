"""The one-time code of a first set-up, where the settings want one: how it is made, and that nothing goes round it."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.administering import ADA, DESK, overview, reset_row
from core.flows.people import NOW, STRICT, USER, account_row, attempt, code, disabled_row, unreadable_row
from core.flows.setting_up import account_after, confirming, setup_row
from core.flows.stepping import Stepped, failing_at_each, step
from core.flows.written import left
from twofa_middleware.accounts.account import are_born_alike
from twofa_middleware.accounts.administer import AlreadyOn, CodeMade, let_set_up
from twofa_middleware.accounts.enrol import WrongReset
from twofa_middleware.accounts.reset import is_reset_code
from twofa_middleware.asks import AccountRow, Done, Moved, Note, ResetAccount, TakeAttempt

MADE = (ResetAccount, Done())


def letting(row: AccountRow | None, *script: Any) -> Stepped[CodeMade | AlreadyOn | Moved]:
    return step(let_set_up(DESK, ADA, overview(row), "a new colleague", NOW), *script)


@pytest.mark.parametrize("typed", ["", "0000-0000-0000-0000", code()])
def test_a064_where_no_code_was_made_no_text_turns_anything_on(typed: str) -> None:
    """Also for a form that came just before the rule, or the deletion of an account, was seen."""
    done = step(confirming(code(), at=STRICT, reset=typed), (TakeAttempt, attempt(None, setup_row())), (Note, Done()))
    assert done.result == WrongReset(4, 0)


def test_the_code_that_is_made_is_the_one_that_the_account_takes() -> None:
    done = letting(None, MADE)
    assert isinstance(done.result, CodeMade)
    account = account_after(done.one(ResetAccount).change)
    assert (account.is_enrolled, account.codes) == (False, frozenset())
    assert is_reset_code(DESK.sealer, account, done.result.code)
    assert not is_reset_code(DESK.sealer, account, "0000-0000-0000-0000")
    assert done.result.code not in repr(done.result)
    (event,) = left(done)
    assert (event.name, event.facts["reason"]) == ("set-up code made", "a new colleague")
    assert done.result.code not in str(event)


def test_an_account_that_is_born_so_is_another_one_each_time() -> None:
    born = [letting(None, MADE).one(ResetAccount).change.generation for _ in range(2)]
    assert all(generation & 0xFFFFF == 1 for generation in born)
    assert not are_born_alike(0, born[0])


@pytest.mark.parametrize("row", [disabled_row(), reset_row()[0]])
def test_an_account_that_is_there_goes_on_under_its_next_generation(row: AccountRow) -> None:
    asked = letting(row, MADE).one(ResetAccount)
    assert (asked.user, asked.generation, asked.change.generation) == (USER, row.generation, row.generation + 1)


@pytest.mark.parametrize("row", [account_row(), unreadable_row()])
def test_nothing_is_asked_for_somebody_who_has_a_second_factor_or_a_record_that_does_not_open(row: AccountRow) -> None:
    done = letting(row)
    assert (done.result, done.kinds) == (AlreadyOn(), [])


def test_what_came_too_late_has_no_code_and_tells_nothing() -> None:
    done = letting(None, (ResetAccount, Moved()))
    assert (done.result, done.events) == (Moved(), [])


def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow() -> None:
    reached = [kinds[-1] for kinds in failing_at_each(lambda: let_set_up(DESK, ADA, overview(None), "new", NOW), MADE)]
    assert ResetAccount in reached

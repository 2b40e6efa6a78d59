"""Contract: a step or a recovery code is accepted once. Attacks 49, 50, 52, 72, 77, 85."""

from __future__ import annotations

from typing import Any

import pytest

from support.stores import (
    ALICE,
    CODES,
    DAY,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    a_setup,
    account_of,
    ask,
    enrol,
    fail,
    has_browser,
    has_pass,
    look,
    spend_code,
    spend_step,
    summary_of,
)
from twofa_middleware import asks
from twofa_middleware.asks import Moved, Spent, SpentBefore
from twofa_middleware.protocol import Store

NEXT = GENERATION + 1
SPENDINGS: list[Any] = [pytest.param(spend_step, id="step"), pytest.param(spend_code, id="code")]


def test_a049_a_step_is_accepted_once(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_step()) == Spent(codes_left=3)
    assert ask(store, spend_step()) == SpentBefore()


def test_a050_a_step_before_the_last_is_spent(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 2))
    assert ask(store, spend_step(step=STEP + 1)) == SpentBefore()
    assert account_of(store).last_step == STEP + 2


def test_a052_the_last_step_never_expires(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 1))
    assert ask(store, spend_step(step=STEP + 1, at=NOW + 3650 * DAY)) == SpentBefore()


def test_a049_a_spent_step_opens_nothing(store: Store) -> None:
    enrol(store)
    ask(store, spend_step())
    ask(store, spend_step(opens=a_pass("thief", proven=True), remembers=a_browser(), ends=b"first"))
    assert not has_pass(store, "thief")
    assert not has_browser(store, "browser")
    assert has_pass(store, "first")


def test_a_step_checked_under_another_generation_has_moved(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_step(generation=NEXT)) == Moved()
    assert account_of(store).last_step == STEP


def test_a_step_of_an_authenticator_that_is_gone_has_moved(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_step(authenticator="old phone")) == Moved()
    assert account_of(store).last_step == STEP


@pytest.mark.parametrize("spend", SPENDINGS)
def test_without_an_account_it_has_moved(store: Store, spend: Any) -> None:
    assert ask(store, spend(generation=0)) == Moved()


def test_a072_a_recovery_code_is_accepted_once(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_code()) == Spent(codes_left=2)
    assert ask(store, spend_code()) == SpentBefore()
    assert account_of(store).codes == CODES - {b"code-1"}


def test_a036_a_recovery_code_leaves_the_failures_of_its_second_since_one_may_be_under_way(store: Store) -> None:
    enrol(store)
    fail(store, 2, at=NOW - 1)
    ask(store, asks.TakeAttempt(ALICE, NOW))  # of somebody whose code will be right
    assert isinstance(ask(store, spend_code()), Spent)
    ask(store, asks.TakeAttempt(ALICE, NOW))  # of a guess
    assert isinstance(ask(store, spend_step()), Spent)
    assert summary_of(store).failures == 1  # the guess stays counted


def test_a_code_that_never_was_is_refused_and_opens_nothing(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_code(code=b"guess", opens=a_pass("thief"), ends=b"first")) == SpentBefore()
    assert not has_pass(store, "thief")
    assert has_pass(store, "first")


def test_a_recovery_code_under_another_generation_has_moved(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_code(generation=NEXT)) == Moved()
    assert account_of(store).codes == CODES


def test_a072_the_old_codes_are_dead_after_a_new_set_was_made(store: Store) -> None:
    enrol(store)
    change = a_change(NEXT, codes=frozenset({b"new-1", b"new-2"}))
    assert ask(store, spend_step(change=change)) == Spent(codes_left=2)
    assert ask(store, spend_code(code=b"code-2", generation=NEXT)) == SpentBefore()
    assert ask(store, spend_code(code=b"new-1", generation=NEXT)) == Spent(codes_left=1)


def test_a_recovery_code_with_a_change_is_taken_from_the_old_set(store: Store) -> None:
    enrol(store)
    new = frozenset({b"new-1", b"new-2"})
    assert ask(store, spend_code(code=b"new-1", change=a_change(NEXT, codes=new))) == SpentBefore()
    assert account_of(store).generation == GENERATION
    assert ask(store, spend_code(code=b"code-1", change=a_change(NEXT, codes=new))) == Spent(codes_left=2)
    assert account_of(store).codes == new


@pytest.mark.parametrize("spend", SPENDINGS)
def test_spending_opens_a_pass_remembers_the_browser_and_ends_the_old_pass(store: Store, spend: Any) -> None:
    enrol(store)
    ask(store, spend(opens=a_pass("new", proven=True), remembers=a_browser(), ends=b"first"))
    assert ask(store, look(pass_="new", browser="browser")) == asks.Seen(
        account=account_of(store), pass_row=a_pass("new", proven=True), browser=a_browser()
    )
    assert not has_pass(store, "first")


@pytest.mark.parametrize("spend", SPENDINGS)
def test_spending_without_a_change_keeps_what_was_issued_before(store: Store, spend: Any) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    before = account_of(store)
    ask(store, spend(step=STEP + 9) if spend is spend_step else spend())
    assert has_pass(store, "first")
    assert has_browser(store, "browser")
    assert ask(store, asks.ReadSetup(ALICE, b"other", NOW)) == a_setup("other")
    after = account_of(store)
    assert (after.generation, after.roster, after.authenticators) == (
        before.generation,
        before.roster,
        before.authenticators,
    )


@pytest.mark.parametrize("spend", SPENDINGS)
def test_a077_a085_a_change_ends_every_pass_browser_and_setup(store: Store, spend: Any) -> None:
    enrol(store)
    ask(store, spend_step(opens=a_pass("proven", proven=True), remembers=a_browser()))
    ask(store, asks.OpenPass(ALICE, GENERATION, a_pass("unproven"), None, None, NOW))
    ask(store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    values = {"change": a_change(NEXT), "opens": a_pass("acting", proven=True), "remembers": a_browser("acting")}
    assert isinstance(ask(store, spend(**values, **({"step": STEP + 2} if spend is spend_step else {}))), Spent)
    assert [has_pass(store, name) for name in ("first", "proven", "unproven", "acting")] == [False] * 3 + [True]
    assert ask(store, asks.ReadBrowsers(ALICE, NOW)) == (a_browser("acting"),)
    assert ask(store, asks.ReadSetup(ALICE, b"other", NOW)) is None


def test_a_change_replaces_the_whole_account_but_the_last_step(store: Store) -> None:
    enrol(store)
    change = a_change(NEXT, codes=frozenset({b"new"}), tablet=b"sealed", key=b"other")
    ask(store, spend_step(step=STEP + 4, change=change))
    assert account_of(store) == asks.AccountRow(
        generation=NEXT,
        last_step=STEP + 4,
        roster=change.roster,
        authenticators={"tablet": b"sealed", "key": b"other"},
        codes=frozenset({b"new"}),
    )


def test_a052_the_last_step_outlives_a_disable(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_step(step=STEP + 5, change=NO_FACTORS)) == Spent(codes_left=0)
    assert account_of(store).last_step == STEP + 5


def test_a_recovery_code_leaves_the_last_step_alone(store: Store) -> None:
    enrol(store)
    ask(store, spend_code(change=a_change(NEXT)))
    assert account_of(store).last_step == STEP


def test_a085_what_was_decided_before_a_change_has_moved(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 1, change=a_change(NEXT)))
    assert ask(store, spend_step(step=STEP + 2)) == Moved()
    assert ask(store, spend_code()) == Moved()
    assert ask(store, asks.OpenPass(ALICE, GENERATION, a_pass(), None, None, NOW)) == Moved()


def test_a_change_can_end_the_pass_that_it_was_asked_under(store: Store) -> None:
    enrol(store)
    assert isinstance(ask(store, spend_step(ends=b"first", change=NO_FACTORS, opens=a_pass("none"))), Spent)
    assert has_pass(store, "none")
    assert not has_pass(store, "first")

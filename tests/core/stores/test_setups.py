"""Contract: set-ups and turning on. Attacks 54, 62, 63, 77, 109."""

from __future__ import annotations

import pytest

from support.stores import (
    ALICE,
    BOB,
    DAY,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_change,
    a_pass,
    a_setup,
    account_of,
    ask,
    enrol,
    has_pass,
    look,
    open_pass,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.asks import Moved, Spent
from twofa_middleware.protocol import Store

NEXT = GENERATION + 1


def begin(store: Store, name: str, at: int = NOW) -> asks.SetupRow:
    return ask(store, asks.BeginSetup(ALICE, a_setup(name, at=at), at)).setup


def begun(store: Store, name: str, at: int = NOW) -> asks.SetupRow | None:
    return ask(store, asks.ReadSetup(ALICE, name.encode(), at))


def test_a_setup_is_kept_as_it_was_begun(store: Store) -> None:
    assert begin(store, "setup") == a_setup()
    assert begun(store, "setup") == a_setup()
    assert begun(store, "other") is None


def test_beginning_again_under_one_digest_answers_the_first_secret(store: Store) -> None:
    begin(store, "setup")
    other = asks.SetupRow(b"setup", b"another secret", NOW + 5, NOW + 605)
    assert ask(store, asks.BeginSetup(ALICE, other, NOW + 5)) == asks.Begun(a_setup(), is_new=False)
    assert begun(store, "setup") == a_setup()


def test_a109_a_setup_is_gone_when_its_time_is_over(store: Store) -> None:
    begin(store, "setup")
    assert begun(store, "setup", NOW + 599) is not None
    assert begun(store, "setup", NOW + 600) is None


def test_an_expired_setup_is_replaced_by_a_new_one_of_its_digest(store: Store) -> None:
    begin(store, "setup")
    assert begin(store, "setup", NOW + 600) == a_setup(at=NOW + 600)


def test_a109_three_setups_are_kept_and_the_oldest_goes(store: Store) -> None:
    for second in range(5):
        begin(store, f"setup-{second}", NOW + second)
    assert [begun(store, f"setup-{second}", NOW + 5) is not None for second in range(5)] == [False] * 2 + [True] * 3


def test_a_new_setup_stays_even_if_the_clock_was_put_back(store: Store) -> None:
    for second in range(3):
        begin(store, f"setup-{second}", NOW + DAY + second)
    begin(store, "new", NOW)
    assert begun(store, "new") is not None


def test_turning_on_makes_the_account(store: Store) -> None:
    assert ask(store, look()).account is None
    enrol(store)
    change = a_change()
    assert account_of(store) == asks.AccountRow(
        GENERATION, STEP, change.roster, dict(change.authenticators), change.codes
    )


def test_turning_on_says_how_many_codes_there_are_and_opens_the_pass(store: Store) -> None:
    begin(store, "setup")
    assert ask(store, turn_on(opens=a_pass("acting", proven=True))) == Spent(codes_left=3)
    assert has_pass(store, "acting")


def test_a054_turning_on_spends_its_step(store: Store) -> None:
    enrol(store)
    assert ask(store, spend_step(step=STEP)) == asks.SpentBefore()


def test_a063_turning_on_needs_a_setup_that_was_begun(store: Store) -> None:
    assert ask(store, turn_on()) == Moved()
    assert ask(store, look(pass_="first")) == asks.Seen(None, None, None)


def test_a063_turning_on_needs_the_users_own_setup(store: Store) -> None:
    ask(store, asks.BeginSetup(BOB, a_setup(), NOW))
    assert ask(store, turn_on(ALICE)) == Moved()


def test_turning_on_needs_a_setup_that_has_not_expired(store: Store) -> None:
    begin(store, "setup")
    assert ask(store, turn_on(at=NOW + 600)) == Moved()
    assert isinstance(ask(store, turn_on(at=NOW + 599)), Spent)


@pytest.mark.parametrize("generation", [0, NEXT])
def test_turning_on_under_another_generation_has_moved(store: Store, generation: int) -> None:
    enrol(store)
    begin(store, "second")
    assert ask(store, turn_on(setup="second", generation=generation, change=a_change(NEXT, thief=b"x"))) == Moved()
    assert account_of(store).generation == GENERATION


def test_a_first_turn_on_under_a_generation_that_never_was_has_moved(store: Store) -> None:
    begin(store, "setup")
    assert ask(store, turn_on(generation=GENERATION)) == Moved()
    assert ask(store, look()).account is None


def test_a062_of_two_setups_the_first_that_is_confirmed_wins(store: Store) -> None:
    begin(store, "owner")
    begin(store, "thief")
    assert isinstance(ask(store, turn_on(setup="owner", change=a_change(phone=b"owner"))), Spent)
    assert ask(store, turn_on(setup="thief", change=a_change(phone=b"thief"))) == Moved()
    assert account_of(store).authenticators == {"phone": b"owner"}


def test_a062_turning_on_ends_the_other_setups(store: Store) -> None:
    begin(store, "owner")
    begin(store, "thief")
    ask(store, turn_on(setup="owner"))
    assert begun(store, "thief") is None
    assert begun(store, "owner") is None


def test_a077_turning_on_ends_the_passes_that_needed_nothing(store: Store) -> None:
    ask(store, open_pass(a_pass("elsewhere"), generation=0))
    enrol(store)
    assert not has_pass(store, "elsewhere")


def test_a052_turning_on_again_never_takes_the_last_step_back(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 20, change=NO_FACTORS))
    begin(store, "again")
    again = turn_on(setup="again", generation=NEXT, step=STEP + 3, change=a_change(NEXT + 1))
    assert isinstance(ask(store, again), Spent)
    assert account_of(store).last_step == STEP + 20
    assert account_of(store).generation == NEXT + 1

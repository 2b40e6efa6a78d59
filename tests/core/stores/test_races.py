"""Contract: what happens at once happens one after the other. Attacks 36, 49, 51, 62, 72."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from support.store_races import Question, Race, in_an_event_loop, in_processes, in_threads
from support.stores import (
    CODES,
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
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.asks import Attempt, Moved, Spent, SpentBefore, Waiting
from twofa_middleware.protocol import UserKey
from twofa_middleware.stores.sqlite import SQLiteStore

AT_ONCE = 200
USERS = [UserKey(f"user-{number}") for number in range(20)]

Run = Callable[[Sequence[Sequence[Question]]], list[Counter[type]]]


@pytest.fixture(params=[in_threads, in_an_event_loop, in_processes], ids=lambda race: race.__name__)
def run(request: pytest.FixtureRequest, url: str, sqlite_store: SQLiteStore) -> Run:
    """Runs rounds of questions, each round at one moment, and counts the kinds of replies of each round."""
    race: Race = request.param
    store_id = SQLiteStore.create(url)

    def run_rounds(rounds: Sequence[Sequence[Question]]) -> list[Counter[type]]:
        return [Counter(map(type, replies)) for replies in race(url, store_id, rounds)]

    return run_rounds


def everybody_enrols(store: SQLiteStore) -> None:
    for user in USERS:
        enrol(store, user)


def test_a051_of_200_submissions_of_one_right_step_exactly_one_is_accepted(sqlite_store: SQLiteStore, run: Run) -> None:
    everybody_enrols(sqlite_store)
    counted = run([[spend_step(user)] * AT_ONCE for user in USERS])
    assert counted == [Counter({Spent: 1, SpentBefore: AT_ONCE - 1})] * len(USERS)


def test_a036_of_200_wrong_codes_no_more_than_five_are_looked_at(run: Run) -> None:
    counted = run([[asks.TakeAttempt(user, NOW)] * AT_ONCE for user in USERS])
    assert counted == [Counter({Attempt: 5, Waiting: AT_ONCE - 5})] * len(USERS)


def test_a036_of_200_recovery_codes_no_more_than_ten_are_looked_at(run: Run) -> None:
    counted = run([[asks.TakeRecoveryAttempt(user, NOW)] * AT_ONCE for user in USERS])
    assert counted == [Counter({Attempt: 10, Waiting: AT_ONCE - 10})] * len(USERS)


def test_a072_a_recovery_code_is_accepted_once_of_200_times(sqlite_store: SQLiteStore, run: Run) -> None:
    everybody_enrols(sqlite_store)
    counted = run([[spend_code(user)] * AT_ONCE for user in USERS])
    assert counted == [Counter({Spent: 1, SpentBefore: AT_ONCE - 1})] * len(USERS)
    assert {account_of(sqlite_store, user).codes for user in USERS} == {CODES - {b"code-1"}}


def test_a_rush_of_changes_is_queued_and_every_one_is_made(url: str, sqlite_store: SQLiteStore) -> None:
    rush = [asks.TakeAttempt(UserKey(f"somebody-{number}"), NOW) for number in range(1000)]
    (replies,) = in_processes(url, SQLiteStore.create(url), [rush])
    assert Counter(map(type, replies)) == Counter({Attempt: len(rush)})


def test_a062_of_two_setups_confirmed_at_once_exactly_one_wins(sqlite_store: SQLiteStore, run: Run) -> None:
    rounds: list[list[Any]] = []
    for user in USERS:
        for name in ("owner", "thief"):
            ask(sqlite_store, asks.BeginSetup(user, a_setup(name), NOW))
        rounds.append([turn_on(user, setup=name, change=a_change(phone=name.encode())) for name in ("owner", "thief")])
    assert run(rounds) == [Counter({Spent: 1, Moved: 1})] * len(USERS)
    assert all(account_of(sqlite_store, user).generation == GENERATION for user in USERS)


def test_a049_a_disable_against_verifications_leaves_no_pass_of_theirs(sqlite_store: SQLiteStore, run: Run) -> None:
    everybody_enrols(sqlite_store)
    rounds = []
    for user in USERS:
        disable = spend_step(user, step=STEP + 2, change=NO_FACTORS, opens=a_pass("none"))
        verify = spend_step(user, step=STEP + 1, opens=a_pass("verified", proven=True))
        rounds.append([disable, verify] * (AT_ONCE // 2))
    for kinds in run(rounds):
        assert kinds[Spent] in (1, 2)  # the disable, and a verification if it came before
        assert kinds.total() == kinds[Spent] + kinds[SpentBefore] + kinds[Moved] == AT_ONCE
    for user in USERS:
        assert account_of(sqlite_store, user).generation == NO_FACTORS.generation
        assert has_pass(sqlite_store, "none", user)
        assert not has_pass(sqlite_store, "verified", user)
        assert not has_pass(sqlite_store, "first", user)

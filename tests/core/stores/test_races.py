"""Contract: what happens at once happens one after the other. Attacks 36, 49, 51, 62, 72."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from support.redis_servers import new_realm, shared_redis
from support.store_races import ROUND_SECONDS, Place, Question, Race, in_an_event_loop, in_processes, in_threads
from support.stores import (
    ALICE,
    BOB,
    CODES,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_change,
    a_pass,
    a_setup,
    account_of,
    all_events,
    ask,
    carry,
    enrol,
    has_pass,
    notes_of,
    row_id,
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.asks import Attempt, Done, Moved, Spent, SpentBefore, Waiting
from twofa_middleware.protocol import Store, UserKey
from twofa_middleware.stores import redis_clients
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.sqlite import SQLiteStore

AT_ONCE = 200
ROUNDS = {SQLiteStore: 20, RedisStore: 8}  # a round over the network takes longer

Run = Callable[[Sequence[Sequence[Question]]], list[Counter[Any]]]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A race shows what comes first, not how fast: on a busy machine 200 at once take longer than a question may."""
    monkeypatch.setattr(redis_clients, "SOCKET_SECONDS", ROUND_SECONDS)
    monkeypatch.setattr(redis_clients, "POOL_SECONDS", ROUND_SECONDS)


@pytest.fixture(params=ROUNDS, ids=lambda kind: kind.__name__)
def place(request: pytest.FixtureRequest, url: str) -> Place:
    """Where the store of a race is; it is made when it is first opened."""
    if request.param is SQLiteStore:
        return Place(SQLiteStore, url, "")
    return Place(RedisStore, shared_redis().url, new_realm())


@pytest.fixture
def users(place: Place) -> list[UserKey]:
    """Somebody for each round."""
    return [UserKey(f"user-{number}") for number in range(ROUNDS[place.kind])]


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with closing(place.open()) as opened:
        yield opened


@pytest.fixture(params=[in_threads, in_an_event_loop, in_processes], ids=lambda race: race.__name__)
def run(request: pytest.FixtureRequest, place: Place, store: Store) -> Run:
    """Runs rounds of questions, each round at one moment, and counts the kinds of replies, or yes and no, of each."""
    race: Race = request.param

    def run_rounds(rounds: Sequence[Sequence[Question]]) -> list[Counter[Any]]:
        return [Counter(map(_kind_of, replies)) for replies in race(place, rounds)]

    return run_rounds


def _kind_of(reply: Any) -> Any:
    return reply if isinstance(reply, bool) else type(reply)


def everybody_enrols(store: Store, users: list[UserKey]) -> None:
    for user in users:
        enrol(store, user)


def test_a051_of_200_submissions_of_one_right_step_exactly_one_is_accepted(
    store: Store, users: list[UserKey], run: Run
) -> None:
    everybody_enrols(store, users)
    counted = run([[spend_step(user)] * AT_ONCE for user in users])
    assert counted == [Counter({Spent: 1, SpentBefore: AT_ONCE - 1})] * len(users)


def test_a036_of_200_wrong_codes_no_more_than_five_are_looked_at(users: list[UserKey], run: Run) -> None:
    counted = run([[asks.TakeAttempt(user, NOW)] * AT_ONCE for user in users])
    assert counted == [Counter({Attempt: 5, Waiting: AT_ONCE - 5})] * len(users)


def test_a036_of_200_recovery_codes_no_more_than_ten_are_looked_at(users: list[UserKey], run: Run) -> None:
    counted = run([[asks.TakeRecoveryAttempt(user, NOW)] * AT_ONCE for user in users])
    assert counted == [Counter({Attempt: 10, Waiting: AT_ONCE - 10})] * len(users)


def test_a072_a_recovery_code_is_accepted_once_of_200_times(store: Store, users: list[UserKey], run: Run) -> None:
    everybody_enrols(store, users)
    counted = run([[spend_code(user)] * AT_ONCE for user in users])
    assert counted == [Counter({Spent: 1, SpentBefore: AT_ONCE - 1})] * len(users)
    assert {account_of(store, user).codes for user in users} == {CODES - {b"code-1"}}


def test_a_rush_of_changes_is_queued_and_every_one_is_made(place: Place) -> None:
    rush = [asks.TakeAttempt(UserKey(f"somebody-{number}"), NOW) for number in range(1000)]
    (replies,) = in_processes(place, [rush])
    assert Counter(map(type, replies)) == Counter({Attempt: len(rush)})


def test_a062_of_two_setups_confirmed_at_once_exactly_one_wins(store: Store, users: list[UserKey], run: Run) -> None:
    rounds: list[list[Any]] = []
    for user in users:
        for name in ("owner", "thief"):
            ask(store, asks.BeginSetup(user, a_setup(name), NOW))
        rounds.append([turn_on(user, setup=name, change=a_change(phone=name.encode())) for name in ("owner", "thief")])
    assert run(rounds) == [Counter({Spent: 1, Moved: 1})] * len(users)
    assert all(account_of(store, user).generation == GENERATION for user in users)


def test_a049_a_disable_against_verifications_leaves_no_pass_of_theirs(
    store: Store, users: list[UserKey], run: Run
) -> None:
    everybody_enrols(store, users)
    rounds = []
    for user in users:
        disable = spend_step(user, step=STEP + 2, change=NO_FACTORS, opens=a_pass("none"))
        verify = spend_step(user, step=STEP + 1, opens=a_pass("verified", proven=True))
        rounds.append([disable, verify] * (AT_ONCE // 2))
    for kinds in run(rounds):
        assert kinds[Spent] in (1, 2)  # the disable, and a verification if it came before
        assert kinds.total() == kinds[Spent] + kinds[SpentBefore] + kinds[Moved] == AT_ONCE
    for user in users:
        assert account_of(store, user).generation == NO_FACTORS.generation
        assert has_pass(store, "none", user)
        assert not has_pass(store, "verified", user)
        assert not has_pass(store, "first", user)


# ---- what is the realm's --------------------------------------------------------------------------------------------

FEW = 3  # rounds: beside those of single users these are short


def test_of_200_administrators_who_saw_one_flag_exactly_one_changes_it(store: Store, run: Run) -> None:
    rounds = [
        [asks.WriteRole(asks.RoleRow("role", version, b"flag"), NOW, notes_of("changed"))] * AT_ONCE
        for version in range(1, FEW + 1)
    ]
    assert run(rounds) == [Counter({Done: 1, Moved: AT_ONCE - 1})] * FEW
    assert [role.version for role in ask(store, asks.ReadRoles())] == [FEW]
    assert carry(store) == FEW


def test_of_200_resets_of_one_account_exactly_one_is_made(store: Store, users: list[UserKey], run: Run) -> None:
    everybody_enrols(store, users[:FEW])
    rounds = [[asks.ResetAccount(user, GENERATION, NO_FACTORS, NOW)] * AT_ONCE for user in users[:FEW]]
    assert run(rounds) == [Counter({Done: 1, Moved: AT_ONCE - 1})] * FEW


def test_of_200_who_want_one_task_exactly_one_has_it(run: Run) -> None:
    rounds = [
        [asks.TakeLease(f"task-{number}", f"server-{server}", NOW + 60, NOW) for server in range(AT_ONCE)]
        for number in range(FEW)
    ]
    assert run(rounds) == [Counter({True: 1, False: AT_ONCE - 1})] * FEW


def test_of_what_200_count_at_once_nothing_is_lost(store: Store, run: Run) -> None:
    assert run([[asks.AddCounts(1, {"verify": 2, "setup": 1})] * AT_ONCE] * FEW) == [Counter({Done: AT_ONCE})] * FEW
    counted = {row.name: row.count for row in ask(store, asks.ReadCounts(1))}
    assert counted == {"verify": 2 * AT_ONCE * FEW, "setup": AT_ONCE * FEW}


def test_of_what_is_noted_while_many_sweep_nothing_is_lost(place: Place, store: Store, run: Run) -> None:
    names = [f"event-{number}" for number in range(AT_ONCE)]
    questions: list[Any] = []
    for number, name in enumerate(names):
        questions += [asks.Note((ALICE, BOB)[number % 2], NOW, notes_of(name)), asks.Sweep(NOW, 1)]
    run([questions])
    carry(store)
    carried = [event.id for event in all_events(store)]
    assert set(carried) == set(map(row_id, names))
    if place.kind is SQLiteStore:
        assert len(carried) == AT_ONCE  # one transaction carries them, so none twice

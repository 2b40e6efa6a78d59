"""Contract: what happens at once happens one after the other. Attacks 36, 49, 51, 62, 72."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from support.store_races import AT_ONCE, ROUNDS, Place, Question, Race, in_processes
from support.stores import (
    ALICE,
    CODES,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    a_row,
    a_setup,
    account_of,
    all_events,
    ask,
    carry,
    enrol,
    has_browser,
    has_pass,
    names_of,
    note,
    notes_of,
    row_id,
    spend_code,
    spend_step,
    summary_of,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.asks import Attempt, Done, Moved, Spent, SpentBefore, Swept, Waiting
from twofa_middleware.protocol import Store, UserKey
from twofa_middleware.stores.sqlite import SQLiteStore

pytestmark = pytest.mark.usefixtures("patience")
SOME = 24  # at once, where it is no flood that is to be withstood

Run = Callable[[Sequence[Sequence[Question]]], list[Counter[Any]]]


@pytest.fixture
def users() -> list[UserKey]:
    """Somebody for each round."""
    return [UserKey(f"user-{number}") for number in range(ROUNDS)]


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with closing(place.open()) as opened:
        yield opened


@pytest.fixture
def run(race: Race, place: Place, store: Store) -> Run:
    """Runs rounds of questions, each round at one moment, and counts the kinds of replies, or yes and no, of each."""

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


# ---- what administrators do -----------------------------------------------------------------------------------------


def test_of_administrators_who_saw_one_flag_exactly_one_changes_it(store: Store, run: Run) -> None:
    versions = range(1, ROUNDS + 1)
    rounds = [
        [
            asks.WriteRole(asks.RoleRow("role", version, f"by {who}".encode()), NOW, notes_of(f"{version}-{who}"))
            for who in range(SOME)
        ]
        for version in versions
    ]
    assert run(rounds) == [Counter({Done: 1, Moved: SOME - 1})] * ROUNDS
    carry(store)
    events = [event.id.decode().rstrip(".").partition("-") for event in all_events(store)]
    assert [int(version) for version, _, _ in events] == list(versions)
    assert ask(store, asks.ReadRoles()) == (asks.RoleRow("role", ROUNDS, f"by {events[-1][2]}".encode()),)


def test_of_resets_of_one_account_exactly_one_is_made(store: Store, users: list[UserKey], run: Run) -> None:
    everybody_enrols(store, users)
    rounds = [[asks.ResetAccount(user, GENERATION, NO_FACTORS, NOW)] * SOME for user in users]
    assert run(rounds) == [Counter({Done: 1, Moved: SOME - 1})] * ROUNDS


def test_a_reset_against_verifications_leaves_no_pass_and_tells_what_came_first(
    store: Store, users: list[UserKey], run: Run
) -> None:
    everybody_enrols(store, users)
    rounds = []
    for user in users:
        reset = asks.ResetAccount(user, GENERATION, NO_FACTORS, NOW, notes_of("reset"))
        notes = asks.Notes({"spent": (a_row("verified"),), "moved": (a_row("moved"),)})
        verify = spend_step(user, opens=a_pass("verified", proven=True), remembers=a_browser(), notes=notes)
        rounds.append([verify, reset])
    for kinds in run(rounds):
        assert kinds in (Counter({Done: 1, Spent: 1}), Counter({Done: 1, Moved: 1}))
    for user in users:
        assert account_of(store, user).generation == NO_FACTORS.generation
        assert not has_pass(store, "verified", user)
        assert not has_browser(store, "browser", user)
        assert names_of(store, user) in (["verified", "reset"], ["reset", "moved"])


def test_of_a_reset_and_a_setup_that_is_confirmed_exactly_one_is_made(
    store: Store, users: list[UserKey], run: Run
) -> None:
    rounds: list[list[Any]] = []
    for user in users:
        ask(store, asks.BeginSetup(user, a_setup(), NOW))
        rounds.append([turn_on(user), asks.ResetAccount(user, 0, NO_FACTORS, NOW)])
    kinds = run(rounds)
    for user, kind in zip(users, kinds, strict=True):
        account = account_of(store, user)
        is_on = account.generation == GENERATION
        assert kind == (Counter({Spent: 1, Moved: 1}) if is_on else Counter({Done: 1, Moved: 1}))
        assert bool(account.authenticators) == has_pass(store, "first", user) == is_on


def test_of_the_times_at_which_a_rule_was_met_at_once_the_first_is_kept(
    place: Place, store: Store, users: list[UserKey], race: Race
) -> None:
    rounds = [[asks.MeetRules(user, ("rule",), NOW - number) for number in range(SOME)] for user in users]
    for user, replies in zip(users, race(place, rounds), strict=True):
        assert {reply.first["rule"] for reply in replies} <= set(range(NOW - SOME + 1, NOW + 1))
        assert summary_of(store, user).met == {"rule": NOW - SOME + 1}


# ---- what is the realm's --------------------------------------------------------------------------------------------


def test_of_servers_that_want_one_task_exactly_one_has_it(run: Run) -> None:
    rounds = [
        [asks.TakeLease(f"task-{number}", f"server-{server}", NOW + 60, NOW) for server in range(SOME)]
        for number in range(ROUNDS)
    ]
    assert run(rounds) == [Counter({True: 1, False: SOME - 1})] * ROUNDS


def test_of_what_is_counted_at_once_nothing_is_lost(store: Store, run: Run) -> None:
    rounds = [[asks.AddCounts(1, {"verify": 2, "setup": 1})] * SOME] * ROUNDS
    assert run(rounds) == [Counter({Done: SOME})] * ROUNDS
    counted = {row.name: row.count for row in ask(store, asks.ReadCounts(1))}
    assert counted == {"verify": 2 * SOME * ROUNDS, "setup": SOME * ROUNDS}


def test_of_what_is_noted_while_many_sweep_nothing_is_lost(
    place: Place, store: Store, users: list[UserKey], run: Run
) -> None:
    rounds, written = [], set()
    for number, user in enumerate(users):
        questions: list[Any] = []
        for event in range(SOME // 2):
            name, who = f"{number}-{event}", (user, ALICE)[event % 2]
            written.add((who, row_id(name)))
            questions += [asks.Note(who, NOW, notes_of(name)), asks.Sweep(NOW, 1 + event % 3)]
        rounds.append(questions)
    for kinds in run(rounds):
        assert kinds == Counter({Done: SOME // 2, Swept: SOME // 2})
    carry(store)
    carried = Counter((event.user, event.id) for event in all_events(store))
    assert set(carried) == written
    if place.kind is SQLiteStore:
        assert carried.total() == len(written)  # one transaction carries them, so none twice


def test_an_event_that_is_taken_back_while_many_sweep_is_carried_or_gone_and_no_other_is_lost(
    store: Store, users: list[UserKey], run: Run
) -> None:
    rounds: list[list[Any]] = []
    for user in users:
        note(store, "failure", "kept", user=user)
        back = asks.Notes({"done": (a_row("right"),)}, takes_back=row_id("failure"))
        rounds.append([asks.Note(user, NOW, back), *[asks.Sweep(NOW, 5)] * 3])
    run(rounds)
    carry(store)
    first_seen: dict[UserKey, list[bytes]] = {user: [] for user in users}
    for event in all_events(store):
        if event.id not in first_seen[event.user]:
            first_seen[event.user].append(event.id)
    failure, kept, right = map(row_id, ("failure", "kept", "right"))
    assert all(ids in ([failure, kept, right], [kept, right]) for ids in first_seen.values())

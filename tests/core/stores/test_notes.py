"""Contract: the notes of a question are written with it, whatever comes of it, and into its user's records alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from support.stores import (
    ALICE,
    BOB,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_change,
    a_row,
    a_setup,
    all_events,
    ask,
    carry,
    enrol,
    fail,
    look,
    names_of,
    note,
    open_pass,
    row_id,
    spend_code,
    spend_step,
    summary_of,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.protocol import Store, UserKey

FLAG = asks.RoleRow("role", 1, b"flag")
WORDS = ("attempt", "ready", "waiting", "stopped", "spent", "spent before", "moved", "done", "absent", "met")
EVERY_WORD = (*WORDS, "begun", "found")


def nothing_before(store: Store) -> None:
    """Of the user nothing is known."""


def waits(store: Store) -> None:
    fail(store, 5)


def is_stopped(store: Store) -> None:
    fail(store, asks.STOP_FAILURES)


def has_tried_ten_codes(store: Store) -> None:
    for _ in range(asks.RECOVERY_ATTEMPTS):
        ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))


def has_begun(store: Store) -> None:
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))


OUTCOMES: list[tuple[str, Callable[[Store], None], asks.StoreAsk[Any]]] = [
    ("attempt", nothing_before, asks.TakeAttempt(ALICE, NOW)),
    ("waiting", waits, asks.TakeAttempt(ALICE, NOW)),
    ("stopped", is_stopped, asks.TakeAttempt(ALICE, NOW)),
    ("attempt", nothing_before, asks.TakeRecoveryAttempt(ALICE, NOW)),
    ("waiting", has_tried_ten_codes, asks.TakeRecoveryAttempt(ALICE, NOW)),
    ("spent", enrol, spend_step()),
    ("spent", enrol, spend_step(change=NO_FACTORS)),
    ("spent before", enrol, spend_step(step=STEP)),
    ("moved", nothing_before, spend_step()),
    ("spent", enrol, spend_code()),
    ("spent before", enrol, spend_code(code=b"guess")),
    ("moved", nothing_before, spend_code()),
    ("spent", has_begun, turn_on()),
    ("moved", nothing_before, turn_on()),
    ("begun", nothing_before, asks.BeginSetup(ALICE, a_setup(), NOW)),
    ("found", has_begun, asks.BeginSetup(ALICE, a_setup(), NOW)),
    ("done", enrol, open_pass()),
    ("moved", nothing_before, open_pass()),
    ("done", enrol, asks.EndPass(ALICE, b"first", NOW)),
    ("absent", nothing_before, asks.EndPass(ALICE, b"first", NOW)),
    ("done", nothing_before, asks.ForgetBrowsers(ALICE, None, NOW)),
    ("met", nothing_before, asks.MeetRules(ALICE, ("rule",), NOW)),
    ("met", nothing_before, asks.MeetRules(ALICE, (), NOW)),
    ("done", enrol, asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW)),
    ("moved", nothing_before, asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW)),
    ("done", nothing_before, asks.Unlock(ALICE, NOW)),
    ("done", nothing_before, asks.EndPasses(ALICE, NOW)),
    ("done", nothing_before, asks.Note(ALICE, NOW)),
    ("done", enrol, asks.WriteRecords(ALICE, GENERATION, asks.Records(person=b"old", roles=b"old"), NOW)),
    ("moved", nothing_before, asks.WriteRecords(ALICE, GENERATION, asks.Records(log=(a_row("brought"),)), NOW)),
    ("done", nothing_before, asks.WriteRole(FLAG, NOW)),
    ("moved", nothing_before, asks.WriteRole(asks.RoleRow("role", 2, b"flag"), NOW)),
]


@pytest.mark.parametrize(
    ("word", "before", "question"),
    OUTCOMES,
    ids=[f"{type(question).__name__}-{word}-{number}" for number, (word, _, question) in enumerate(OUTCOMES)],
)
def test_the_notes_of_an_outcome_are_written_and_those_of_no_other(
    store: Store, word: str, before: Callable[[Store], None], question: Any
) -> None:
    before(store)
    note(store, "counted", user=question.user)
    rows = {other: (a_row("wrong"),) for other in EVERY_WORD} | {word: (a_row("one"), a_row("two"))}
    notes = asks.Notes(rows, person=b"who", roles=b"roles", takes_back=row_id("counted"))
    assert asks.outcome_of(ask(store, dataclasses.replace(question, notes=notes))) == word
    assert names_of(store, question.user) == ["one", "two"]
    if question.user == ALICE:
        assert summary_of(store).person == asks.PersonRow(ALICE, b"who", b"roles")


def test_the_test_of_notes_knows_every_question_that_has_some() -> None:
    kinds = [kind for kind in vars(asks).values() if isinstance(kind, type) and issubclass(kind, asks.StoreAsk)]
    having = {kind for kind in kinds if "notes" in getattr(kind, "__dataclass_fields__", {})}
    assert {type(question) for _, _, question in OUTCOMES} == having


def test_an_outcome_without_rows_writes_none(store: Store) -> None:
    ask(store, asks.Note(ALICE, NOW, asks.Notes({})))
    ask(store, asks.Note(ALICE, NOW, asks.Notes({"done": ()})))
    ask(store, asks.Note(ALICE, NOW))
    assert names_of(store) == []


def test_an_event_is_carried_as_it_was_noted(store: Store) -> None:
    row = asks.LogRow(bytes(range(12)), NOW - 5, NOW - 3, bytes(range(256)))
    note(store, row)
    carry(store)
    (event,) = all_events(store)
    assert event == asks.EventRow(event.position, ALICE, bytes(range(12)), NOW - 5, bytes(range(256)))


def test_the_rows_of_one_user_keep_their_order_also_in_one_second(store: Store) -> None:
    names = [f"event-{number}" for number in range(60)]
    for start in range(0, 60, 4):
        note(store, *names[start : start + 3], user=ALICE)
        last = (a_row(names[start + 3]),)
        ask(store, asks.TakeRecoveryAttempt(ALICE, NOW, asks.Notes({"attempt": last, "waiting": last})))
        note(store, f"other-{start}", user=BOB)
    assert names_of(store) == names


def test_rows_keep_the_order_in_which_they_were_written_whatever_their_times_say(store: Store) -> None:
    note(store, a_row("first", at=NOW), a_row("second", at=NOW - 50), a_row("third", at=NOW - 20))
    note(store, a_row("fourth", at=NOW - 90))
    assert names_of(store) == ["first", "second", "third", "fourth"]


# ---- rows that wait -------------------------------------------------------------------------------------------------


def test_a_row_is_carried_when_it_is_ready_and_not_before(store: Store) -> None:
    note(store, a_row("failure", ready_at=NOW + asks.SETTLE_SECONDS))
    assert names_of(store, at=NOW + asks.SETTLE_SECONDS - 1) == []
    assert names_of(store, at=NOW + asks.SETTLE_SECONDS) == ["failure"]


def test_a_row_that_is_not_ready_holds_up_none_after_it(store: Store) -> None:
    note(store, a_row("one", ready_at=NOW + 9), "two", a_row("three", ready_at=NOW + 9), "four")
    assert names_of(store) == ["two", "four"]
    assert names_of(store, at=NOW + 9) == ["two", "four", "one", "three"]


def test_a_row_that_is_taken_back_is_never_carried(store: Store) -> None:
    note(store, "before", a_row("failure", ready_at=NOW + 10), "after")
    note(store, "right", takes_back=row_id("failure"))
    assert names_of(store, at=NOW + 10) == ["before", "after", "right"]


def test_a_row_that_was_carried_is_not_taken_back(store: Store) -> None:
    note(store, "failure")
    carry(store)
    note(store, "right", takes_back=row_id("failure"))
    assert names_of(store) == ["failure", "right"]


def test_taking_back_what_never_was_changes_nothing(store: Store) -> None:
    note(store, "kept", takes_back=row_id("nothing"))
    note(store, takes_back=row_id("nothing"))
    assert names_of(store) == ["kept"]


def test_a_row_of_somebody_else_is_not_taken_back(store: Store) -> None:
    note(store, "failure", user=BOB)
    note(store, "failure", user=asks.REALM)
    note(store, takes_back=row_id("failure"))
    assert names_of(store, BOB) == ["failure"]
    assert names_of(store, asks.REALM) == ["failure"]


def test_what_is_taken_back_goes_before_rows_are_written(store: Store) -> None:
    note(store, "before", "again")
    note(store, "again", takes_back=row_id("again"))
    assert names_of(store) == ["before", "again"]


# ---- minor rows -----------------------------------------------------------------------------------------------------


def fill_log(store: Store, count: int = asks.MOST_MINOR_ROWS, user: UserKey = ALICE) -> list[str]:
    names = [f"full-{number}" for number in range(count)]
    note(store, *names, user=user)
    return names


def test_a_minor_row_is_left_out_while_the_log_is_full(store: Store) -> None:
    full = fill_log(store)
    note(store, a_row("minor", is_minor=True), "major", a_row("minor-2", is_minor=True))
    assert names_of(store) == [*full, "major"]


def test_the_last_place_in_a_log_takes_one_minor_row(store: Store) -> None:
    full = fill_log(store, asks.MOST_MINOR_ROWS - 1)
    note(store, a_row("minor", is_minor=True), a_row("minor-2", is_minor=True))
    assert names_of(store) == [*full, "minor"]


def test_a_hundred_minor_rows_are_written_and_no_more(store: Store) -> None:
    for number in range(asks.MOST_MINOR_ROWS + 20):
        note(store, a_row(f"minor-{number}", is_minor=True))
    assert names_of(store) == [f"minor-{number}" for number in range(asks.MOST_MINOR_ROWS)]


def test_after_the_sweeper_minor_rows_are_written_again(store: Store) -> None:
    full = fill_log(store)
    carry(store)
    note(store, a_row("minor", is_minor=True))
    assert names_of(store) == [*full, "minor"]


def test_in_an_hour_so_many_minor_rows_are_written_and_no_more_however_often_a_sweeper_comes(store: Store) -> None:
    for number in range(asks.MOST_MINOR_AN_HOUR + 5):
        note(store, a_row(f"minor-{number}", is_minor=True))
        if number % 90 == 89:
            carry(store)
    note(store, "major")
    note(store, a_row("other", is_minor=True), user=BOB)
    note(store, a_row("next hour", is_minor=True, at=NOW + 3600, ready_at=NOW + 3600))
    written = [f"minor-{number}" for number in range(asks.MOST_MINOR_AN_HOUR)]
    assert names_of(store, at=NOW + 3600) == [*written, "major", "next hour"]
    assert names_of(store, BOB) == ["other"]


def test_a_row_that_is_not_ready_fills_the_log_as_well(store: Store) -> None:
    note(store, *(a_row(f"later-{number}", ready_at=NOW + 10) for number in range(asks.MOST_MINOR_ROWS)))
    carry(store)
    note(store, a_row("minor", is_minor=True))
    assert "minor" not in names_of(store, at=NOW + 10)


def test_a_row_that_is_taken_back_leaves_room_for_a_minor_one(store: Store) -> None:
    full = fill_log(store)
    note(store, a_row("minor", is_minor=True), takes_back=row_id("full-7"))
    assert names_of(store) == [name for name in full if name != "full-7"] + ["minor"]


def test_the_full_log_of_one_user_leaves_out_nothing_of_another(store: Store) -> None:
    fill_log(store, user=BOB)
    fill_log(store, user=asks.REALM)
    note(store, a_row("minor", is_minor=True))
    assert names_of(store) == ["minor"]


# ---- who it is ------------------------------------------------------------------------------------------------------


def test_the_last_record_of_a_person_and_of_roles_is_kept(store: Store) -> None:
    note(store, person=b"old", roles=b"old roles")
    note(store, person=b"new")
    assert summary_of(store).person == asks.PersonRow(ALICE, b"new", b"old roles")
    note(store, roles=b"new roles")
    assert summary_of(store).person == asks.PersonRow(ALICE, b"new", b"new roles")


def test_a_person_has_no_roles_before_any_were_seen(store: Store) -> None:
    note(store, person=b"who")
    assert summary_of(store).person == asks.PersonRow(ALICE, b"who", None)


def test_roles_that_were_seen_first_wait_for_the_person(store: Store) -> None:
    note(store, roles=b"roles")
    assert summary_of(store).person is None
    note(store, person=b"who")
    assert summary_of(store).person == asks.PersonRow(ALICE, b"who", b"roles")


def test_empty_records_are_records(store: Store) -> None:
    note(store, person=b"", roles=b"")
    assert summary_of(store).person == asks.PersonRow(ALICE, b"", b"")


def test_who_somebody_is_touches_nobody_else(store: Store) -> None:
    note(store, person=b"bob", roles=b"of bob", user=BOB)
    note(store, person=b"alice")
    assert summary_of(store, BOB).person == asks.PersonRow(BOB, b"bob", b"of bob")


# ---- notes and the account ------------------------------------------------------------------------------------------


def test_notes_and_rules_make_no_account(store: Store) -> None:
    note(store, "event", person=b"who", roles=b"roles")
    ask(store, asks.MeetRules(ALICE, ("rule",), NOW))
    assert ask(store, look()) == asks.Seen(None, None, None)
    assert summary_of(store).account is None
    counted = ask(store, asks.TakeAttempt(ALICE, NOW))
    assert isinstance(counted, asks.Attempt)
    assert counted.account is None
    assert ask(store, open_pass(generation=0)) == asks.Done()
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    assert isinstance(ask(store, turn_on()), asks.Spent)


@pytest.mark.parametrize(
    "change",
    [
        spend_step(change=a_change(GENERATION + 1)),
        spend_code(change=a_change(GENERATION + 1)),
        asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW),
    ],
    ids=lambda question: type(question).__name__,
)
def test_a_change_of_the_factors_leaves_the_log_the_person_and_the_rules(store: Store, change: Any) -> None:
    enrol(store)
    note(store, "before", person=b"who", roles=b"roles")
    ask(store, asks.MeetRules(ALICE, ("rule",), NOW))
    assert not isinstance(ask(store, change), asks.Moved)
    after = summary_of(store)
    assert after.person == asks.PersonRow(ALICE, b"who", b"roles")
    assert after.met == {"rule": NOW}
    assert names_of(store) == ["before"]

"""The SQLite store failing midway: no change without its notes, no event lost on its way, no table read from end to end."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.stores import (
    ALICE,
    BOB,
    DAY,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_browser,
    a_pass,
    a_row,
    a_setup,
    all_events,
    ask,
    carry,
    enrol,
    names_of,
    note,
    notes_of,
    open_pass,
    row_id,
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.stores.sqlite import SQLiteStore

CHANGES: list[Any] = [
    asks.TakeAttempt(ALICE, NOW),
    asks.TakeRecoveryAttempt(ALICE, NOW),
    spend_step(step=STEP + 2, change=NO_FACTORS, opens=a_pass("new"), remembers=a_browser("new")),
    spend_code(change=NO_FACTORS, opens=a_pass("new"), remembers=a_browser("new")),
    turn_on(generation=GENERATION, change=NO_FACTORS, setup="other"),
    asks.BeginSetup(ALICE, a_setup("new"), NOW),
    open_pass(a_pass("new"), ends=b"first"),
    asks.EndPass(ALICE, b"first", NOW),
    asks.ForgetBrowsers(ALICE, None, NOW),
    asks.MeetRules(ALICE, ("rule",), NOW),
    asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW),
    asks.Unlock(ALICE, NOW),
    asks.EndPasses(ALICE, NOW),
    asks.Note(ALICE, NOW),
    asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW),
]
WORDS = ("attempt", "spent", "begun", "done", "met")


@pytest.fixture
def file(sqlite_store: SQLiteStore, tmp_path: Path) -> Path:
    """The file of a store with a user who has something of everything."""
    enrol(sqlite_store)
    ask(sqlite_store, spend_step(remembers=a_browser()))
    ask(sqlite_store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    ask(sqlite_store, asks.TakeAttempt(ALICE, NOW))
    for user in (ALICE, asks.REALM):
        note(sqlite_store, "failure", user=user, person=b"who", roles=b"roles")
    return tmp_path / "twofa.db"


@contextmanager
def failing(file: Path, event: str) -> Iterator[None]:
    """Each such change of a table fails, as on a disk that is full."""
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"CREATE TRIGGER full BEFORE {event} BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        yield
        other.execute("DROP TRIGGER full")


def content_of(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as other:
        return list(other.iterdump())


def version_of(other: sqlite3.Connection) -> int:
    """Grows whenever somebody else has written (https://www.sqlite.org/pragma.html#pragma_data_version)."""
    return int(other.execute("PRAGMA data_version").fetchone()[0])


@pytest.mark.parametrize("question", CHANGES, ids=lambda question: type(question).__name__)
@pytest.mark.parametrize("event", ["INSERT ON log", "DELETE ON log", "INSERT ON people"])
def test_a_change_whose_notes_cannot_be_written_is_not_made(
    sqlite_store: SQLiteStore, file: Path, event: str, question: Any
) -> None:
    rows = dict.fromkeys(WORDS, (a_row("event"),))
    asked = dataclasses.replace(question, notes=asks.Notes(rows, person=b"new", takes_back=row_id("failure")))
    with failing(file, event):
        before = content_of(file)
        with pytest.raises(StoreUnavailable, match="disk full"):
            ask(sqlite_store, asked)
        assert content_of(file) == before
    assert asks.outcome_of(ask(sqlite_store, asked)) in WORDS
    assert names_of(sqlite_store, asked.user) == ["event"]


def test_a_change_that_fails_leaves_no_note(sqlite_store: SQLiteStore, file: Path) -> None:
    with failing(file, "INSERT ON passes"):
        before = content_of(file)
        with pytest.raises(StoreUnavailable, match="disk full"):
            ask(sqlite_store, open_pass(a_pass("new"), notes=notes_of("opened", person=b"new")))
        assert content_of(file) == before


@pytest.mark.parametrize("event", ["INSERT ON events", "DELETE ON log", "DELETE ON events"])
def test_a_sweep_that_fails_midway_loses_nothing_and_carries_nothing_twice(
    sqlite_store: SQLiteStore, file: Path, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    monkeypatch.setattr("twofa_middleware.stores.sql.events.MOST_EVENTS", 3)
    note(sqlite_store, "early")
    carry(sqlite_store)
    note(sqlite_store, "one", "two", user=ALICE)
    note(sqlite_store, "three", user=BOB)
    with failing(file, event):
        before = content_of(file)
        with pytest.raises(StoreUnavailable, match="disk full"):
            ask(sqlite_store, asks.Sweep(NOW, 100))
        assert content_of(file) == before
    assert carry(sqlite_store) == 3
    assert [found.id for found in all_events(sqlite_store)] == [row_id("one"), row_id("two"), row_id("three")]


def test_a_sweep_carries_the_events_of_several_users_in_the_order_of_their_writing(sqlite_store: SQLiteStore) -> None:
    for number in range(12):
        note(sqlite_store, f"event-{number}", user=(BOB, ALICE)[number % 2])
    ask(sqlite_store, asks.Sweep(NOW, 100))
    assert [found.id for found in all_events(sqlite_store)] == [row_id(f"event-{number}") for number in range(12)]


def test_a_sweep_begins_with_the_users_whose_events_have_been_ready_longest(sqlite_store: SQLiteStore) -> None:
    note(sqlite_store, "new", user=ALICE)
    note(sqlite_store, a_row("old", ready_at=NOW - 5), user=BOB)
    assert ask(sqlite_store, asks.Sweep(NOW, 1)) == asks.Swept(1, is_done=False)
    assert [found.user for found in all_events(sqlite_store)] == [BOB]


def test_a_position_is_not_given_twice_also_after_the_newest_event_was_taken_away(
    sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    note(sqlite_store, "one", "two")
    carry(sqlite_store)
    positions = [found.position for found in all_events(sqlite_store)]
    with closing(sqlite3.connect(tmp_path / "twofa.db", isolation_level=None)) as other:
        other.execute("DELETE FROM events")
    note(sqlite_store, "three")
    carry(sqlite_store)
    (found,) = all_events(sqlite_store)
    assert found.position not in positions


@pytest.mark.parametrize(
    "question",
    [
        asks.Sweep(NOW, 100),
        asks.MeetRules(ALICE, ("rule",), NOW + 5),
        asks.TakeLease("mail", "two", NOW + 60, NOW),
        asks.ReadSummary(ALICE, NOW + 400 * DAY),
    ],
    ids=lambda question: type(question).__name__,
)
def test_a_question_that_finds_nothing_to_do_writes_nothing(
    sqlite_store: SQLiteStore, tmp_path: Path, question: Any
) -> None:
    enrol(sqlite_store)
    ask(sqlite_store, asks.MeetRules(ALICE, ("rule",), NOW))
    ask(sqlite_store, asks.TakeLease("mail", "one", NOW + 60, NOW))
    note(sqlite_store, a_row("later", ready_at=NOW + 10))
    with closing(sqlite3.connect(tmp_path / "twofa.db", isolation_level=None)) as other:
        before = version_of(other)
        ask(sqlite_store, question)
        assert version_of(other) == before
        note(sqlite_store, "event")
        assert version_of(other) != before


def test_no_question_reads_a_table_from_end_to_end(sqlite_store: SQLiteStore, file: Path) -> None:
    executed: list[str] = []
    connection = sqlite_store._connections._idle[-1]
    connection.set_trace_callback(executed.append)
    minor = notes_of(a_row("minor", is_minor=True), person=b"who", takes_back=row_id("failure"))
    for question in (
        *(dataclasses.replace(question, notes=minor) for question in CHANGES),
        asks.ReadSummary(ALICE, NOW),
        asks.ReadPeople(ALICE, 10),
        asks.Sweep(NOW, 10),
        asks.ReadEvents("5", 10),
        asks.FollowEvents("5", 10),
        asks.AddCounts(NOW // DAY, {"verify": 1}),
        asks.ReadCounts(NOW // DAY),
        asks.TakeLease("mail", "one", NOW + 60, NOW),
        asks.TakeLease("mail", "one", NOW, NOW),
        asks.MoveMark("mail", "5"),
        asks.ReadMark("mail"),
    ):
        ask(sqlite_store, question)
    connection.set_trace_callback(None)
    statements = {statement for statement in executed if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)", statement)}
    assert len(statements) > 40
    with closing(sqlite3.connect(file)) as other:
        for statement in statements:
            plan = [detail for *_, detail in other.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert not [step for step in plan if step.startswith("SCAN")], (statement, plan)

"""What has changed in a file is seen at the next request, whoever has written it, and nothing is believed of a file that
cannot be read. Attacks 6, 111, 115.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from support.stores import (
    ALICE,
    NOW,
    a_browser,
    a_pass,
    a_setup,
    ask,
    enrol,
    fail,
    note,
    open_pass,
    spend_step,
    sqlite,
    within_a_second,
)
from twofa_middleware import asks
from twofa_middleware.stores import sqlite_changes
from twofa_middleware.stores.near_cache import NearCache
from twofa_middleware.stores.sqlite import SQLiteStore
from twofa_middleware.stores.sqlite_changes import FileChanges


@pytest.fixture
def store(sqlite_store: SQLiteStore) -> SQLiteStore:
    """Alice has a factor, a pass and a remembered browser there."""
    enrol(sqlite_store)
    assert isinstance(ask(sqlite_store, spend_step(remembers=a_browser(), opens=a_pass("second"))), asks.Spent)
    return sqlite_store


@pytest.fixture
def changes(store: SQLiteStore) -> Iterator[FileChanges]:
    made = store.changes()
    assert made.stamp() is not None
    yield made
    made.close()


def raw(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


ENDING = [
    "UPDATE accounts SET generation = generation + 1",
    "UPDATE accounts SET roster = x'00'",
    "UPDATE accounts SET last_step = last_step + 1",
    "DELETE FROM accounts",
    "INSERT INTO accounts VALUES ('bob', 1, 0, x'00')",
    "DELETE FROM passes",
    "DELETE FROM passes WHERE digest = x'7365636F6E64'",
    "UPDATE passes SET expires_at = 0",
    "UPDATE passes SET record = x'00'",
    "UPDATE passes SET proven = 0",
    "INSERT INTO passes VALUES ('alice', x'00', x'00', 1, 1, 2, 1)",
    "REPLACE INTO passes SELECT user, digest, x'00', proven, opened_at, expires_at, used_at FROM passes",
    "INSERT INTO roles VALUES ('role', 1, x'00')",
]
OTHER = [
    "UPDATE passes SET used_at = used_at + 60",
    "UPDATE browsers SET used_at = used_at + 60",
    "DELETE FROM browsers",
    "INSERT INTO tries (user, kind, at) VALUES ('alice', 'totp', 1)",
    "INSERT INTO counts VALUES (1, 'passed', 1)",
    "INSERT INTO events (user, id, at, record) VALUES ('alice', x'00', 1, x'00')",
    "INSERT INTO marks VALUES ('sink', '1')",
    "DELETE FROM setups",
]
"""What takes nobody's pass away: of these a busy file has many a second."""


@pytest.mark.parametrize("statement", ENDING)
def test_a006_whoever_writes_it_another_stamp_says_so(file: Path, changes: FileChanges, statement: str) -> None:
    before = changes.stamp()
    raw(file, statement)
    assert changes.stamp() not in (None, before)


@pytest.mark.parametrize("statement", OTHER)
def test_what_ends_no_pass_changes_nothing(file: Path, changes: FileChanges, statement: str) -> None:
    before = changes.stamp()
    raw(file, statement)
    assert changes.stamp() == before


def test_questions_that_end_no_pass_change_nothing(store: SQLiteStore, changes: FileChanges) -> None:
    before = changes.stamp()
    fail(store, 2, at=NOW + 60)
    note(store, "event")
    ask(store, asks.AddCounts(NOW // 86400, {"shop passed": 1}))
    ask(store, asks.TouchPass(ALICE, b"second", NOW + 60))
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    assert changes.stamp() == before


ENDS: list[Callable[[SQLiteStore], object]] = [
    lambda store: ask(store, asks.EndPasses(ALICE, NOW)),
    lambda store: ask(store, asks.EndPass(ALICE, b"second", NOW)),
    lambda store: ask(store, open_pass(a_pass("third"), ends=b"second")),
    lambda store: ask(store, asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW)),
]


@pytest.mark.parametrize("end", ENDS, ids=["all passes", "one", "replaced", "a flag"])
def test_a006_what_another_store_of_the_file_has_changed_is_seen_at_once(
    store: SQLiteStore, changes: FileChanges, end: Callable[[SQLiteStore], object]
) -> None:
    near = NearCache(changes, clock=lambda: 0.0)
    mark = near.mark()
    assert mark is not None
    near.vouch(mark)
    near.keep(mark, ALICE, "key", "decision")
    assert near.find("key") == "decision"
    end(store)
    assert near.find("key") is None
    near.keep(mark, ALICE, "key", "stale")
    assert near.find("key") is None


def test_a_transaction_that_was_taken_back_changed_nothing(file: Path, changes: FileChanges) -> None:
    before = changes.stamp()
    raw(file, "BEGIN", "DELETE FROM passes", "ROLLBACK")
    assert changes.stamp() == before


def test_it_is_seen_when_it_is_committed_and_not_before(file: Path, changes: FileChanges) -> None:
    before = changes.stamp()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM passes")
        assert changes.stamp() == before
        connection.execute("COMMIT")
    assert changes.stamp() not in (None, before)


def test_a111_nothing_stale_is_kept_however_reads_and_changes_fall(file: Path, store: SQLiteStore) -> None:
    """One writes as fast as it can, the other reads and keeps; at the end what is kept is what was written last."""
    near, said, is_over = NearCache(store.changes(), clock=lambda: 0.0), itertools.count(1), threading.Event()

    def write() -> None:
        for _ in range(200):
            raw(file, "PRAGMA busy_timeout = 20000", f"UPDATE passes SET expires_at = {next(said)}")
        is_over.set()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    kept = 0
    with closing(sqlite3.connect(file)) as reader:
        while not is_over.is_set():
            if near.find("number") is None and (mark := near.mark()) is not None:
                near.vouch(mark)
                (number,) = reader.execute("SELECT expires_at FROM passes").fetchone()
                near.keep(mark, ALICE, "number", number)
                kept += near.find("number") is not None
    writer.join()
    assert near.find("number") in (None, 200)
    assert kept > 0
    near.close()


# ---- a file that cannot be read -------------------------------------------------------------------------------------


def test_a115_of_a_file_that_is_gone_nothing_is_believed(file: Path, changes: FileChanges) -> None:
    file.rename(file.with_name("away"))
    assert changes.stamp() is None


def test_a115_of_another_file_in_its_place_nothing_is_believed(file: Path, changes: FileChanges) -> None:
    copy = file.with_name("copy")
    copyfile(file, copy)
    copy.replace(file)
    assert changes.stamp() is None


def test_a113_an_older_copy_that_is_put_into_the_file_brings_no_number_back(
    file: Path, changes: FileChanges, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy, closing(sqlite3.connect(file)) as live:
        live.backup(copy)
        seen = {changes.stamp()}
        raw(file, "DELETE FROM passes")
        seen.add(changes.stamp())
        copy.backup(live)
    for _ in range(3):
        assert changes.stamp() not in seen
        raw(file, "UPDATE passes SET proven = 0")


def test_a_file_that_is_back_is_another_opening(
    file: Path, changes: FileChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_changes, "AGAIN_SECONDS", 0.0)
    before = changes.stamp()
    file.rename(file.with_name("away"))
    assert changes.stamp() is None
    file.with_name("away").rename(file)
    assert changes.stamp() not in (None, before)


def test_a_file_that_could_not_be_read_is_left_alone_for_a_moment(
    file: Path, changes: FileChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_changes, "AGAIN_SECONDS", 3600.0)
    file.rename(file.with_name("away"))
    assert changes.stamp() is None
    file.with_name("away").rename(file)
    assert changes.stamp() is None


def test_nobody_waits_for_a_file_that_somebody_has_locked(
    file: Path, store: SQLiteStore, changes: FileChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("DELETE FROM passes")
        new = store.changes()
        with within_a_second():
            found = [changes.stamp(), new.stamp()]
        connection.execute("ROLLBACK")
    assert found[0] is not None  # a file in WAL can be read meanwhile
    new.close()


def test_nobody_waits_for_a_file_of_which_nobody_else_may_read(tmp_path: Path) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
    file = tmp_path / "twofa.db"
    raw(file, "PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with closing(store.changes()) as changes, within_a_second():
            assert [changes.stamp() for _ in range(3)] == [None, None, None]
        connection.execute("ROLLBACK")


def test_what_is_closed_says_nothing_more(changes: FileChanges) -> None:
    changes.close()
    assert changes.stamp() is None


def test_of_a_file_of_an_older_layout_nothing_is_believed(file: Path, store: SQLiteStore) -> None:
    raw(file, "DROP TABLE revision")
    with closing(store.changes()) as changes:
        assert changes.stamp() is None


# ---- over a fork ----------------------------------------------------------------------------------------------------


def test_a_forked_child_looks_by_itself(file: Path, changes: FileChanges) -> None:
    before = changes.stamp()
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # one that waits for ever has failed, too
        has_none = changes._connection is None
        mine = changes.stamp()
        raw(file, "DELETE FROM passes")
        os._exit(0 if has_none and mine not in (None, before) and changes.stamp() not in (None, mine) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert changes.stamp() not in (None, before)


def test_a_fork_while_another_thread_looks_leaves_both_able_to(changes: FileChanges) -> None:
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            changes.stamp()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    for _ in range(20):
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # one that waits for ever has failed, too
            os._exit(0 if changes.stamp() is not None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    is_over.set()
    thread.join()
    assert changes.stamp() is not None

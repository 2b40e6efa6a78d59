"""The SQLite store in trouble: locked, read-only, failing midway, cancelled, closed, forked. Attack 111."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from support.stores import (
    ALICE,
    GENERATION,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    account_of,
    ask,
    enrol,
    has_pass,
    look,
    open_pass,
    spend_step,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.stores.sqlite import SQLiteStore
from twofa_middleware.stores.sqlite_patience import PATIENCE_SECONDS


@contextmanager
def locked(folder: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else is in the middle of a change."""
    with closing(sqlite3.connect(folder / "twofa.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a111_a_locked_file_is_refused_in_bounded_time(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    enrol(sqlite_store)
    with locked(tmp_path):
        began = monotonic()
        with pytest.raises(StoreUnavailable, match=r"twofa\.db did not answer: database is locked"):
            ask(sqlite_store, spend_step())
        assert monotonic() - began < PATIENCE_SECONDS + 1
    assert isinstance(ask(sqlite_store, spend_step()), asks.Spent)


def test_a_change_waits_for_a_short_lock(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    enrol(sqlite_store)
    with locked(tmp_path) as other:
        release = threading.Timer(0.1, other.execute, ["COMMIT"])
        release.start()
        assert isinstance(ask(sqlite_store, spend_step()), asks.Spent)
        release.join()


def test_of_many_waiting_changes_one_alone_asks_for_the_lock(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    enrol(sqlite_store)
    with ThreadPoolExecutor(20) as pool, locked(tmp_path) as other:
        waiting = [pool.submit(ask, sqlite_store, asks.TakeAttempt(ALICE, NOW)) for _ in range(20)]
        with pytest.raises(TimeoutError):
            waiting[0].result(timeout=0.2)
        assert sqlite_store._connections._lent == 1
        other.execute("COMMIT")
        assert [type(future.result()) for future in waiting].count(asks.Attempt) == 5


def test_reads_go_on_while_another_changes(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    enrol(sqlite_store)
    with locked(tmp_path):
        assert ask(sqlite_store, look()).account is not None


def test_a111_a_queue_before_a_locked_file_is_refused_in_bounded_time(
    sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    async def a_hundred() -> list[object]:
        changes = (sqlite_store.answer_async(asks.TakeAttempt(ALICE, NOW)) for _ in range(100))
        return await asyncio.gather(*changes, return_exceptions=True)

    with locked(tmp_path):
        began = monotonic()
        assert {type(answer) for answer in asyncio.run(a_hundred())} == {StoreUnavailable}
        assert monotonic() - began < PATIENCE_SECONDS + 1


def test_a111_reads_do_not_queue_behind_changes(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    async def change_and_look() -> None:
        changes = [asyncio.create_task(sqlite_store.answer_async(asks.TakeAttempt(ALICE, NOW))) for _ in range(10)]
        await asyncio.create_task(sqlite_store.answer_async(look()))
        assert not any(change.done() for change in changes)
        await asyncio.gather(*changes, return_exceptions=True)

    with locked(tmp_path):
        asyncio.run(change_and_look())


@pytest.mark.parametrize("table", ["accounts", "authenticators", "codes", "passes", "browsers"])
def test_a_change_that_fails_midway_leaves_nothing(sqlite_store: SQLiteStore, tmp_path: Path, table: str) -> None:
    enrol(sqlite_store)
    before = account_of(sqlite_store)
    with closing(sqlite3.connect(tmp_path / "twofa.db")) as other:
        event = "UPDATE" if table == "accounts" else "INSERT"
        other.execute(f"CREATE TRIGGER full BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    change, opens = a_change(GENERATION + 1), a_pass("new", proven=True)
    with pytest.raises(StoreUnavailable, match="disk full") as refused:
        ask(sqlite_store, spend_step(change=change, opens=opens, remembers=a_browser()))
    assert isinstance(refused.value.__cause__, sqlite3.Error)
    assert account_of(sqlite_store) == before
    assert has_pass(sqlite_store, "first")
    assert not has_pass(sqlite_store, "new")
    with closing(sqlite3.connect(tmp_path / "twofa.db")) as other:
        other.execute("DROP TRIGGER full")
    assert isinstance(ask(sqlite_store, spend_step()), asks.Spent)


def test_a_fault_of_ours_leaves_nothing_and_is_not_swallowed(sqlite_store: SQLiteStore) -> None:
    enrol(sqlite_store)
    with pytest.raises(OverflowError):
        ask(sqlite_store, spend_step(opens=a_pass("new", lasts=2**64)))
    assert account_of(sqlite_store).last_step == STEP
    assert isinstance(ask(sqlite_store, spend_step()), asks.Spent)


def test_a_connection_with_which_something_went_wrong_is_closed(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    enrol(sqlite_store)
    with pytest.raises(OverflowError):
        ask(sqlite_store, spend_step(opens=a_pass("new", lasts=2**64)))
    assert [path.name for path in tmp_path.iterdir()] == ["twofa.db"]  # the last one to close takes the -wal away


def test_a_folder_that_takes_no_wal_is_refused(tmp_path: Path, url: str) -> None:
    store_id = SQLiteStore.create(url)
    (tmp_path / "twofa.db-wal").mkdir()
    with closing(SQLiteStore(url, store_id)) as store, pytest.raises(StoreUnavailable):
        ask(store, look())


def test_a_cancelled_request_leaves_no_transaction_open(sqlite_store: SQLiteStore, tmp_path: Path) -> None:
    enrol(sqlite_store)

    async def cancelled_while_it_waits() -> None:
        with locked(tmp_path):
            waiting = asyncio.create_task(sqlite_store.answer_async(spend_step()))
            never_begun = asyncio.create_task(sqlite_store.answer_async(spend_step(step=STEP + 7)))
            await asyncio.sleep(0.05)
            for task in (waiting, never_begun):
                task.cancel()
            assert [type(end) for end in await asyncio.gather(waiting, never_begun, return_exceptions=True)] == [
                asyncio.CancelledError
            ] * 2
        # The thread still has the first question, and ends it: before this one, since changes stand in one queue.
        assert await sqlite_store.answer_async(spend_step()) == asks.SpentBefore()

    asyncio.run(cancelled_while_it_waits())
    assert account_of(sqlite_store).last_step == STEP + 1
    with closing(sqlite3.connect(tmp_path / "twofa.db", isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")


def test_a_closed_store_refuses(sqlite_store: SQLiteStore) -> None:
    enrol(sqlite_store)
    sqlite_store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        ask(sqlite_store, look())
    with pytest.raises(StoreUnavailable, match="closed"):
        asyncio.run(sqlite_store.answer_async(look()))


def test_a_connection_that_is_lent_while_the_store_closes_is_closed_afterwards(
    sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    enrol(sqlite_store)
    with ThreadPoolExecutor(1) as pool, locked(tmp_path) as other:
        waiting = pool.submit(ask, sqlite_store, spend_step())
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.1)
        sqlite_store.close()
        other.execute("COMMIT")
        assert isinstance(waiting.result(), asks.Spent)
    assert [path.name for path in tmp_path.iterdir()] == ["twofa.db"]  # the last one to close takes the -wal away


def test_two_event_loops_one_after_the_other_are_served(sqlite_store: SQLiteStore) -> None:
    for _ in range(2):
        assert asyncio.run(sqlite_store.answer_async(open_pass(generation=0))) == asks.Done()


def test_more_threads_than_kept_connections_are_served(sqlite_store: SQLiteStore) -> None:
    enrol(sqlite_store)
    start, seen = threading.Barrier(40), []

    def look_once() -> None:
        start.wait()
        seen.append(ask(sqlite_store, look()))

    threads = [threading.Thread(target=look_once) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 40

"""``check`` connects at once: what `twofa init` asks before it believes that a store is there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.stores import enrol, sqlite
from twofa_middleware.errors import StoreMismatch, StoreUnavailable
from twofa_middleware.protocol import Store
from twofa_middleware.stores.sqlite import SQLiteStore


def test_a_store_that_is_there_passes_the_check(store: Store) -> None:
    store.check()
    enrol(store)


def test_a115_a_missing_store_does_not_pass_and_is_not_made(url: str, tmp_path: Path) -> None:
    with closing(SQLiteStore(url, "some-id")) as store, pytest.raises(StoreMismatch, match="there is no store at"):
        store.check()
    assert list(tmp_path.iterdir()) == []


def test_another_store_than_the_named_one_does_not_pass(url: str) -> None:
    SQLiteStore.create(url)
    with closing(SQLiteStore(url, "other-id")) as store, pytest.raises(StoreMismatch, match="other-id"):
        store.check()


def test_a_file_deleted_after_it_was_opened_does_not_pass(tmp_path: Path) -> None:
    with sqlite(tmp_path) as store:
        store.check()
        (tmp_path / "twofa.db").unlink()
        with pytest.raises(StoreMismatch, match="there is no store at"):
            store.check()


def test_a_store_that_cannot_be_reached_is_unavailable(url: str, tmp_path: Path) -> None:
    store_id = SQLiteStore.create(url)
    with closing(sqlite3.connect(tmp_path / "twofa.db", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with closing(SQLiteStore(url, store_id)) as store, pytest.raises(StoreUnavailable, match="did not answer"):
            store.check()


def test_a_closed_store_is_unavailable(tmp_path: Path) -> None:
    with sqlite(tmp_path) as store:
        pass
    with pytest.raises(StoreUnavailable, match="closed"):
        store.check()

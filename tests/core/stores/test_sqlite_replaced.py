"""A SQLite file that goes, or is replaced, beneath a running server. Attack 115."""

from __future__ import annotations

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from support.stores import ask, enrol, look, spend_step, sqlite
from twofa_middleware.errors import StoreMismatch, StoreUnavailable
from twofa_middleware.stores.sqlite import SQLiteStore
from twofa_middleware.stores.sqlite_file import StoreFile


def test_a115_a_file_deleted_beneath_a_running_server_is_noticed(tmp_path: Path, file: Path) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
        file.unlink()
        for question in (look(), spend_step()):
            with pytest.raises(StoreMismatch, match="there is no store at"):
                ask(store, question)


def test_a115_a_file_replaced_beneath_a_running_server_is_noticed(tmp_path: Path, file: Path) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
        shutil.copy(file, tmp_path / "copy")
        os.replace(tmp_path / "copy", file)
        for question in (look(), spend_step()):
            with pytest.raises(StoreMismatch, match="was replaced while the server was running"):
                ask(store, question)


def test_a115_no_new_connection_is_opened_to_a_file_that_was_replaced(url: str, file: Path, tmp_path: Path) -> None:
    opened = StoreFile(file, SQLiteStore.create(url))
    opened.open().close()
    shutil.copy(file, tmp_path / "copy")
    os.replace(tmp_path / "copy", file)
    with pytest.raises(StoreMismatch, match="was replaced while the server was running"):
        opened.open()


def test_a115_a_file_replaced_while_it_is_opened_is_noticed(url: str, file: Path, tmp_path: Path) -> None:
    opened = StoreFile(file, SQLiteStore.create(url))
    shutil.copy(file, tmp_path / "copy")
    with closing(sqlite3.connect(file, isolation_level=None)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("CREATE TABLE of_the_other (name)")
        opening = pool.submit(opened.open)
        with pytest.raises(TimeoutError):  # it waits for the lock
            opening.result(timeout=0.2)
        os.replace(tmp_path / "copy", file)
        other.close()
        with pytest.raises(StoreUnavailable, match="was replaced while it was being opened"):
            opening.result()


def test_a115_a_new_store_in_the_place_of_the_old_one_is_not_taken_for_it(tmp_path: Path, url: str) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
        for path in tmp_path.iterdir():
            path.unlink()
        SQLiteStore.create(url)
        with pytest.raises(StoreMismatch):
            ask(store, look())


def test_a_file_that_comes_back_is_served_again(tmp_path: Path, file: Path) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
        file.rename(tmp_path / "away")
        with pytest.raises(StoreMismatch):
            ask(store, look())
        (tmp_path / "away").rename(file)
        assert ask(store, look()).account is not None

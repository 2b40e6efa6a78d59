"""The SQLite file: made by ``create`` alone, and no server works on a file that is not the one it was told. Attack 115."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from support.store_races import Place, create_in_processes
from support.stores import GENERATION, ask, enrol, look, open_pass, sqlite, sqlite_url
from twofa_middleware.errors import ConfigError, StoreMismatch, StoreUnavailable
from twofa_middleware.stores.sql.migrations import LAYOUT
from twofa_middleware.stores.sqlite import SQLiteStore
from twofa_middleware.stores.sqlite_file import StoreFile, check_sqlite, connect


def refusal(url: str, store_id: str = "some-id") -> str:
    """What a server says that starts with this file."""
    with closing(SQLiteStore(url, store_id)) as store, pytest.raises(StoreMismatch) as refused:
        ask(store, look())
    return str(refused.value)


def write_meta(file: Path, name: str, value: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))
        db.commit()


def test_a_store_id_has_80_bits_and_can_be_read_aloud(url: str) -> None:
    assert re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", SQLiteStore.create(url))


def test_every_new_store_has_an_id_of_its_own(tmp_path: Path) -> None:
    urls = [sqlite_url(tmp_path / str(number)) for number in range(20)]
    assert len({SQLiteStore.create(url) for url in urls}) == 20


def test_creating_again_answers_the_same_id_and_keeps_what_is_there(tmp_path: Path, url: str) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
        assert SQLiteStore.create(url) == SQLiteStore.create(url)
        assert ask(store, look()).account is not None


def test_creating_in_many_threads_at_once_makes_one_store(url: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(SQLiteStore.create, [url] * 16))) == 1


def test_creating_in_many_processes_at_once_makes_one_store(tmp_path: Path) -> None:
    made = create_in_processes([Place(SQLiteStore, sqlite_url(tmp_path / str(number)), "") for number in range(30)])
    assert [len(set(ids)) for ids in zip(*made, strict=True)] == [1] * 30


def test_an_empty_file_of_a_killed_init_is_filled(url: str, file: Path) -> None:
    file.touch()
    store_id = SQLiteStore.create(url)
    with closing(SQLiteStore(url, store_id)) as store:
        enrol(store)
        assert ask(store, look()).account is not None


def test_the_file_and_what_sqlite_puts_beside_it_are_for_the_owner_alone(tmp_path: Path, file: Path) -> None:
    with sqlite(tmp_path / "new") as store:
        enrol(store)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {"twofa.db": 0o600, "twofa.db-wal": 0o600, "twofa.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"notes\n" * 1000, b"x"])
def test_a_file_of_something_else_is_neither_filled_nor_served(url: str, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(StoreMismatch, match="file of something else"):
        SQLiteStore.create(url)
    assert "no store of twofa_middleware" in refusal(url)
    assert file.read_bytes() == content


@pytest.mark.parametrize("table", ["users (name)", "meta (name, value)", "meta (other)"])
def test_another_programs_database_is_neither_filled_nor_served(url: str, file: Path, table: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute(f"CREATE TABLE {table}")
    content = file.read_bytes()
    with pytest.raises(StoreMismatch, match="file of something else"):
        SQLiteStore.create(url)
    assert "no store of twofa_middleware" in refusal(url)
    assert file.read_bytes() == content


def test_a115_a_server_never_makes_a_store(url: str, file: Path) -> None:
    message = refusal(url)
    assert str(file) in message
    assert "gone or empty" in message
    assert "docs/moving.md (`twofa restore`): in an empty store nobody would have a second factor" in message
    assert not file.exists()


def test_a115_a_server_never_fills_an_empty_file(url: str, file: Path) -> None:
    file.touch()
    assert "holds no store of twofa_middleware: it is gone or empty" in refusal(url)
    assert file.stat().st_size == 0


def test_a115_a_file_that_goes_while_it_is_opened_is_not_made_again(url: str, file: Path) -> None:
    SQLiteStore.create(url)
    file.unlink()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        connect(file)
    assert not file.exists()


def test_a_commit_outlives_a_power_cut(url: str, file: Path) -> None:
    with closing(StoreFile(file, SQLiteStore.create(url)).open()) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_another_store_than_the_settings_name_is_refused(url: str) -> None:
    found = SQLiteStore.create(url)
    message = refusal(url, "other-id")
    assert found in message
    assert "other-id" in message
    assert "`store_id`" in message


def test_a_store_that_needs_a_newer_version_is_refused(url: str, file: Path) -> None:
    store_id = SQLiteStore.create(url)
    write_meta(file, "schema_version", str(LAYOUT + 1))
    assert "newer twofa-middleware" in refusal(url, store_id)
    with pytest.raises(StoreMismatch, match="newer"):
        SQLiteStore.create(url)


@pytest.mark.parametrize("version", ["0", "", "one", "\u0662", "9" * 20])
def test_a_store_of_no_known_version_is_refused(url: str, file: Path, version: str) -> None:
    store_id = SQLiteStore.create(url)
    write_meta(file, "schema_version", version)
    assert str(file) in refusal(url, store_id)


def test_a_store_can_be_restored_from_a_copy_that_sqlite_made(tmp_path: Path, url: str, file: Path) -> None:
    with sqlite(tmp_path) as store:
        enrol(store)
        with closing(sqlite3.connect(file)) as db:
            db.execute("VACUUM INTO ?", (str(tmp_path / "copy"),))
    os.replace(tmp_path / "copy", file)
    with closing(SQLiteStore(url, SQLiteStore.create(url))) as store:
        ask(store, open_pass(generation=GENERATION))
        assert ask(store, look()).account is not None


def test_a_name_with_signs_that_mean_something_in_a_uri_is_a_name(tmp_path: Path) -> None:
    with sqlite(tmp_path / "50%41 of a&b=c ü") as store:
        enrol(store)
    assert [path.name for path in tmp_path.iterdir()] == ["50%41 of a&b=c ü"]


def test_a_relative_file_lies_in_the_folder_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SQLiteStore("sqlite:///var/twofa.db", SQLiteStore.create("sqlite:///var/twofa.db"))) as store:
        monkeypatch.chdir("/")
        enrol(store)
    assert (tmp_path / "var" / "twofa.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://var/x.db",
        "sqlite:////x.db?mode=rwc",
        "sqlite:////x.db#a",
        "sqlite:////x\0.db",
        "sqlite:////folder/",
        "redis:///x",
    ],
)
def test_a_url_that_names_no_file_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigError, match=r"sqlite:////absolute/path\.db, or sqlite:///var/twofa\.db"):
        SQLiteStore(url, "some-id")


def test_a_folder_that_cannot_be_made_is_reported(file: Path) -> None:
    file.touch()
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        SQLiteStore.create(f"sqlite:///{file}/below/twofa.db")


def test_a_sqlite_without_strict_tables_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"SQLite 3\.36\.9; the store needs 3\.37\.0"):
        check_sqlite((3, 36, 9))


def test_a_store_that_is_dropped_leaves_no_open_file_behind(url: str, file: Path) -> None:
    def open_files() -> int:
        return sum(1 for entry in Path("/proc/self/fd").iterdir() if str(file) in str(entry.resolve()))

    store = SQLiteStore(url, SQLiteStore.create(url))
    store.check()
    assert open_files() > 0
    del store
    gc.collect()
    assert open_files() == 0

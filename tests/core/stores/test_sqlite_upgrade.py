"""Layouts of the SQLite store: migrated forward with a backup, and the way back until it is closed."""

from __future__ import annotations

import re
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from support.stores import ALICE, ask, enrol, look, open_pass, spend_step, sqlite_url
from twofa_middleware import asks
from twofa_middleware.errors import StoreMismatch, StoreUnavailable
from twofa_middleware.protocol import Layout
from twofa_middleware.stores import sqlite_upgrade
from twofa_middleware.stores.sql.migrations import LAYOUT, MIGRATIONS
from twofa_middleware.stores.sqlite import SQLiteStore
from twofa_middleware.stores.sqlite_file import StoreFile

ID = "aaaa-bbbb-cccc-dddd"
FIRST = Path(__file__).with_name("schema_1.sql")
NEXT = MIGRATIONS | {
    LAYOUT + 1: "ALTER TABLE passes ADD COLUMN more TEXT NOT NULL DEFAULT '';\nCREATE TABLE new (a TEXT);"
}
LONG = "CREATE TABLE half (a TEXT);\nINSERT INTO half (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) "
LONG += "SELECT hex(zeroblob(1000)) FROM n;"


@pytest.fixture
def old(file: Path) -> Path:
    """A store of the first layout, as its program made it."""
    with closing(sqlite3.connect(file)) as db:
        db.executescript(FIRST.read_text(encoding="utf-8"))
        db.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", {"store_id": ID, "schema_version": "1"}.items())
        db.commit()
        assert db.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    file.chmod(0o600)
    return file


def schema(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as db:
        return {
            re.sub(r"\s+", " ", sql) for (sql,) in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        }


def meta(file: Path) -> dict[str, str]:
    with closing(sqlite3.connect(file)) as db:
        return dict(db.execute("SELECT name, value FROM meta"))


def backups(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir() if ".before-" in path.name)


def test_a_store_of_the_first_layout_becomes_what_a_new_one_is(old: Path, tmp_path: Path) -> None:
    sqlite_upgrade.migrate(old, ID)
    SQLiteStore.create(sqlite_url(tmp_path / "new"))
    assert schema(old) == schema(tmp_path / "new" / "twofa.db")


def test_a_store_of_the_first_layout_is_refused_until_it_is_upgraded(old: Path, url: str) -> None:
    with closing(SQLiteStore(url, ID)) as store:
        with pytest.raises(StoreMismatch, match="run `twofa upgrade`"):
            store.check()
        assert store.layout() == Layout(1, 1, LAYOUT)
        store.migrate()
        enrol(store)
        assert store.layout() == Layout(LAYOUT, 1, LAYOUT)


def test_upgrading_is_left_to_the_command_and_init_does_not_do_it(old: Path, url: str) -> None:
    with pytest.raises(StoreMismatch, match="run `twofa upgrade`"):
        SQLiteStore.create(url)
    assert meta(old)["schema_version"] == "1"


def test_what_was_there_is_kept_and_lies_beside_the_file_for_its_owner_alone(url: str, file: Path) -> None:
    store_id = SQLiteStore.create(url)
    with closing(SQLiteStore(url, store_id)) as store:
        enrol(store)
        backup = sqlite_upgrade.migrate(file, store_id, NEXT)
        assert backup == file.with_name(f"twofa.db.before-{LAYOUT + 1}")
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert backups(file) == [backup.name]
        assert ask(store, look()).account is not None
    assert meta(backup)["schema_version"] == str(LAYOUT)
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("SELECT count(*) FROM accounts").fetchone() == (1,)


def test_no_backup_takes_the_place_of_another(old: Path) -> None:
    taken = old.with_name(f"twofa.db.before-{LAYOUT}")
    taken.write_text("of an earlier time")
    backup = sqlite_upgrade.migrate(old, ID)
    assert backup == old.with_name(f"twofa.db.before-{LAYOUT}-1")
    assert taken.read_text() == "of an earlier time"


def test_what_is_up_to_date_is_left_without_a_backup(old: Path) -> None:
    sqlite_upgrade.migrate(old, ID)
    assert sqlite_upgrade.migrate(old, ID) is None
    assert backups(old) == [f"twofa.db.before-{LAYOUT}"]


def test_running_servers_go_on_through_an_upgrade_until_it_is_committed(url: str, file: Path) -> None:
    store_id = SQLiteStore.create(url)
    with closing(SQLiteStore(url, store_id)) as running:
        enrol(running)
        sqlite_upgrade.migrate(file, store_id, NEXT)
        assert isinstance(ask(running, spend_step()), asks.Spent)
        with closing(SQLiteStore(url, store_id)) as started:
            assert ask(started, open_pass()) == asks.Done()
            assert started.layout() == Layout(LAYOUT + 1, LAYOUT, LAYOUT)
        StoreFile(file, store_id, LAYOUT + 1).open().close()
        sqlite_upgrade.commit(file, store_id, NEXT)
        with closing(SQLiteStore(url, store_id)) as started, pytest.raises(StoreMismatch, match="install the version"):
            started.check()
        StoreFile(file, store_id, LAYOUT + 1).open().close()


def test_a_second_upgrade_leaves_what_the_first_one_left_open(old: Path) -> None:
    sqlite_upgrade.migrate(old, ID)
    sqlite_upgrade.migrate(old, ID, NEXT)
    assert sqlite_upgrade.layout(old, ID, NEXT) == Layout(LAYOUT + 1, 1, LAYOUT + 1)


def test_what_was_not_upgraded_cannot_be_committed(old: Path) -> None:
    with pytest.raises(StoreMismatch, match="nothing to commit"):
        sqlite_upgrade.commit(old, ID)
    assert "needs" not in meta(old)


def test_another_store_is_not_upgraded(old: Path) -> None:
    with pytest.raises(StoreMismatch, match=ID):
        sqlite_upgrade.migrate(old, "other-id")
    assert backups(old) == []


def test_a_migration_that_fails_leaves_the_store_as_it_was(old: Path) -> None:
    before = schema(old)
    with pytest.raises(StoreUnavailable, match="stays as it was"):
        sqlite_upgrade.migrate(old, ID, MIGRATIONS | {LAYOUT + 1: "CREATE TABLE half (a TEXT);\nDROP TABLE missing;"})
    assert schema(old) == before
    assert meta(old) == {"store_id": ID, "schema_version": "1"}


def in_another_process(file: Path, body: str) -> subprocess.Popen[bytes]:
    code = f"from pathlib import Path\nfrom twofa_middleware.stores import sqlite_upgrade\nfile = Path({str(file)!r})\n{body}"
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)


def test_a_migration_that_is_killed_leaves_the_store_as_it_was(old: Path) -> None:
    before = schema(old)
    wal = old.with_name("twofa.db-wal")
    other = in_another_process(old, f"sqlite_upgrade.migrate(file, {ID!r}, {MIGRATIONS | {LAYOUT + 1: LONG}!r})")
    try:
        while not (wal.exists() and wal.stat().st_size > 1_000_000):  # it is in the middle, and has written much
            assert other.poll() is None, other.stderr and other.stderr.read()
    finally:
        other.send_signal(signal.SIGKILL)
        other.communicate()
    assert schema(old) == before
    assert meta(old)["schema_version"] == "1"
    sqlite_upgrade.migrate(old, ID)
    assert sqlite_upgrade.layout(old, ID).found == LAYOUT


@pytest.mark.parametrize("room", [0, 200_000])
def test_a_full_disk_leaves_the_store_as_it_was(old: Path, room: int) -> None:
    """No file may grow beyond ``room`` bytes: with 0 there is none for the backup, else none for the migration."""
    before = schema(old)
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
    other = in_another_process(old, f"{limit}sqlite_upgrade.migrate(file, {ID!r}, {MIGRATIONS | {LAYOUT + 1: LONG}!r})")
    said = other.communicate()[1].decode()
    assert "StoreUnavailable" in said
    assert "stays as it was" in said
    assert schema(old) == before
    assert backups(old) == ([f"twofa.db.before-{LAYOUT + 1}"] if room else [])
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_backup_that_is_put_back_under_a_running_server_is_refused(old: Path, url: str) -> None:
    backup = sqlite_upgrade.migrate(old, ID)
    assert backup is not None
    with closing(SQLiteStore(url, ID)) as running:
        enrol(running)
        backup.replace(old)
        with pytest.raises(StoreMismatch, match="was replaced while the server was running"):
            ask(running, look())


def test_a_backup_that_is_put_back_is_what_the_version_before_works_on(old: Path) -> None:
    backup = sqlite_upgrade.migrate(old, ID)
    assert backup is not None
    for name in ("twofa.db-wal", "twofa.db-shm"):
        old.with_name(name).unlink(missing_ok=True)
    backup.replace(old)
    with closing(StoreFile(old, ID, known=1).open()) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_every_insert_names_its_columns_so_that_an_added_one_with_a_default_breaks_none() -> None:
    package = files("twofa_middleware.stores")
    texts = [
        path.read_text("utf-8")
        for folder in (package, package / "sql")
        for path in folder.iterdir()
        if path.name.endswith(".py")
    ]
    inserts = [found for text in texts for found in re.findall(r"INSERT (?:OR \w+ )?INTO[^\n]*", text)]
    assert len(inserts) > 15
    for insert in inserts:
        assert re.match(r"INSERT (OR \w+ )?INTO \w+ \(\w+(, \w+)*\)", insert), insert


def test_the_events_of_a_user_are_found_by_their_id(old: Path) -> None:
    sqlite_upgrade.migrate(old, ID)
    with closing(sqlite3.connect(old)) as db:
        plan = db.execute("EXPLAIN QUERY PLAN DELETE FROM log WHERE user = ? AND id = ?", (ALICE, b"")).fetchone()
    assert "log_of_user_by_id (user=? AND id=?)" in plan[3]

"""Bringing a SQLite store up to a newer layout, with what was there before beside it.

Servers of the version before go on all the while: the backup holds nobody up, and the migration is one transaction, for
which they wait as for any other. Whatever goes wrong before its end leaves the file as it was. Only ``commit`` shuts them
out; until then the older version may be installed again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

from ..errors import StoreMismatch, StoreMissing, StoreUnavailable
from ..protocol import Layout
from .base import GONE, check_meta, layout_of
from .sql.migrations import MIGRATIONS
from .sqlite_file import USE_FULL_SYNC, connect, read_meta, statements_of
from .sqlite_patience import patiently

LOCK_SECONDS = 10.0
MOST_BACKUPS = 100
WRITE_META = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def layout(path: Path, store_id: str, migrations: Mapping[int, str] = MIGRATIONS) -> Layout:
    """The layout of the file, which may be older than what servers of this program work on."""
    with _opened(path) as connection:
        return _layout(connection, path, store_id, max(migrations))


def migrate(path: Path, store_id: str, migrations: Mapping[int, str] = MIGRATIONS) -> Path | None:
    """Bring the file up to the last layout; the backup of before, or None if there was nothing to do."""
    known = max(migrations)
    with _opened(path) as connection:
        if _layout(connection, path, store_id, known).found >= known:
            return None
        backup = _back_up(connection, path, known)
        with _changing(connection):
            found = _layout(connection, path, store_id, known)  # somebody else may have been faster
            for number in range(found.found + 1, known + 1):
                for statement in statements_of(migrations[number]):
                    connection.execute(statement)
            meta = {"schema_version": str(max(found.found, known)), "needs": str(found.needs)}
            connection.executemany(WRITE_META, meta.items())
    return backup


def commit(path: Path, store_id: str, migrations: Mapping[int, str] = MIGRATIONS) -> None:
    """From now on the file needs its layout: programs that do not know it are shut out."""
    known = max(migrations)
    with _opened(path) as connection, _changing(connection):
        found = _layout(connection, path, store_id, known)
        if found.found != known:
            raise StoreMismatch(
                f"{path} has the layout {found.found}, and this program makes {known}: nothing to commit"
            )
        connection.execute(WRITE_META, ("needs", str(known)))


def _layout(connection: sqlite3.Connection, path: Path, store_id: str, known: int) -> Layout:
    """Checked as a server checks it, except that it may be older."""
    meta = read_meta(connection)
    found = layout_of(meta, str(path), known)
    check_meta(meta, str(path), store_id, min(found.found, known))
    return found


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise StoreMissing(f"there is no store at {path}: {GONE}")
    try:
        with closing(connect(path)) as connection:
            connection.execute(USE_FULL_SYNC)
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"{path} stays as it was: {error}") from error


@contextmanager
def _changing(connection: sqlite3.Connection) -> Iterator[None]:
    patiently(lambda: connection.execute("BEGIN IMMEDIATE"), monotonic() + LOCK_SECONDS)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _back_up(connection: sqlite3.Connection, path: Path, known: int) -> Path:
    """A copy as of one moment, for its owner alone, on the disk before anything changes. It takes a name that is free.

    It is written under another name, so that one that was broken off is never taken for a whole one.
    """
    part = path.with_name(f"{path.name}.before-{known}.part")
    part.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
        _to_disk(part)
        backup = _link_to_a_free_name(part, path.with_name(f"{path.name}.before-{known}"))
    finally:
        part.unlink(missing_ok=True)
        for leftover in ("-wal", "-shm", "-journal"):
            part.with_name(part.name + leftover).unlink(missing_ok=True)
    _to_disk(path.parent)
    return backup


def _link_to_a_free_name(part: Path, wanted: Path) -> Path:
    """Unlike a renaming, a link never takes the place of anything."""
    for number in range(MOST_BACKUPS):
        backup = wanted.with_name(f"{wanted.name}-{number}") if number else wanted
        with suppress(FileExistsError):
            os.link(part, backup)
            return backup
    raise StoreUnavailable(f"there are {MOST_BACKUPS} backups {wanted}-…: take those away that nobody needs")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

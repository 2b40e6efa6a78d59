"""The file of a SQLite store: its URL, its making by ``twofa init``, and opening it without ever making it.

A server that finds no store, an empty one or another one must refuse: a new empty store would mean that nobody has
two-factor authentication. So ``open`` uses ``mode=rw``, and compares the store's id before anything else.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from ..errors import ConfigError, StoreMismatch, StoreMissing, StoreUnavailable
from ..file_access import barred
from .base import GONE, check_meta, new_store_id
from .sql.migrations import LAYOUT
from .sqlite_patience import PATIENCE_SECONDS, patiently

PREFIX = "sqlite:///"
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
CREATE_SECONDS = 10.0

USE_WAL = "PRAGMA journal_mode = WAL"
USE_FULL_SYNC = "PRAGMA synchronous = FULL"  # NORMAL could revive a spent code after a power cut
READ_META = "SELECT name, value FROM meta"
_BARRED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)

_creating = threading.Lock()


def path_of(url: str) -> Path:
    """The file that ``sqlite:////absolute/path.db`` or ``sqlite:///relative/path.db`` names, as an absolute path."""
    path = url.removeprefix(PREFIX)
    if not url.startswith(PREFIX) or not path or path.endswith("/") or path == ":memory:" or set(path) & set("?#\0"):
        raise ConfigError(
            f"store {url!r}: write sqlite:////absolute/path.db, or sqlite:///var/twofa.db with three strokes for one that "
            "lies beside the settings; a file and no options"
        )
    return Path(os.path.abspath(path))


def check_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """ConfigError if Python was built with a SQLite that does not know STRICT tables."""
    if version < OLDEST_SQLITE:
        found, needed = (".".join(map(str, parts)) for parts in (version, OLDEST_SQLITE))
        raise ConfigError(f"Python's sqlite3 uses SQLite {found}; the store needs {needed} or later")


class StoreFile:
    """One existing file. Once it was opened it must stay the same file, by device and inode, until the server ends.

    A file that is replaced beneath a running server would be read together with the old one's ``-wal``, and a deleted
    one would go on taking codes that nobody else sees as spent. The check is one ``stat`` a question (2 µs).
    """

    def __init__(self, path: Path, store_id: str, known: int = LAYOUT) -> None:
        """``known``: the layout that the program works on."""
        self.path = path
        self._store_id = store_id
        self._known = known
        self._identity: tuple[int, int] | None = None

    def check(self) -> None:
        """StoreMismatch if the file is gone or is another one than was opened; before the first opening, if missing."""
        if self._stat() != self._identity and self._identity is not None:
            raise StoreMismatch(
                f"{self.path} was replaced while the server was running: stop every server that uses it, "
                "put the file in place together with its own -wal or with none, and start again"
            )

    def open(self, seconds: float = PATIENCE_SECONDS) -> sqlite3.Connection:
        """A new connection to the store, checked: the file that it always was, our schema, and the id of the settings.

        It may be closed by another thread, never used by two at once. Busy is reported at once, for the caller to wait;
        for ``seconds`` it is waited here.
        """
        before = self._stat()
        self.check()
        connection = connect(self.path)
        try:
            patiently(lambda: self._prepare(connection), monotonic() + seconds)
            if self._stat() != before:
                raise StoreUnavailable(f"{self.path} was replaced while it was being opened")
        except BaseException:
            connection.close()
            raise
        self._identity = before
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        check_meta(read_meta(connection), str(self.path), self._store_id, self._known)
        connection.execute(USE_WAL)
        connection.execute(USE_FULL_SYNC)

    def _stat(self) -> tuple[int, int]:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            raise StoreMissing(f"there is no store at {self.path}: {GONE}") from None
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be reached: {told(error, self.path)}") from error
        return found.st_dev, found.st_ino


def create(path: Path) -> str:
    """Make the store, or find the one that is there, and return its id. Any number may run at once.

    An empty file is filled (an earlier run may have been killed); a file of somebody else's is refused.
    """
    check_sqlite()
    with _creating:  # closing the new, empty file would drop the locks that another thread's SQLite holds on it
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be made: {told(error, path)}") from error
        try:
            return patiently(lambda: _fill_if_empty(path), monotonic() + CREATE_SECONDS)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{path} cannot be made: {told(error, path)}") from error


def told(error: sqlite3.Error | OSError, path: Path) -> str:
    """What is wrong with the file, and whose it is if it is not for us."""
    if isinstance(error, OSError):
        what, is_barred = error.strerror or "", isinstance(error, PermissionError)
    else:
        what, is_barred = str(error), getattr(error, "sqlite_errorcode", 0) & 0xFF in _BARRED
    return "; ".join(filter(None, (what, barred(path) if is_barred else "")))


def _fill_if_empty(path: Path) -> str:
    """Whoever comes first fills an empty file, in one transaction; everybody reads what is then there."""
    with closing(connect(path)) as connection:
        if not read_meta(connection) and path.stat().st_size == 0:
            connection.execute("BEGIN IMMEDIATE")
            if not read_meta(connection):
                _fill(connection)
            connection.execute("COMMIT")
        meta = read_meta(connection)
        if not meta:
            raise StoreMismatch(f"{path} is a file of something else: name another one in `store`")
        store_id = check_meta(meta, str(path), None, LAYOUT)
        connection.execute(USE_WAL)
    return store_id


def _fill(connection: sqlite3.Connection) -> None:
    for statement in statements_of(files(__package__).joinpath("schema.sql").read_text("utf-8")):
        connection.execute(statement)
    meta = {"store_id": new_store_id(), "schema_version": str(LAYOUT)}
    connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", meta.items())


def statements_of(script: str) -> list[str]:
    """The statements of a script one by one: ``executescript`` would end the transaction that it runs in."""
    statements, begun = [], ""
    for line in script.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return statements


def connect(path: Path) -> sqlite3.Connection:
    """Open for reading and writing, never make; transactions are begun and ended by us alone, and so is waiting."""
    uri = f"file:{quote(str(path))}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """What the store says of itself; empty for a file that is no SQLite file or has no such table."""
    try:
        return {str(name): str(value) for name, value in connection.execute(READ_META)}
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB):
            return {}
        raise

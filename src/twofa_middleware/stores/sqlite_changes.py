"""How a near cache learns what has changed in a SQLite file: by the number in its table ``revision``.

Triggers raise the number with every change of a pass, an account or a flag, whoever makes it. It is read again only if
``PRAGMA data_version`` says that somebody has written to the file; that costs 4 µs and asks no other process
(https://www.sqlite.org/pragma.html#pragma_data_version). A ``stat`` sees that the file is still the same.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable
from time import monotonic

from ..errors import StoreError
from ..protocol import UserKey
from .sqlite_file import StoreFile

_VERSION = "PRAGMA data_version"
_REVISION = "SELECT number FROM revision"
_OPENINGS = 1 << 48
"""Numbers of two openings of the file are never the same, whatever the file says."""
AGAIN_SECONDS = 0.5
"""So long a file that could not be read is left alone."""


class FileChanges:
    """Watches the file on a connection of its own, which writes nothing and never crosses a fork."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file
        self._openings = 0
        self._begin()
        _every.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._version = -1
        self._revision = 0
        self._look_at = 0.0
        self._is_closed = False

    def begin(self, forget: Callable[[UserKey | None], None]) -> None:
        """Nothing has to be forgotten by itself: the stamp tells."""

    def stamp(self) -> int | None:
        with self._lock:
            if self._is_closed or (self._connection is None and monotonic() < self._look_at):
                return None
            try:
                self._file.check()
                return self._read()
            except (sqlite3.Error, StoreError):
                self._close()
                self._look_at = monotonic() + AGAIN_SECONDS
                return None

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._close()

    def _read(self) -> int:
        if self._connection is None:
            self._connection = self._file.open(0)
            self._openings += 1
        # First the version: what is committed between the two shows in the next one.
        (version,) = self._connection.execute(_VERSION).fetchone()
        if version != self._version:
            (revision,) = self._connection.execute(_REVISION).fetchone()
            if revision < self._revision:
                self._openings += 1  # an older copy was put into the file, and the same numbers come again
            self._revision, self._version = revision, version
        return self._openings * _OPENINGS + self._revision

    def _close(self) -> None:
        connection, self._connection, self._version = self._connection, None, -1
        if connection is not None:
            connection.close()

    def before_fork(self) -> None:
        self._lock.acquire()
        self._close()

    def after_fork_in_parent(self) -> None:
        self._lock.release()

    def after_fork_in_child(self) -> None:
        self._begin()


_every: weakref.WeakSet[FileChanges] = weakref.WeakSet()


_at_fork: list[FileChanges] = []


def _before_fork() -> None:
    _at_fork.extend(_every)
    for changes in _at_fork:
        changes.before_fork()


def _after_fork_in_parent() -> None:
    while _at_fork:
        _at_fork.pop().after_fork_in_parent()


def _after_fork_in_child() -> None:
    while _at_fork:
        _at_fork.pop().after_fork_in_child()


if sys.platform != "win32":
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)

"""The kept connections of a SQLite store, and what a fork does to them.

A question borrows a connection and gives it back, so threads may come and go. Nothing may be inherited over a fork:
SQLite keeps the locks of a file in a table of the process, and a child that has this table without the locks loses
what it commits once its parent closes the file (https://www.sqlite.org/howtocorrupt.html, 2.6). So before a fork the
store waits for its questions to end and closes its connections, in the parent; each side then opens new ones.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from ..errors import StoreUnavailable

MOST_IDLE = 8
FORK_SECONDS = 2.0


class Connections:
    """Lends connections: any number for reads, and one at a time for changes, since SQLite has one writer."""

    def __init__(self, open_one: Callable[[], sqlite3.Connection]) -> None:
        self._open_one = open_one
        self._idle: list[sqlite3.Connection] = []
        self._lent = 0
        self._closed = False
        self._start()
        _every.add(self)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._inherited = bool(self._idle or self._lent)
        self._forking = False
        self._change = threading.Condition()
        self._writing = threading.Lock()
        # A middleware that is dropped rather than closed leaves no open file behind.
        weakref.finalize(self, _close_all, self._idle, self._pid)

    @contextmanager
    def one(self, deadline: float) -> Iterator[sqlite3.Connection]:
        """A connection outside any transaction. Whatever goes wrong with it, it is closed and not lent again."""
        connection = self._borrow(deadline)
        try:
            yield connection
        except BaseException:
            self._give_back(connection, keep=False)
            raise
        else:
            self._give_back(connection, keep=True)

    @contextmanager
    def writing(self, deadline: float) -> Iterator[None]:
        """This process's turn to change something: threads queue here, which is fairer than polling SQLite's lock."""
        turn = self._writing
        if not turn.acquire(timeout=max(0.0, deadline - monotonic())):
            raise StoreUnavailable("the store is busy: too many changes are waiting")
        try:
            yield
        finally:
            turn.release()

    def _borrow(self, deadline: float) -> sqlite3.Connection:
        if self._pid != os.getpid():
            self._start()
        with self._change:
            if not self._change.wait_for(lambda: not self._forking, max(0.0, deadline - monotonic())):
                raise StoreUnavailable("the store is busy: the server is forking")
            if self._closed:
                raise StoreUnavailable("the store was closed")
            if self._inherited:
                raise StoreUnavailable("the store was in use when the server forked: start the app after the fork")
            self._lent += 1
            if self._idle:
                return self._idle.pop()
        try:
            return self._open_one()
        except BaseException:
            self._returned()
            raise

    def _give_back(self, connection: sqlite3.Connection, *, keep: bool) -> None:
        with self._change:
            kept = keep and not self._closed and len(self._idle) < MOST_IDLE
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()
        self._returned()

    def _returned(self) -> None:
        with self._change:
            self._lent -= 1
            self._change.notify_all()

    def close(self) -> None:
        """Close what is not lent; what is lent is closed when it comes back. A forked child closes nothing."""
        self._closed = True
        if self._pid == os.getpid():
            self._close_idle()

    def _close_idle(self) -> None:
        with self._change:
            while self._idle:
                self._idle.pop().close()

    def before_fork(self) -> None:
        """Wait for the questions under way, and close every connection."""
        with self._change:
            self._forking = True
            self._change.wait_for(lambda: not self._lent, FORK_SECONDS)
        self._close_idle()

    def after_fork_in_parent(self) -> None:
        with self._change:
            self._forking = False
            self._change.notify_all()

    def after_fork_in_child(self) -> None:
        self._start()


def _close_all(connections: list[sqlite3.Connection], pid: int) -> None:
    while pid == os.getpid() and connections:
        connections.pop().close()


_every: weakref.WeakSet[Connections] = weakref.WeakSet()


def _before_fork() -> None:
    for connections in list(_every):
        connections.before_fork()


def _after_fork_in_parent() -> None:
    for connections in list(_every):
        connections.after_fork_in_parent()


def _after_fork_in_child() -> None:
    for connections in list(_every):
        connections.after_fork_in_child()


if sys.platform != "win32":
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)

"""Waiting for a SQLite file that somebody else has locked: long enough for a change, and not for ever.

Short random naps instead of SQLite's own busy timeout. Its naps grow to 100 ms, so beside a process that writes without
a pause a waiting one hardly ever finds the lock free; and it does not nap at all where it fears a deadlock, as when
several processes switch a new file to WAL.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

PATIENCE_SECONDS = 0.9
LONGEST_NAP_SECONDS = 0.004

Found = TypeVar("Found")


def patiently(step: Callable[[], Found], deadline: float) -> Found:
    """What ``step`` returns, tried again while the file is busy; it has to undo what it has begun when it raises.

    ``deadline`` is a time of ``time.monotonic``; after it the sqlite3.OperationalError is passed on.
    """
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or monotonic() >= deadline:
                raise
        sleep(random.uniform(0, LONGEST_NAP_SECONDS))  # noqa: S311


def is_busy(error: sqlite3.Error) -> bool:
    """Whether SQLite gave up because of somebody else's lock (https://www.sqlite.org/rescode.html#busy)."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY

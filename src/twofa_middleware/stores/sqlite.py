"""The embedded store: one SQLite file in WAL mode, for one machine with any number of processes.

A question that changes something is one ``BEGIN IMMEDIATE`` transaction, so two of them never see each other half done;
a read is one read transaction. What happens inside stands in ``sql/``, a module for each subject. A sweep that finds
nothing to carry, or rules that were met before, write nothing: they only take their turn.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Any

from .. import asks
from ..errors import ConfigError, StoreUnavailable
from ..protocol import Ask, Finding, Layout, Result, StoreOptions
from . import sqlite_file, sqlite_inspect, sqlite_upgrade
from .base import AnswerTable, AnswerThreads
from .sql import (
    administering,
    attempts,
    binding,
    browsers,
    counts,
    events,
    marks,
    moving,
    passes,
    people,
    resealing,
    roles,
    rules,
    setups,
    spending,
)
from .sql.notes import write_notes
from .sqlite_changes import FileChanges
from .sqlite_connections import Connections
from .sqlite_patience import PATIENCE_SECONDS, patiently

ANSWERS: AnswerTable[sqlite3.Connection] = AnswerTable(
    reads={
        asks.Look: passes.look,
        asks.ReadSetup: setups.read,
        asks.ReadBrowsers: browsers.read,
        asks.ReadSummary: administering.summary,
        asks.Acknowledge: administering.acknowledge,
        asks.ReadRoles: roles.read,
        asks.ReadPeople: people.read,
        asks.ReadEvents: events.read,
        asks.FollowEvents: events.follow,
        asks.ReadCounts: counts.read,
        asks.ReadMark: marks.read,
        asks.ReadUsers: moving.read_users,
        asks.ReadRecords: moving.read_records,
        asks.ReadBinding: binding.read,
    },
    changes={
        asks.ReadAttempts: attempts.read,  # it may shorten a wait that a wrong clock has set
        asks.TakeAttempt: attempts.take,
        asks.TakeRecoveryAttempt: attempts.take_recovery,
        asks.SpendStep: spending.spend_step,
        asks.SpendCode: spending.spend_code,
        asks.TurnOn: spending.turn_on,
        asks.BeginSetup: setups.begin,
        asks.OpenPass: passes.open_unprompted,
        asks.EndPass: passes.end,
        asks.TouchPass: passes.touch,
        asks.ForgetBrowsers: browsers.forget,
        asks.MeetRules: rules.meet,
        asks.ResetAccount: administering.reset,
        asks.Unlock: administering.unlock,
        asks.EndPasses: administering.end_passes,
        asks.Note: administering.note,
        asks.WriteRole: roles.write,
        asks.Sweep: events.sweep,
        asks.AddCounts: counts.add,
        asks.TakeLease: marks.take_lease,
        asks.MoveMark: marks.move,
        asks.WriteRecords: moving.write_records,
        asks.Reseal: resealing.reseal,
        asks.AddEvents: moving.add_events,
        asks.BeginLogin: binding.begin,
        asks.Bind: binding.bind,
        asks.Unbind: binding.unbind,
    },
)

NO_OPTIONS = StoreOptions()


class SQLiteStore:
    """Answers every question of ``asks`` from the file that ``url`` names.

    Raises StoreMismatch if the file is missing, was replaced, or is not the store ``store_id``; StoreUnavailable if it
    cannot answer, at the latest after ``PATIENCE_SECONDS`` of waiting for others. It never makes a file. A file is one
    realm's alone, so ``realm`` is not written into it.
    """

    schemes = ("sqlite",)

    def __init__(self, url: str, store_id: str, realm: str = "", options: StoreOptions = NO_OPTIONS) -> None:
        sqlite_file.check_sqlite()
        if options.replicas or options.fsync:
            raise ConfigError(
                "[store] acknowledge is for Redis: a change in a SQLite file is on its disk once it is made"
            )
        self._store_id = store_id
        self._file = sqlite_file.StoreFile(sqlite_file.path_of(url), store_id)
        self._connections = Connections(self._file.open)
        self._threads = AnswerThreads("twofa-sqlite")

    @classmethod
    def create(cls, url: str, realm: str = "", options: StoreOptions = NO_OPTIONS) -> str:
        """Make the store and return its id; one that is there is left as it is. Only ``twofa init`` does this."""
        return sqlite_file.create(sqlite_file.path_of(url))

    def check(self) -> None:
        """Connect now, so that what the first question would raise is raised at once."""
        try:
            self._file.check()
            with self._connections.one(monotonic() + PATIENCE_SECONDS):
                pass
        except sqlite3.Error as error:
            raise StoreUnavailable(
                f"the store {self._file.path} did not answer: {sqlite_file.told(error, self._file.path)}"
            ) from error

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        return self._answer(ask, monotonic() + PATIENCE_SECONDS)

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer in a thread of the store's own. The patience begins here: who queued for long waits no more."""
        _, changes = ANSWERS.find(ask)
        return await self._threads.run(changes, self._answer, ask, monotonic() + PATIENCE_SECONDS)

    def inspect(self) -> Iterable[Finding]:
        """All that is not as it should be about the file."""
        return sqlite_inspect.inspect(self._file.path)

    def layout(self) -> Layout:
        """How the file is laid out; one that is older than this program's is no error here."""
        return sqlite_upgrade.layout(self._file.path, self._store_id)

    def migrate(self) -> Path | None:
        """Bring the file up to this program's layout; answers the backup of before."""
        return sqlite_upgrade.migrate(self._file.path, self._store_id)

    def commit(self) -> None:
        """From now on the file needs a program that knows its layout."""
        sqlite_upgrade.commit(self._file.path, self._store_id)

    def changes(self) -> FileChanges:
        """What a near cache watches."""
        return FileChanges(self._file)

    def close(self) -> None:
        """End the threads and close the connections; later questions are refused."""
        self._threads.close()
        self._connections.close()

    def _answer(self, ask: Ask[Result], deadline: float) -> Result:
        handle, changes = ANSWERS.find(ask)
        try:
            if not changes:
                return self._transact("BEGIN", handle, ask, deadline)
            with self._connections.writing(deadline):
                return self._transact("BEGIN IMMEDIATE", handle, ask, deadline)
        except sqlite3.Error as error:
            raise StoreUnavailable(
                f"the store {self._file.path} did not answer: {sqlite_file.told(error, self._file.path)}"
            ) from error

    def _transact(
        self, begin: str, handle: Callable[[sqlite3.Connection, Any], Result], ask: Ask[Result], deadline: float
    ) -> Result:
        """One transaction, tried again while another process holds the lock."""
        self._file.check()
        with self._connections.one(deadline) as connection:
            return patiently(lambda: _one_transaction(connection, begin, handle, ask), deadline)


def _one_transaction(
    connection: sqlite3.Connection,
    begin: str,
    handle: Callable[[sqlite3.Connection, Any], Result],
    ask: Ask[Result],
) -> Result:
    """Everything that the answer writes and its notes, or nothing of it."""
    connection.execute(begin)
    try:
        reply = handle(connection, ask)
        write_notes(connection, ask, reply)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return reply

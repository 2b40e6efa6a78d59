"""What lies in a store, as somebody sees it who can write to it: cells that are written over, and put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import redis

Value = bytes | int | str
Cell = tuple[str, ...]
"""Where a value lies, the table or kind of key first."""


class Stored(Protocol):
    def keep(self) -> None:
        """Everything is now as ``rewind`` makes it again."""

    def rewind(self) -> None: ...

    def forgive(self) -> None:
        """No try of before counts, and no event of before is kept."""

    def cells(self) -> list[tuple[Cell, Value]]:
        """All that was kept, in an order that is the same in each run."""

    def write(self, cell: Cell, value: bytes) -> bool:
        """Whether the store took it."""

    def close(self) -> None: ...


class SqliteRows:
    """A SQLite file, by a connection of its own. A cell is a table, the number of a row in it, and a column."""

    _TAKEN_AWAY = (("accounts", "user"),)
    """Under another name, an account is not there; SECURITY.md says what that means."""
    _LEFT_ALONE = ("meta", "revision", "counts", "leases", "marks")
    _MOST_ROWS = 6

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA synchronous = OFF")
        tables = [
            name for (name,) in self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
        ]
        self._tables = [name for name in tables if name not in self._LEFT_ALONE and "sqlite" not in name]
        self._columns = {table: [row[1] for row in self._db.execute(f"PRAGMA table_info({table})")] for table in tables}
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    def keep(self) -> None:
        self._rows = {table: self._of(table) for table in self._tables}

    def _of(self, table: str) -> list[tuple[Any, ...]]:
        return self._db.execute(f"SELECT * FROM {table}").fetchall()

    def rewind(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for table, rows in self._rows.items():
            if self._of(table) != rows:
                self._db.execute(f"DELETE FROM {table}")
                self._db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(self._columns[table]))})", rows)
        self._db.execute("COMMIT")

    def forgive(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for table in ("tries", "waits", "log", "events", "minor_rows"):
            self._db.execute(f"DELETE FROM {table}")
        self._db.execute("COMMIT")

    def count(self, table: str) -> int:
        (count,) = self._db.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)

    def cells(self) -> list[tuple[Cell, Value]]:
        return [
            ((table, str(number), column), value)
            for table, rows in self._rows.items()
            for number, row in enumerate(rows[: self._MOST_ROWS])
            for column, value in zip(self._columns[table], row, strict=True)
            if value is not None and (table, column) not in self._TAKEN_AWAY
        ]

    def write(self, cell: Cell, value: bytes) -> bool:
        table, number, column = cell
        row = self._rows[table][int(number)]
        old = dict(zip(self._columns[table], row, strict=True))[column]
        new: Value = value
        if isinstance(old, int):
            new = int.from_bytes(value[:8], signed=True)
        elif isinstance(old, str):
            new = value.decode("latin-1")
        where = " AND ".join(f"{name} IS ?" for name in self._columns[table])
        try:
            return self._db.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (new, *row)).rowcount == 1
        except sqlite3.Error:  # two rows of one name, or what a column cannot be
            return False

    def close(self) -> None:
        self._db.close()


class RedisKeys:
    """A Redis with every command. A cell is a kind of key, the key, and a field or place in it."""

    _LEFT_ALONE = (":id", ":counts", ":marks", ":making")

    def __init__(self, port: int) -> None:
        self._client = redis.Redis(port=port, protocol=2)
        self._dumps: dict[bytes, bytes] = {}

    def _keys(self) -> list[bytes]:
        found: Sequence[bytes] = self._client.keys("*")
        return sorted(key for key in found if not key.decode().endswith(self._LEFT_ALONE))

    def keep(self) -> None:
        self._dumps = {key: self._client.dump(key) for key in self._keys()}

    def rewind(self) -> None:
        keys = self._keys()
        with closing(self._client.pipeline(transaction=False)) as pipe:
            for key in keys:
                pipe.dump(key)
            now = dict(zip(keys, pipe.execute(), strict=True))
        with closing(self._client.pipeline(transaction=True)) as pipe:
            for key in keys:
                if key not in self._dumps:
                    pipe.delete(key)
            for key, dump in self._dumps.items():
                if now.get(key) != dump:
                    pipe.restore(key, 0, dump, replace=True)
            pipe.execute()

    def forgive(self) -> None:
        gone = [key for key in self._keys() if key.endswith((b":seen", b":log", b":long", b":events"))]
        if gone:
            self._client.delete(*gone)

    def cells(self) -> list[tuple[Cell, Value]]:
        found: list[tuple[Cell, Value]] = []
        for key in self._dumps:
            name = key.decode()
            values: dict[bytes, bytes] = {}
            match self._client.type(key):
                case b"hash":
                    values = self._client.hgetall(key)
                case b"list":
                    values = {b"%d" % place: value for place, value in enumerate(self._client.lrange(key, 0, -1))}
                case b"string":
                    values = {b"": self._client.get(key)}
            kind = name.rpartition(":")[2]
            found += [((kind, name, field.decode("latin-1")), value) for field, value in sorted(values.items())]
        return found

    def write(self, cell: Cell, value: bytes) -> bool:
        _, name, field = cell
        match self._client.type(name):
            case b"hash" if value[:1] == b"\xfe":  # another name for the same value
                old = self._client.hget(name, field.encode("latin-1"))
                self._client.hdel(name, field.encode("latin-1"))
                self._client.hset(name, value[1:], old)
            case b"hash":
                self._client.hset(name, field.encode("latin-1"), value)
            case b"list":
                self._client.lset(name, int(field), value)
            case _:
                self._client.set(name, value)
        return True

    def close(self) -> None:
        self._client.close()

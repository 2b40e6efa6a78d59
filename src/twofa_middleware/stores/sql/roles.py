"""Flags on roles."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import Done, Moved, ReadRoles, RoleRow, WriteRole

READ = "SELECT key, version, record FROM roles ORDER BY key"
READ_VERSION = "SELECT version FROM roles WHERE key = ?"
WRITE = """
    INSERT INTO roles (key, version, record) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET version = excluded.version, record = excluded.record
"""


def read(db: Connection, ask: ReadRoles) -> tuple[RoleRow, ...]:
    """Every flag."""
    return tuple(RoleRow(*row) for row in db.execute(READ))


def write(db: Connection, ask: WriteRole) -> Done | Moved:
    """Of two administrators who saw the same flag, the first changes it."""
    role = ask.role
    found = db.execute(READ_VERSION, (role.key,)).fetchone()
    if (0 if found is None else found[0]) != role.version - 1:
        return Moved()
    db.execute(WRITE, (role.key, role.version, role.record))
    return Done()

"""The one SQLite file that everything lies in, and its tables. Its path comes from PORTAL_DB (default: portal.db)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, user_name TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
    password TEXT, disabled INTEGER NOT NULL DEFAULT 0);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE user_roles (user_id INTEGER REFERENCES users, role_id INTEGER REFERENCES roles,
    PRIMARY KEY (user_id, role_id));
CREATE TABLE group_roles (group_id INTEGER REFERENCES groups, role_id INTEGER REFERENCES roles,
    PRIMARY KEY (group_id, role_id));
CREATE TABLE group_members (group_id INTEGER REFERENCES groups, user_id INTEGER REFERENCES users,
    PRIMARY KEY (group_id, user_id));
CREATE TABLE api_tokens (digest TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
    expires INTEGER NOT NULL);
CREATE TABLE forms (slug TEXT PRIMARY KEY, title TEXT NOT NULL, about TEXT NOT NULL,
    offered TEXT NOT NULL, fields TEXT NOT NULL);
CREATE TABLE tasks (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
    form TEXT NOT NULL REFERENCES forms, title TEXT NOT NULL, due TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE submissions (id INTEGER PRIMARY KEY, form TEXT NOT NULL REFERENCES forms,
    user_id INTEGER REFERENCES users, task_id INTEGER REFERENCES tasks, answers TEXT NOT NULL,
    submitted INTEGER NOT NULL, changed INTEGER NOT NULL)
"""


def path() -> Path:
    return Path(os.environ.get("PORTAL_DB", "portal.db"))


@contextmanager
def database(*, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection; with `write=True` one transaction, undone if the block raises."""
    db = sqlite3.connect(path(), timeout=10, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        if write:
            db.execute("BEGIN IMMEDIATE")
        yield db
        if write:
            db.execute("COMMIT")
    finally:
        db.close()


def names(query: str, *values: int) -> list[str]:
    """What a query finds, which selects the names of something."""
    with database() as db:
        return [row["name"] for row in db.execute(f"{query} ORDER BY name", values)]

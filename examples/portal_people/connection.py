"""The one SQLite file that everything lies in. Its path comes from PORTAL_DB (default: portal.db)."""

from __future__ import annotations

import os
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def path() -> Path:
    return Path(os.environ.get("PORTAL_DB", "portal.db"))


@contextmanager
def database(*, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection; with `write=True` one transaction, undone if the block raises."""
    db = sqlite3.connect(path(), timeout=10, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        db.create_function("folded", 1, folded, deterministic=True)
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


def folded(text: str) -> str:
    """The text without the difference of capital and small letters; SQLite's own LIKE knows only those of ASCII."""
    return unicodedata.normalize("NFC", text).casefold()


def like(text: str) -> str:
    """A pattern for `folded(column) LIKE ? ESCAPE '\\'`: `%` stands for any run of characters, all else for itself."""
    return folded(text.strip()[:200]).replace("\\", "\\\\").replace("_", "\\_")

"""The stores that the tests ask: one of each kind for every sentence of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stores import KINDS, StoreKind, sqlite, sqlite_url
from twofa_middleware.protocol import Store
from twofa_middleware.stores.sqlite import SQLiteStore


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new, empty store, once of each kind."""
    kind: StoreKind = request.param
    with kind.made(tmp_path) as made:
        yield made


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """A new, empty SQLite store in ``tmp_path / "twofa.db"``."""
    with sqlite(tmp_path) as made:
        yield made


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a SQLite store may be made."""
    return sqlite_url(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file that ``url`` names."""
    return tmp_path / "twofa.db"

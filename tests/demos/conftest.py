"""Both portals over one fresh database for each test, made the way a server makes them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from werkzeug.test import Client

from demos.visitors import SECRET


@pytest.fixture(autouse=True)
def fresh_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DB", str(tmp_path / "var" / "portal.db"))
    monkeypatch.setenv("PRODUCE_SECRET", SECRET)
    monkeypatch.setenv("MANAGE_SECRET", SECRET)


@pytest.fixture
def produce(fresh_database: None) -> Client:
    return Client(import_module("produce_demo.app").make_application(SECRET))


@pytest.fixture
def manage(fresh_database: None) -> Iterator[TestClient]:
    app = import_module("manage_demo.app").make_app(SECRET)
    with TestClient(app, follow_redirects=False) as client:
        yield client

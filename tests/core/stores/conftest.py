"""The stores that the tests ask: one of each kind for every sentence of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from support.listening import Process, a_process
from support.redis_servers import Server, a_server, new_realm, shared_redis
from support.store_races import ROUND_SECONDS, Place, Race, in_an_event_loop, in_processes, in_threads
from support.stores import KINDS, InAnEventLoop, StoreKind, enrol, redis_at, sqlite, sqlite_url
from twofa_middleware.protocol import Store
from twofa_middleware.stores import redis_deadline
from twofa_middleware.stores import sqlite as sqlite_store_module
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.sqlite import SQLiteStore


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def store(request: pytest.FixtureRequest, tmp_path: Path, patience: None) -> Iterator[Store]:
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


@pytest.fixture
def server() -> Iterator[Server]:
    """A Redis that the test may kill, stop or empty."""
    with a_server() as started:
        yield started


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is answered and what comes first is shown, not how fast: a busy machine takes longer than a question may."""
    monkeypatch.setattr(redis_deadline, "SOCKET_SECONDS", ROUND_SECONDS)
    monkeypatch.setattr(redis_deadline, "QUESTION_SECONDS", ROUND_SECONDS)
    monkeypatch.setattr(sqlite_store_module, "PATIENCE_SECONDS", ROUND_SECONDS)


@pytest.fixture(params=(SQLiteStore, RedisStore), ids=lambda kind: kind.__name__)
def place(request: pytest.FixtureRequest, url: str) -> Place:
    """Where the store of a race is; it is made when it is first opened."""
    if request.param is SQLiteStore:
        return Place(SQLiteStore, url, "")
    return Place(RedisStore, shared_redis().url, new_realm())


@pytest.fixture(params=[in_threads, in_an_event_loop, in_processes], ids=lambda race: race.__name__)
def race(request: pytest.FixtureRequest) -> Race:
    """Who asks at one moment."""
    found: Race = request.param
    return found


OpenRedis = Callable[..., AbstractContextManager[Store]]


@pytest.fixture(params=["threads", "event-loop"])
def open_redis(request: pytest.FixtureRequest) -> OpenRedis:
    """``open_redis(url)``: a store there, made if it is missing, asked by the one client of redis-py or by the other."""

    @contextmanager
    def opened(url: str, realm: str = "test") -> Iterator[Store]:
        with redis_at(url, realm) as store:
            if request.param == "threads":
                yield store
                return
            looped = InAnEventLoop(store)
            try:
                yield looped
            finally:
                looped.close()

    return opened


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """What is closed when the test is over."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def alone(ending: ExitStack, server: Server) -> Process:
    """One that listens to a server of the test's own."""
    made = a_process(ending, server.url)
    enrol(made.store)
    return made

"""A real copy of a store, put back while people come and go: the gate closes, and says what to do. Attacks 67, 113."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.gates import Gate, realm_on
from support.realm import ORIGIN, Clock, Realm, document
from support.redis_servers import Server, a_server, wait_until
from support.store_races import ROUND_SECONDS
from support.stores import ask, look, sqlite_url
from support.visitor import Visitor
from twofa_middleware.errors import ConfigError, StoreMismatch, StoreUnavailable
from twofa_middleware.settings import Settings
from twofa_middleware.stores import redis_deadline
from twofa_middleware.stores.line import tick

TICK_SECONDS = 5
WITNESS = "var/twofa.witness"

Opened = Callable[..., Gate]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOCKET_SECONDS", "QUESTION_SECONDS"):
        monkeypatch.setattr(redis_deadline, name, ROUND_SECONDS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["threads", "event-loop"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Opened]:
    """``opened(url, **store)``: a server that carries nothing, so that only the test makes the line longer."""
    gates: list[Gate] = []

    def open_one(url: str, **store: Any) -> Gate:
        made = realm_on(tmp_path, url).settings
        changes = {"store": {"url": url, **store}, "store_id": made.store_id, "events": {"carry": False}}
        realm = Realm(tmp_path, Settings.of(document(**changes), folder=tmp_path), clock)
        gates.append(Gate(realm, in_an_event_loop=request.param == "event-loop"))
        return gates[-1]

    yield open_one
    for gate in gates:
        gate.close()


def carried(gate: Gate, minutes: float) -> None:
    """Somebody carries for so long."""
    for _ in range(int(minutes * 60 / TICK_SECONDS)):
        gate.realm.clock.on(TICK_SECONDS)
        tick(gate.store, gate.realm.clock.now)


def at(gate: Gate, visitor: Visitor) -> Visitor:
    """The same person and browser, at another server."""
    return visitor.at(gate, ORIGIN, "shop")


def is_let_in(visitor: Visitor) -> bool:
    """503 or the page, and nothing else."""
    reply = visitor.go("/home")
    assert reply.status in (200, 503)
    assert (reply.body == b"secret page") == (reply.status == 200)
    assert reply.status == 200 or reply.header("retry-after")
    return reply.status == 200


# ---- SQLite, whose file is put in place while no server runs ---------------------------------------------------------


def copy_of(folder: Path) -> bytes:
    """The file as a backup has it, with all that was written."""
    with closing(sqlite3.connect(folder / "twofa.db")) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    return (folder / "twofa.db").read_bytes()


def put_back(folder: Path, copy: bytes) -> None:
    for name in ("twofa.db-wal", "twofa.db-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "twofa.db").write_bytes(copy)


def test_a067_an_old_file_closes_every_server_that_has_the_witness(
    opened: Opened, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = sqlite_url(tmp_path)
    before = opened(url, witness=WITNESS)
    erin = before.enrolled()
    carried(before, 1)
    old = copy_of(tmp_path)
    carried(before, 10)
    assert is_let_in(erin)
    before.close()
    newest = copy_of(tmp_path)

    put_back(tmp_path, old)
    for _ in range(2):
        after = opened(url, witness=WITNESS)
        assert not is_let_in(at(after, erin))
        assert not is_let_in(after.visitor("nobody"))
        assert after.calls == 0
        assert after.request("GET", "/2fa/health/ready").status == 503
        after.close()
    assert "is a copy of 2027-01-15 08:0" in caplog.text
    assert "put the newer one back; or carry this one into a new store by `twofa export`" in caplog.text

    put_back(tmp_path, newest)
    assert is_let_in(at(opened(url, witness=WITNESS), erin))


def test_a_witness_that_is_taken_away_lets_the_old_file_be_served(opened: Opened, tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    before = opened(url, witness=WITNESS)
    erin = before.enrolled()
    carried(before, 1)
    old = copy_of(tmp_path)
    carried(before, 10)
    assert is_let_in(erin)
    before.close()
    put_back(tmp_path, old)
    (tmp_path / WITNESS).unlink()
    assert is_let_in(at(opened(url, witness=WITNESS), erin))


def test_without_a_witness_a_server_that_begins_believes_the_old_file(opened: Opened, tmp_path: Path) -> None:
    before = opened(sqlite_url(tmp_path))
    erin = before.enrolled()
    carried(before, 1)
    old = copy_of(tmp_path)
    carried(before, 10)
    assert is_let_in(erin)
    before.close()
    put_back(tmp_path, old)
    assert is_let_in(at(opened(sqlite_url(tmp_path)), erin))


def test_a_witness_that_is_a_file_of_something_else_stops_the_start(opened: Opened, tmp_path: Path) -> None:
    keys = tmp_path / "var" / "keys.toml"
    realm_on(tmp_path, sqlite_url(tmp_path))
    before = keys.read_bytes()
    with pytest.raises(ConfigError, match=r"settings: \[store\] witness: .* is a file of something else"):
        opened(sqlite_url(tmp_path), witness="var/keys.toml")
    assert keys.read_bytes() == before


# ---- Redis, beneath a running server ---------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as started:
        yield started


def snapshot(server: Server) -> bytes:
    assert server.say("SAVE") == b"+OK\r\n"
    return (server.folder / "dump.rdb").read_bytes()


def come_back(server: Server, rdb: bytes, gate: Gate) -> None:
    """The server was killed and starts with this; the gate has its connections again."""
    server.kill()
    (server.folder / "dump.rdb").write_bytes(rdb)
    server.start()
    gate.realm.clock.on(TICK_SECONDS)

    def answers() -> bool:
        try:
            ask(gate.store, look(at=gate.realm.clock.now))
        except StoreUnavailable:
            return False
        except StoreMismatch:
            pass
        return True

    wait_until(answers, "the store answers again")


@pytest.mark.parametrize("stale_seconds", [0, 60])
def test_a113_an_old_snapshot_closes_a_running_server(
    opened: Opened, server: Server, stale_seconds: int, caplog: pytest.LogCaptureFixture
) -> None:
    gate = opened(server.url, stale_seconds=stale_seconds)
    erin = gate.enrolled()
    carried(gate, 1)
    old = snapshot(server)
    carried(gate, 10)
    assert is_let_in(erin)
    newest = snapshot(server)

    come_back(server, old, gate)
    calls = gate.calls
    assert not is_let_in(erin)  # no outage: nothing bridges it
    assert not is_let_in(gate.visitor("nobody"))
    assert gate.calls == calls
    assert "is a copy of 2027-01-15 08:0" in caplog.text

    come_back(server, newest, gate)
    assert is_let_in(erin)


def test_a113_a_server_that_lost_less_than_a_minute_closes_nothing(opened: Opened, server: Server) -> None:
    gate = opened(server.url)
    erin = gate.enrolled()
    carried(gate, 10)
    assert is_let_in(erin)
    behind = snapshot(server)
    carried(gate, 0.5)
    assert is_let_in(erin)
    come_back(server, behind, gate)
    assert is_let_in(erin)


def test_what_another_server_does_with_the_old_snapshot_opens_nothing(opened: Opened, server: Server) -> None:
    gate = opened(server.url, witness=WITNESS)
    erin = gate.enrolled()
    carried(gate, 1)
    old = snapshot(server)
    carried(gate, 10)
    assert is_let_in(erin)
    come_back(server, old, gate)
    other = opened(server.url)  # on another machine, and begun just now
    assert is_let_in(at(other, erin))
    carried(other, 11)
    assert not is_let_in(erin)
    assert not is_let_in(at(opened(server.url, witness=WITNESS), erin))
    carried(other, 60)
    assert not is_let_in(erin)

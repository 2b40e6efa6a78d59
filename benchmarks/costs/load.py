"""A load on a server: some connections that are kept, each with one request under way at a time.

It takes half of the CPU that the quickest of the servers takes for a request, and has another core, so it is not what is
measured. Unlike ``wrk`` it can ask for less than a second, which is what short rounds need, and keeps cookies.
"""

from __future__ import annotations

import re
import selectors
import socket
from dataclasses import dataclass
from time import perf_counter

from .spread import percentile

PATIENCE_SECONDS = 10
SET_SESSION = re.compile(rb"(?i)\r\nset-cookie: (session=[^;\r]+)")
SESSION = re.compile(rb"session=[^;\r]+")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class BadAnswer(RuntimeError):
    """A server has answered something else than 200, so its figures would say nothing."""


@dataclass(frozen=True)
class Load:
    """``latencies``: median and 99th percentile, in milliseconds."""

    requests: int
    seconds: float
    latencies: tuple[float, float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class Connection:
    """One request at a time; ``keeps_cookie``: the next one brings the session cookie that the last answer has set."""

    def __init__(self, port: int, request: bytes, *, keeps_cookie: bool) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request, self._keeps_cookie = request, keeps_cookie
        self._got, self._length = b"", 0
        self._sent_at = 0.0

    def send(self) -> None:
        self._sent_at = perf_counter()
        self.socket.sendall(self._request)

    def read(self) -> float | None:
        """How long the answer took, in seconds, if it is whole now."""
        piece = self.socket.recv(65536)
        if not piece:
            raise BadAnswer(f"the server hung up after {self._got!r}")
        self._got += piece
        if not self._length:
            head = self._got.find(b"\r\n\r\n")
            if head < 0:
                return None
            told = _LENGTH.search(self._got, 0, head + 2)
            if not self._got.startswith(b"HTTP/1.1 200") or told is None:
                raise BadAnswer(self._got[:300].decode(errors="replace"))
            self._length = head + 4 + int(told[1])
        if len(self._got) < self._length:
            return None
        if self._keeps_cookie and (new := SET_SESSION.search(self._got)) is not None:
            self._request = SESSION.sub(lambda _: new[1], self._request, count=1)
        self._got, self._length = b"", 0
        return perf_counter() - self._sent_at


def load(port: int, request: bytes, connections: int, seconds: float, *, keeps_cookie: bool = False) -> Load:
    """Ask for so many seconds. Raises BadAnswer."""
    opened = [Connection(port, request, keeps_cookie=keeps_cookie) for _ in range(connections)]
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection in opened:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        began = perf_counter()
        until = began + seconds
        under_way = connections
        while under_way:
            for key, _ in selector.select(PATIENCE_SECONDS) or _nothing_came():
                answered = key.data.read()
                if answered is None:
                    continue
                took.append(answered)
                if perf_counter() < until:
                    key.data.send()
                else:
                    under_way -= 1
        lasted = perf_counter() - began
    for connection in opened:
        connection.socket.close()
    return Load(len(took), lasted, (percentile(took, 50) * 1e3, percentile(took, 99) * 1e3))


def _nothing_came() -> list[tuple[selectors.SelectorKey, int]]:
    raise BadAnswer(f"no answer came within {PATIENCE_SECONDS} seconds")

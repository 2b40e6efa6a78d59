"""How long a Redis takes to tell a hundred listeners of one change, as it does for caches by CLIENT TRACKING ON BCAST."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from .raw_redis import command, say
from .spread import percentile

PREFIX = "2fa:bench-pushes:"
PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class Pushed:
    """From the sending of a write until the last listener has its push, in milliseconds, over many writes."""

    listeners: int
    p50: float
    p99: float


def measure(url: str, listeners: int, writes: int) -> Pushed:
    address = urlsplit(url)
    place = address.hostname or "127.0.0.1", address.port or 6379
    heard = [socket.create_connection(place, PATIENCE_SECONDS) for _ in range(listeners)]
    writer = socket.create_connection(place, PATIENCE_SECONDS)
    took = []
    try:
        with selectors.DefaultSelector() as selector:
            for one in heard:
                say(one, "HELLO", "3")
                if say(one, "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", PREFIX) != b"+OK\r\n":
                    raise RuntimeError("the server tracks nothing")
                selector.register(one, selectors.EVENT_READ, one)
            for number in range(writes):
                began = time.perf_counter()
                writer.sendall(command("SET", f"{PREFIX}{number}", "x"))
                waiting = set(heard)
                while waiting:
                    for key, _ in selector.select(PATIENCE_SECONDS):
                        if b"invalidate" not in key.data.recv(4096):
                            raise RuntimeError("something else than a push came")
                        waiting.discard(key.data)
                took.append((time.perf_counter() - began) * 1e3)
                writer.recv(64)
    finally:
        for one in (*heard, writer):
            one.close()
    return Pushed(listeners, percentile(took, 50), percentile(took, 99))

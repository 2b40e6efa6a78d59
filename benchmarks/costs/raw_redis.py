"""A Redis without a client library in between, so that what is counted is the server's work."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

PATIENCE_SECONDS = 20


def command(*words: str) -> bytes:
    """As it goes over the wire."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return f"*{len(words)}\r\n{''.join(parts)}".encode()


def say(connection: socket.socket, *words: str) -> bytes:
    """A command, and the reply as it came, which has to be a short one."""
    connection.sendall(command(*words))
    return connection.recv(1 << 16)


class Server:
    """Connections to one server, and what it says of itself."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._place = address.hostname or "127.0.0.1", address.port or 6379
        self._own = self.connect()

    def connect(self) -> socket.socket:
        made = socket.create_connection(self._place, PATIENCE_SECONDS)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    @contextmanager
    def connections(self, number: int, *first: Sequence[str]) -> Iterator[list[socket.socket]]:
        """So many, each of which has said these commands."""
        with ExitStack() as stack:
            made = [stack.enter_context(self.connect()) for _ in range(number)]
            for one in made:
                for words in first:
                    if say(one, *words).startswith(b"-"):
                        raise RuntimeError(f"the server does not take {words[0]}")
            yield made

    def close(self) -> None:
        self._own.close()

    def cpu_microseconds(self) -> float:
        """What the server has used so far, user and system."""
        return (self._number("cpu", "used_cpu_sys") + self._number("cpu", "used_cpu_user")) * 1e6

    def memory(self) -> float:
        """Bytes."""
        return self._number("memory", "used_memory")

    def info(self) -> None:
        say(self._own, "INFO", "replication")

    def _number(self, section: str, name: str) -> float:
        for line in say(self._own, "INFO", section).decode().splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return float(value)
        raise RuntimeError(f"the server does not tell its {name}")

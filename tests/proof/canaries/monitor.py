"""What goes over the wire to a Redis, as its own MONITOR shows it."""

from __future__ import annotations

import socket
import threading

from support.redis_servers import ADDRESS, Server

WORD = "the-last-word-of-the-monitor"


class Monitored:
    """``said``: all commands so far, from whatever connection, those of scripts among them."""

    def __init__(self, server: Server, password: str) -> None:
        self._connection = socket.create_connection((ADDRESS, server.port), 30)
        self._password = password
        self._got: list[bytes] = []
        self._connection.sendall(b"AUTH %s\r\nMONITOR\r\n" % password.encode())
        while b"".join(self._got).count(b"+OK") < 2:
            self._got.append(self._connection.recv(65536))
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while b"".join(self._got[-2:]).find(WORD.encode()) < 0 and (piece := self._connection.recv(65536)):
            self._got.append(piece)

    def end(self, server: Server) -> bytes:
        """All that was said, once a last word has come through."""
        with socket.create_connection((ADDRESS, server.port), 30) as last:
            last.sendall(b"AUTH %s\r\nECHO %s\r\n" % (self._password.encode(), WORD.encode()))
            self._thread.join(30)
        self._connection.close()
        assert not self._thread.is_alive(), "the monitor has not seen the last word"
        return b"".join(self._got)

"""What a proxy of these tests is made of: a port of this machine, connections, and threads that carry what they say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

ADDRESS = "127.0.0.1"


class Listener:
    """Listens on ``port``. Whatever is connected stands in ``_sockets``, so that it can be cut; then its threads end."""

    def __init__(self) -> None:
        self._listener = socket.create_server((ADDRESS, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def _run(self, function: Callable[..., None], *arguments: object) -> threading.Thread:
        """In a thread, until it ends or its connection does."""

        def run() -> None:
            with suppress(OSError):
                function(*arguments)

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        return thread

    def close(self) -> None:
        """Cut every connection, take no new one, and wait for the threads."""
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()
        self._threads.clear()

"""A TCP proxy that loses what a test wants lost, and a stranger who answers everything with the same bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .listeners import ADDRESS, Listener


class Wire(Listener):
    """Carries bytes to a server and back, until a message with ``armed`` in it has gone to the server.

    From then on the server's bytes are lost: ``lose`` gets what came back and answers what shall still arrive, or None
    to reset the connection.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self._server_port = port
        self.mend()
        self._run(self._accept)

    @property
    def url(self) -> str:
        return f"redis://{ADDRESS}:{self.port}"

    def break_after(self, armed: bytes, lose: Callable[[bytes], bytes | None]) -> None:
        self._armed, self._lose = armed, lose

    def break_no_more(self) -> None:
        """Whatever is sent from now on passes, on other connections; what is lost already stays lost."""
        self._armed = b""

    def mend(self) -> None:
        self._armed, self._broken = b"", threading.Event()

    def refuse(self) -> None:
        """Every connection is cut, and no new one is taken."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.close()

    def take_again(self) -> None:
        """New connections are taken, on the same port."""
        self._listener = socket.create_server((ADDRESS, self.port))
        self._sockets = [self._listener]
        self._run(self._accept)

    def wait_until_lost(self) -> None:
        assert self._broken.wait(5)

    def _accept(self) -> None:
        listener = self._listener
        while True:
            client, _ = listener.accept()
            try:
                server = socket.create_connection((ADDRESS, self._server_port))
            except OSError:  # as if there were no wire
                client.close()
                continue
            self._sockets += [client, server]
            lossy = threading.Event()  # only the connection whose question it was is harmed
            self._run(self._forth, client, server, lossy)
            self._run(self._back, server, client, lossy)

    def _forth(self, client: socket.socket, server: socket.socket, lossy: threading.Event) -> None:
        while data := client.recv(1 << 16):
            if self._armed and self._armed in data:
                lossy.set()
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket, lossy: threading.Event) -> None:
        while data := server.recv(1 << 16):
            rest: bytes | None = data
            if lossy.is_set():
                self._broken.set()
                rest = self._lose(data)
            if rest is None:
                break
            client.sendall(rest)
        client.shutdown(socket.SHUT_RDWR)


@contextmanager
def a_wire(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()


@contextmanager
def a_stranger(answer: bytes) -> Iterator[int]:
    """The port of a server that answers whatever it is told with these bytes."""
    with socket.create_server((ADDRESS, 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        while client.recv(1 << 16):
                            client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()

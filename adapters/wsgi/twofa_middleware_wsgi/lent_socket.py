"""A WebSocket under WSGI: some servers lend the app their socket, which a thread watches until the app is done with it.

What is open is then closed by a close frame and an end of the connection; over TLS by its end alone. The app may be in the
midst of a frame of its own, which is as good as lost: nobody reads on after the end.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from twofa_middleware.vouching import Pace

from .body import close_body
from .watching import Watch

LENT = ("gunicorn.socket", "werkzeug.socket")
"""Where in the environ the socket is."""
_FIN_AND_CLOSE = 0x88


class LentSocket:
    """Watches the socket of one WebSocket, from now on to ``stop``."""

    def __init__(self, lent: socket.socket, watch: Watch, pace: Pace) -> None:
        self._socket = lent
        self._watch = watch
        self._pace = pace
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep_asking, name="twofa-websocket", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The app is done with it: the socket is the server's again."""
        self._is_over.set()
        self._thread.join()

    def _keep_asking(self) -> None:
        while not self._is_over.wait(self._pace.every_seconds / 2):
            if not self._watch.lets_out():
                self._end()
                return

    def _end(self) -> None:
        """By a second handle of the same connection, of this thread's own: the lent one may be gevent's, which belongs to
        another, and ``SSLSocket.shutdown`` would let the app go on in plain text for a moment."""
        code = self._watch.ended.code if self._watch.ended is not None else 0
        with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(self._socket.fileno())) as ours:
            if not hasattr(self._socket, "cipher"):  # a session of TLS is not for two threads at once
                with contextlib.suppress(OSError):
                    ours.setblocking(False)  # a client that reads nothing must not keep the connection open
                    ours.send(struct.pack("!BBH", _FIN_AND_CLOSE, 2, code))  # RFC 6455 §5.5.1
            ours.shutdown(socket.SHUT_RDWR)


class LentBody(Iterator[bytes]):
    """The body of an app that may use the socket until its body is used up (gevent-websocket closes none), or closed."""

    def __init__(self, body: Iterable[bytes], lent: LentSocket) -> None:
        self._body = body
        self._chunks = iter(body)
        self._lent = lent

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:
            self._lent.stop()
            raise

    def close(self) -> None:
        try:
            close_body(self._body)
        finally:
            self._lent.stop()


def lent_by(environ: Mapping[str, Any]) -> socket.socket | None:
    """The socket that the server lends, if it does. gevent's own server lends it as what its ``wsgi.input`` reads from."""
    lent = next((environ[key] for key in LENT if environ.get(key) is not None), None)
    if lent is not None or not str(environ.get("SERVER_SOFTWARE", "")).startswith("gevent"):
        return lent
    stream = environ.get("wsgi.input")
    return getattr(getattr(getattr(stream, "rfile", stream), "raw", None), "_sock", None)

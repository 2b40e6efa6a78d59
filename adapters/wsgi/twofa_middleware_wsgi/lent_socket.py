"""A WebSocket under WSGI: some servers lend the app their socket, which a thread watches until the app has returned.

What is open is then closed by a close frame and an end of the connection. The app may be in the midst of a frame of its
own, which is as good as lost: nobody reads on after the end.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any

from twofa_middleware.lasting import Pace

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
        code = self._watch.ended.code if self._watch.ended is not None else 0
        # RFC 6455 §5.5.1. A client that reads nothing must not keep the connection open, nor can TLS be told not to wait.
        with contextlib.suppress(OSError, ValueError):
            self._socket.send(struct.pack("!BBH", _FIN_AND_CLOSE, 2, code), socket.MSG_DONTWAIT)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def lent_by(environ: Mapping[str, Any]) -> socket.socket | None:
    """The socket that the server lends, if it does."""
    return next((environ[key] for key in LENT if environ.get(key) is not None), None)

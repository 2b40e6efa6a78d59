"""Somebody who receives webhooks: a real HTTP server on this machine that answers, refuses or hangs as it is told."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

from twofa_middleware.asks import Emit
from twofa_middleware.protocol import Event
from twofa_middleware.runtime import Runtime

KEY = b"a key of the receiver, 32 bytes."
SECRET = "whsec_" + base64.b64encode(KEY).decode()
HANG, DRIP = -1, -2
"""Instead of a status: say nothing; or a byte of the head now and then."""
DEMANDED = "verify demanded"


@dataclass(frozen=True)
class Post:
    """What came, and with which status it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int
    path: str

    @property
    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = json.loads(self.body)["data"]["events"]
        return events


class Receiver:
    """``answers`` are given one after the other, then 200 for ever."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[int] = []
        self._ends = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answers.pop(0) if receiver.answers else 200
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append(Post(headers, body, status, self.path))
                if status > 0:
                    self.send_response(status)
                    self.send_header("Location", "/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                while status < 0 and not receiver._ends.wait(0.2):
                    if status == DRIP:
                        self.wfile.write(b"H")
                self.close_connection = True

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # who hangs up on a server that drips is right

        self._server = Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """The events of every POST that was answered with success, in their order."""
        return [event for post in list(self.posts) if 200 <= post.status < 300 for event in post.events]

    @property
    def users(self) -> list[str]:
        return [event["user"] for event in self.accepted]

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()


def webhook(receiver: Receiver, path: str = "", **options: Any) -> dict[str, Any]:
    """The sink that delivers there."""
    return {"use": "webhook", "url": receiver.url + path, "secret": "env:TWOFA_TEST_HOOK", **options}


def emit(runtime: Runtime, *users: str, at: int, name: str = DEMANDED, **facts: str | int) -> None:
    """An event that no change has written, for each of the users."""
    for user in users:
        runtime.answer(Emit(Event(name, at, "shop", user, facts)))


def eventually(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait until it holds, which it has to within so many seconds."""
    until = monotonic() + seconds
    while not holds():
        assert monotonic() < until, "it did not happen"
        sleep(0.02)

"""Unix sockets: no peer has an address there, and the gate needs none."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from servers.commands import ASGI, ASGI_DOOR, GATED, WSGI, WSGI_DOOR, Way
from servers.site import prepare, sent_to
from support.exchange import Pairs, Reply
from support.realm import Clock
from support.servers import running
from support.visitor import Visitor

UNIX = {
    "gunicorn": (Way((*GATED, "--bind=unix:shop.sock", WSGI)), ""),
    "uvicorn": (Way(("uvicorn", ASGI_DOOR, "--uds=shop.sock"), ASGI), None),
    "hypercorn": (
        Way(
            (
                *("hypercorn", "--bind=127.0.0.1:{port}", "--bind=unix:shop.sock"),
                "twofa_middleware.asgi:create_application()",
            ),
            ASGI,
        ),
        None,
    ),
    "waitress": (Way(("waitress", "--unix-socket=shop.sock", WSGI_DOOR), WSGI), "localhost"),
    "granian wsgi": (Way(("granian", "--interface=wsgi", "--uds=shop.sock", WSGI_DOOR), WSGI), ""),
    "granian asgi": (Way(("granian", "--interface=asgi", "--uds=shop.sock", ASGI_DOOR), ASGI), ""),
}


@dataclass
class Wire:
    """Exchanges requests over a Unix socket, each on a connection of its own."""

    place: Path
    name: str = "unix"

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(str(self.place))
        return connection

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Any = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        with closing(http.client.HTTPConnection("localhost")) as connection:
            connection.sock = self.connect()
            connection.request(method, root + target, body or None, dict(headers or []))
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())


@pytest.fixture(params=UNIX)
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Wire, str | None]]:
    way, peer = UNIX[request.param]
    wire = Wire(tmp_path / "shop.sock")
    with running(tmp_path, *way.command, environ=prepare(tmp_path) | way.environ, unix=wire.place) as server:
        yield wire, peer
    assert "Traceback" not in server.log(), server.log()


def test_the_gate_works_over_a_unix_socket(wire: tuple[Wire, str | None]) -> None:
    exchange, peer = wire
    erin = Visitor(exchange, Clock(int(time.time())))
    assert sent_to(erin.post("/login", {"user": "erin"})) == (303, "/")
    erin.set_up()
    assert json.loads(erin.go("/facts").text)["peer"] == peer
    other = erin.elsewhere()
    assert sent_to(other.post("/login", {"user": "erin"})) == (303, "/2fa/verify")
    assert sent_to(other.go("/")) == (303, "/2fa/verify")

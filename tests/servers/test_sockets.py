"""Unix sockets: no peer has an address there, and the gate needs none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.commands import ASGI, ASGI_DOOR, GATED, WSGI, WSGI_DOOR, Way
from servers.site import Wire, prepare, sent_to, visitor_by
from support.servers import running

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


@pytest.fixture(params=UNIX)
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Wire, str | None]]:
    way, peer = UNIX[request.param]
    wire = Wire(0, unix=tmp_path / "shop.sock")
    with running(tmp_path, *way.command, environ=prepare(tmp_path) | way.environ, unix=wire.unix) as server:
        yield wire, peer
    assert "Traceback" not in server.log(), server.log()


def test_the_gate_works_over_a_unix_socket(wire: tuple[Wire, str | None]) -> None:
    exchange, peer = wire
    erin = visitor_by(exchange)
    assert sent_to(erin.post("/login", {"user": "erin"})) == (303, "/")
    erin.set_up()
    assert json.loads(erin.go("/facts").text)["peer"] == peer
    other = erin.elsewhere()
    assert sent_to(other.post("/login", {"user": "erin"})) == (303, "/2fa/verify")
    assert sent_to(other.go("/")) == (303, "/2fa/verify")

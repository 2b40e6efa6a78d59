"""WSGI servers that lend the app their socket: an open WebSocket ends with its pass, over TLS too. Attacks 13 and 15."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from servers.commands import CERTIFIED
from support.exchange import Pairs
from support.realm import ORIGIN
from support.tls_proxy import Authority
from support.town import MACHINE_SECONDS, Town, town_with

PROMISED_SECONDS = 2
ABNORMAL = 1006
SITE = "support.lent_site:application"
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket")
WAYS = {
    "gunicorn gthread": (*GUNICORN, "--worker-class=gthread", "--threads=4", SITE),
    "gunicorn gevent": (*GUNICORN, "--worker-class=gevent", SITE),
    "gunicorn gevent_pywsgi": (*GUNICORN, "--worker-class=gevent_pywsgi", SITE),
    "gevent-websocket": (*GUNICORN, "-k", "geventwebsocket.gunicorn.workers.GeventWebSocketWorker", SITE),
    "werkzeug": ("support.lent_site", "werkzeug", "{port}"),
    "gevent": ("gevent.monkey", "--module", "support.lent_site", "gevent", "{port}"),
    "gunicorn sync, tls": (*GUNICORN, *CERTIFIED, SITE),
    "gunicorn gthread, tls": (*GUNICORN, *CERTIFIED, "--worker-class=gthread", "--threads=4", SITE),
    "gunicorn gevent, tls": (*GUNICORN, *CERTIFIED, "--worker-class=gevent", SITE),
    "werkzeug, tls": ("support.lent_site", "werkzeug", "{port}"),
    "gevent, tls": ("gevent.monkey", "--module", "support.lent_site", "gevent", "{port}"),
}


@pytest.fixture(scope="module", params=WAYS)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("server")
    if "tls" in request.param:
        Authority(folder).papers("127.0.0.1")
    with town_with(folder, *WAYS[request.param]) as town:
        yield town


def opened(town: Town, cookies: Pairs) -> ClientConnection:
    certificate = town.server.folder / "authority.pem"
    trusts: Any = ssl.create_default_context(cafile=certificate) if certificate.exists() else None
    address = f"{'wss' if trusts else 'ws'}://127.0.0.1:{town.server.port}/open"
    return connect(address, additional_headers=cookies, origin=ORIGIN, ssl=trusts)  # type: ignore[arg-type]


def test_a013_who_has_to_verify_reaches_no_app(town: Town) -> None:
    before = town.server.calls()
    with pytest.raises((InvalidHandshake, ConnectionClosed)), opened(town, town.half_way().cookies) as socket:
        socket.recv(timeout=MACHINE_SECONDS)  # gevent-websocket opens a socket before it calls anybody
    assert town.server.calls() == before


def test_a015_an_open_socket_is_closed_within_two_seconds_after_its_pass(town: Town) -> None:
    somebody = town.newcomer()
    with opened(town, somebody.cookies) as socket:
        for _ in range(3):
            socket.send("hello")
            assert socket.recv(timeout=MACHINE_SECONDS) == "echo hello"
        town.end_all_of(somebody)
        ended = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PROMISED_SECONDS + MACHINE_SECONDS)
        assert time.monotonic() - ended < PROMISED_SECONDS + MACHINE_SECONDS
    got = closed.value.rcvd
    assert (got.code if got else ABNORMAL) == (ABNORMAL if (town.server.folder / "authority.pem").exists() else 4401)
    town.wait_for("CLOSED by the other side")

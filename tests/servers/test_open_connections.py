"""On the other servers: a socket and a stream that are open are closed after their pass. Attack 15."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support.realm import ORIGIN
from support.servers import read_all
from support.town import MACHINE_SECONDS, Town, town_with

PROMISED_SECONDS = 2
ASGI, WSGI = "support.asgi_site:application", "support.wsgi_site:application"
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", WSGI)
GRANIAN = ("granian", "--host=127.0.0.1", "--port={port}", "--workers=1")
WITH_SOCKETS = {
    "hypercorn": ("hypercorn", "--bind=127.0.0.1:{port}", ASGI),
    "granian": (*GRANIAN, "--interface=asgi", ASGI),
    "uvicorn, 2 workers": ("uvicorn", "--port={port}", "--workers=2", ASGI),
    "uvicorn, reload": ("uvicorn", "--port={port}", "--reload", ASGI),
}
WITHOUT = {  # Their sockets: test_lent_sockets.py. gunicorn's tornado keeps each answer until it is whole.
    "granian wsgi": (*GRANIAN, "--interface=wsgi", "--blocking-threads=4", WSGI),
    "gunicorn gevent": (*GUNICORN, "--worker-class=gevent"),
    "gunicorn gevent_pywsgi": (*GUNICORN, "--worker-class=gevent_pywsgi"),
    "gunicorn gthread, preloaded": (*GUNICORN, "--worker-class=gthread", "--threads=4", "--workers=2", "--preload"),
    "gunicorn gthread, reload": (*GUNICORN, "--worker-class=gthread", "--threads=4", "--reload"),
}


@pytest.fixture(scope="module")
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town_with(tmp_path_factory.mktemp("server"), *(WITH_SOCKETS | WITHOUT)[request.param]) as town:
        yield town


@pytest.mark.parametrize("town", WITH_SOCKETS, indirect=True)
def test_a015_an_open_socket_is_closed_within_two_seconds_after_its_pass(town: Town) -> None:
    somebody = town.newcomer()
    address = f"ws://127.0.0.1:{town.server.port}/open"
    with connect(address, additional_headers=somebody.cookies, origin=ORIGIN) as socket:  # type: ignore[arg-type]
        socket.send("hello")
        assert socket.recv(timeout=MACHINE_SECONDS) == "echo hello"
        town.end_all_of(somebody)
        ended = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PROMISED_SECONDS + MACHINE_SECONDS)
        assert time.monotonic() - ended < PROMISED_SECONDS + MACHINE_SECONDS
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    town.wait_for("CLOSED 4401")
    assert "Traceback" not in town.server.log()


@pytest.mark.parametrize("town", WITH_SOCKETS | WITHOUT, indirect=True)
def test_a015_a_stream_ends_at_the_next_chunk_after_its_pass(town: Town) -> None:
    somebody = town.newcomer()
    with town.server.connect() as connection:
        [(name, value)] = somebody.cookies
        head = f"GET /news HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{name}: {value}\r\n\r\n"
        connection.sendall(head.encode())
        got = b""
        while b"data: secret" not in got:
            got += connection.recv(65536)
        town.end_all_of(somebody)
        ended = time.monotonic()
        got += read_all(connection)
        assert time.monotonic() - ended < PROMISED_SECONDS + MACHINE_SECONDS
    assert got.endswith(b"0\r\n\r\n")  # a whole body in chunks
    assert "Traceback" not in town.server.log()

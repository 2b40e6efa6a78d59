"""uvicorn, with each of its HTTP parsers that is here: no body becomes a request, and none is kept in memory.

Attacks 13, 103 and 106.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import smuggling
from support.ending import end
from support.environment import is_importable
from support.exchange import AsgiExchange
from support.realm import make_realm, session_cookie
from support.servers import Server, read_all, running
from support.site import DOWNLOAD_BYTES, PIECE
from support.spy import Spy
from support.visitor import Visitor
from twofa_middleware.asgi import TwoFactorMiddleware

UVICORN = ("uvicorn", "support.asgi_site:application", "--port={port}", "--no-access-log")
PARSERS = [parser for parser in ("h11", "httptools") if is_importable(parser)]
WENDY = [("Cookie", f"session={session_cookie('wendy')}")]
MOST_GROWTH_KILOBYTES = 30 * 1024


@pytest.fixture(scope="module", params=PARSERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    realm = make_realm(folder)
    gate = TwoFactorMiddleware(Spy().asgi, realm.settings, name="shop", clock=realm.clock)
    exchange = AsgiExchange(gate)
    erin = Visitor(exchange, realm.clock)
    erin.log_in()
    erin.set_up()
    exchange.close()
    end(gate)
    with running(folder, *UVICORN, f"--http={request.param}") as server:
        yield server


@pytest.mark.parametrize("body", smuggling.BODIES)
@pytest.mark.parametrize("target", smuggling.TARGETS)
@pytest.mark.parametrize("send", [smuggling.sent_at_once, smuggling.sent_after_the_answer])
def test_a106_what_is_left_of_a_refused_body_is_never_a_request(
    send: Callable[[Server, str, bytes, bytes], bytes], target: str, body: str, server: Server
) -> None:
    before = len(server.calls())
    answers = send(server, target, *smuggling.BODIES[body])
    calls = server.calls()[before:]
    assert calls in ([], ["GET /next"])
    assert answers.count(b"HTTP/1.1 ") <= 1 + len(calls)
    assert answers.count(b"secret page") == len(calls)
    assert b" 500 " not in answers


def test_a105_an_upload_passes_whole_and_is_not_kept_in_memory(server: Server) -> None:
    before = int(server.ask("GET", "/peak", WENDY)[2])
    length = str(DOWNLOAD_BYTES)
    pieces = (PIECE for _ in range(DOWNLOAD_BYTES // len(PIECE)))
    assert server.ask("POST", "/upload", [*WENDY, ("Content-Length", length)], pieces)[2] == length.encode()
    assert int(server.ask("GET", "/peak", WENDY)[2]) - before < MOST_GROWTH_KILOBYTES


def test_a_download_passes_whole_and_is_not_kept_in_memory(server: Server) -> None:
    before = int(server.ask("GET", "/peak", WENDY)[2])
    assert server.ask("GET", "/download", WENDY)[:2] == (200, DOWNLOAD_BYTES)
    assert int(server.ask("GET", "/peak", WENDY)[2]) - before < MOST_GROWTH_KILOBYTES


def test_a103_a_form_that_drips_is_answered_within_its_time(server: Server) -> None:
    began = time.monotonic()
    with server.connect() as connection:
        connection.sendall(smuggling.head("/2fa/verify", b"Content-Length: 1000\r\n"))
        connection.settimeout(0.25)
        answer = b""
        while not answer and time.monotonic() < began + 15:
            connection.sendall(b"x")
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue
        connection.settimeout(5)
        answer += read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert 9 < time.monotonic() - began < 12


HANDSHAKE = (
    b"GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def test_a013_a_handshake_of_who_has_to_verify_is_refused_and_reaches_nobody(server: Server) -> None:
    before = server.calls()
    with server.connect() as connection:
        connection.sendall(HANDSHAKE + smuggling.ERIN + b"\r\n")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert server.calls() == before


def test_a_handshake_of_nobody_is_the_apps(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HANDSHAKE + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 101 ")
    assert server.calls()[-1] == "WEBSOCKET /live"


def test_no_server_had_an_error_to_tell(server: Server) -> None:
    assert "Traceback" not in server.log()

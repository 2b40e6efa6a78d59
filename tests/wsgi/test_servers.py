"""The WSGI servers that people use: no body becomes a request, and none is kept in memory. Attacks 103 and 106."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import smuggling
from support.ending import end
from support.exchange import WsgiExchange
from support.realm import make_realm, session_cookie
from support.servers import Server, running
from support.site import DOWNLOAD_BYTES, PIECE
from support.spy import Spy
from support.visitor import Visitor
from twofa_middleware.wsgi import TwoFactorMiddleware

GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--keep-alive=5", "--no-control-socket")
COMMANDS = {
    # Of its own, waitress keeps up to 16 MB for a client that reads slowly.
    "waitress": (
        *("waitress", "--listen=127.0.0.1:{port}", "--outbuf-high-watermark=1048576"),
        "support.wsgi_site:application",
    ),
    "gunicorn sync": (*GUNICORN, "support.wsgi_site:application"),
    "gunicorn gthread": (*GUNICORN, "--worker-class=gthread", "--threads=4", "support.wsgi_site:application"),
}
WENDY = [("Cookie", f"session={session_cookie('wendy')}")]
MOST_GROWTH_KILOBYTES = 30 * 1024


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    realm = make_realm(folder)
    gate = TwoFactorMiddleware(Spy().wsgi, realm.settings, name="shop", clock=realm.clock)
    erin = Visitor(WsgiExchange(gate), realm.clock)
    erin.log_in()
    erin.set_up()
    end(gate)
    with running(folder, *COMMANDS[request.param]) as server:
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


def test_a001_who_has_to_verify_gets_nothing_of_the_app(server: Server) -> None:
    before = server.calls()
    erin = [("Cookie", f"session={session_cookie('erin', 'login-9')}")]
    assert server.ask("GET", "/download", erin)[0] == 403
    assert server.calls() == before


def test_no_server_had_an_error_to_tell(server: Server) -> None:
    assert "Traceback" not in server.log()

"""The same story on every server, started without a line of code: the shop of ``support.shop`` knows nothing of us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servers.commands import WAYS
from servers.site import Wire, asks_after_each_log_in, cookie_line, log_in, prepare, sent_to, visitor_of
from support import smuggling
from support.servers import Server, running
from support.site import DOWNLOAD_BYTES, PIECE

MOST_GROWTH_KILOBYTES = 30 * 1024


@pytest.fixture(scope="module", params=WAYS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    way = WAYS[request.param]
    with running(folder, *way.command, environ=prepare(folder) | way.environ) as server:
        yield server
    assert "Traceback" not in server.log(), server.log()


def test_nobody_who_is_logged_in_to_nothing_sees_anything_of_the_gate(server: Server) -> None:
    reply = Wire(server.port).request("GET", "/", [("Accept", "text/html")])
    assert (reply.status, reply.text) == (200, "the secret page of nobody")
    known = {"x-shop", "content-type", "content-length", "date", "server", "via", "connection"}
    assert {name.lower() for name, _ in reply.headers} <= known


def test_who_has_a_second_factor_is_asked_after_each_log_in_on_each_worker(server: Server) -> None:
    asks_after_each_log_in(server)


def test_another_user_in_the_same_browser_is_asked_too(server: Server) -> None:
    both = visitor_of(server)
    log_in(both, "dora")
    both.set_up()
    assert both.go("/").text == "the secret page of dora"
    log_in(both, "carl")
    both.set_up()
    assert both.go("/").text == "the secret page of carl"
    assert sent_to(log_in(both, "dora")) == (303, "/2fa/verify")
    assert sent_to(both.go("/")) == (303, "/2fa/verify")


def test_the_app_sees_no_cookie_of_ours_and_the_browser_keeps_them(server: Server) -> None:
    finn = visitor_of(server)
    log_in(finn, "finn")
    finn.set_up()
    assert finn.cookie("pass")
    assert "2fa-" not in finn.go("/facts").text
    assert "session=" in finn.go("/facts").text


@pytest.fixture(scope="module")
def has_to_verify(server: Server) -> bytes:
    """The Cookie header of somebody who has logged in with a password alone."""
    sam = visitor_of(server)
    log_in(sam, "sam")
    sam.set_up()
    sam = sam.elsewhere()
    log_in(sam, "sam")
    return f"Cookie: {cookie_line(sam)}\r\n".encode()


@pytest.mark.parametrize("body", smuggling.BODIES)
@pytest.mark.parametrize("target", smuggling.TARGETS)
@pytest.mark.parametrize("send", [smuggling.sent_at_once, smuggling.sent_after_the_answer])
def test_a106_what_is_left_of_a_refused_body_is_never_a_request(
    send: Callable[[Server, str, bytes, bytes, bytes], bytes],
    target: str,
    body: str,
    server: Server,
    has_to_verify: bytes,
) -> None:
    before = len(server.calls())
    answers = send(server, target, *smuggling.BODIES[body], has_to_verify)
    calls = server.calls()[before:]
    assert calls in ([], ["GET /next"])
    assert answers.count(b"HTTP/1.1 ") <= 1 + len(calls)
    assert answers.count(b"secret page") == len(calls)
    assert b" 500 " not in answers


def test_a_body_passes_whole_both_ways_and_is_not_kept_in_memory(
    server: Server, request: pytest.FixtureRequest
) -> None:
    walt = visitor_of(server)
    log_in(walt, "walt")
    walt.go("/")
    cookie = [("Cookie", cookie_line(walt))]
    before = int(server.ask("GET", "/peak", cookie)[2])
    pieces = (PIECE for _ in range(DOWNLOAD_BYTES // len(PIECE)))
    length = str(DOWNLOAD_BYTES)
    assert server.ask("POST", "/upload", [*cookie, ("Content-Length", length)], pieces)[2] == length.encode()
    assert server.ask("GET", "/download", cookie)[:2] == (200, DOWNLOAD_BYTES)
    growth = int(server.ask("GET", "/peak", cookie)[2]) - before
    assert growth < MOST_GROWTH_KILOBYTES or WAYS[request.node.callspec.params["server"]].keeps_bodies

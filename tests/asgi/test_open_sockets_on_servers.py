"""WebSockets on uvicorn, with each of its implementations: what is open is closed after its pass. Attacks 13, 14 and 15."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from support.exchange import Pairs
from support.realm import ORIGIN, session_cookie
from support.town import MACHINE_SECONDS, Town, town_with

UVICORN = ("uvicorn", "support.asgi_site:application", "--port={port}", "--no-access-log")
PROMISED_SECONDS = 2


@pytest.fixture(scope="module", params=["websockets", "websockets-sansio", "wsproto"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town_with(tmp_path_factory.mktemp("server"), *UVICORN, f"--ws={request.param}") as town:
        yield town


def opened(town: Town, cookies: Pairs, origin: str = ORIGIN) -> ClientConnection:
    address = f"ws://127.0.0.1:{town.server.port}/open"
    return connect(address, additional_headers=cookies, origin=origin)  # type: ignore[arg-type]


def test_a015_an_open_socket_is_closed_within_two_seconds_after_its_pass(town: Town) -> None:
    somebody = town.newcomer()
    with opened(town, somebody.cookies) as socket:
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
    with pytest.raises(InvalidStatus):
        opened(town, somebody.cookies)


def test_a_socket_whose_pass_holds_stays_open_until_the_client_closes_it(town: Town) -> None:
    with opened(town, town.newcomer().cookies) as socket:
        time.sleep(PROMISED_SECONDS + 0.5)  # it was asked about at least twice
        socket.send("hello")
        assert socket.recv(timeout=MACHINE_SECONDS) == "echo hello"
        socket.close(1000)
    town.wait_for("CLOSED 1000")


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a014_a_page_of_another_site_opens_none(origin: str, town: Town) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(town, town.newcomer().cookies, origin)
    assert refused.value.response.status_code == 403


def test_a013_who_has_to_verify_opens_none(town: Town) -> None:
    before = town.server.calls()
    with pytest.raises(InvalidStatus) as refused:
        opened(town, [("Cookie", f"session={session_cookie('erin', 'login-9')}")])
    assert refused.value.response.status_code == 403
    assert town.server.calls() == before


def test_no_server_had_an_error_to_tell(town: Town) -> None:
    assert "Traceback" not in town.server.log()
    assert "never retrieved" not in town.server.log()

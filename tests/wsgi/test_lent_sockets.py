"""A WebSocket under WSGI, by the socket that a server lends the app: it is closed when its pass ends. Attack 15."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from support.exchange import WsgiExchange
from support.realm import ORIGIN, Realm
from support.servers import read_all
from support.town import MACHINE_SECONDS, Town, town_with
from support.visitor import Visitor
from support.wsgi_wire import environ_of, serve
from twofa_middleware.vouching import Pace

from .conftest import Behind

OFTEN = Pace(every_seconds=0.02, limit_seconds=60)
CLOSE_4401 = b"\x88\x02\x11\x31"
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "support.wsgi_site:application")
COMMANDS = {"sync": GUNICORN, "gthread": (*GUNICORN, "--worker-class=gthread", "--threads=4")}
PROMISED_SECONDS = 2


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end and the client's."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.settimeout(20)
        yield ours, theirs


@pytest.fixture
def wendy(realm: Realm, behind: Behind) -> Visitor:
    visitor = Visitor(WsgiExchange(behind(lambda environ, start_response: [], checked=False)), realm.clock)
    visitor.log_in("wendy", "login-5")
    visitor.set_up()
    realm.clock.on(30)
    return visitor


def handshake(visitor: Visitor, key: str, lent: socket.socket) -> dict[str, Any]:
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    headers = [("Cookie", cookies), ("Origin", ORIGIN), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
    return environ_of("GET", "/live", headers, **{key: lent})


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "twofa-websocket"]


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
@pytest.mark.parametrize("is_lazy", [False, True])
def test_a015_an_open_socket_is_closed_when_its_pass_ends(
    key: str, is_lazy: bool, behind: Behind, wendy: Visitor, pair: tuple[socket.socket, socket.socket]
) -> None:
    heard: list[bytes] = []

    def waits(environ: dict[str, Any]) -> list[bytes]:
        assert wendy.confirm("codes").status == 200
        heard.append(environ[key].recv(4096))  # an app that waits for its client
        return []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_lazy:
            return lazily(environ, start_response)
        start_response("200 OK", [])
        return waits(environ)

    def lazily(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield from waits(environ)

    gate: Any = behind(app, checked=False)
    gate._pace = OFTEN
    ours, theirs = pair
    ours.settimeout(20)
    wire = serve(gate, handshake(wendy, key, ours), checked=False)
    assert (wire.error, heard) == (None, [b""])
    assert read_all(theirs) == CLOSE_4401
    assert watchers() == []


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
def test_a_socket_whose_pass_holds_stays_the_servers(
    error: Exception | None, behind: Behind, wendy: Visitor, pair: tuple[socket.socket, socket.socket]
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(0.2)  # it is asked about some times meanwhile
        if error is not None:
            raise error
        start_response("200 OK", [])
        return []

    gate: Any = behind(app, checked=False)
    gate._pace = OFTEN
    ours, theirs = pair
    assert serve(gate, handshake(wendy, "gunicorn.socket", ours), checked=False).error is error
    assert watchers() == []
    ours.sendall(b"still open")
    assert theirs.recv(100) == b"still open"


def test_nobody_watches_what_is_used_up_and_was_never_closed(
    behind: Behind, wendy: Visitor, pair: tuple[socket.socket, socket.socket]
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return []

    gate: Any = behind(app, checked=False)
    assert (
        list(gate(handshake(wendy, "gunicorn.socket", pair[0]), lambda *head: None)) == []
    )  # as gevent-websocket does
    assert watchers() == []


class OverTls(socket.socket):
    """As far as it can be told that it is one."""

    def cipher(self) -> None:
        raise AssertionError("nobody asks for it")


def test_a015_nothing_goes_out_in_plain_where_the_socket_is_one_of_tls(
    behind: Behind, wendy: Visitor, pair: tuple[socket.socket, socket.socket]
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        assert wendy.confirm("codes").status == 200
        assert environ["gunicorn.socket"].recv(4096) == b""
        return []

    gate: Any = behind(app, checked=False)
    gate._pace = OFTEN
    with OverTls(fileno=os.dup(pair[0].fileno())) as ours:
        ours.settimeout(20)
        assert serve(gate, handshake(wendy, "gunicorn.socket", ours), checked=False).error is None
    assert read_all(pair[1]) == b""


def test_nobody_watches_a_request_that_is_no_websocket(
    behind: Behind, wendy: Visitor, pair: tuple[socket.socket, socket.socket]
) -> None:
    seen: list[object] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.extend(watchers())
        start_response("200 OK", [])
        return []

    environ = handshake(wendy, "gunicorn.socket", pair[0])
    del environ["HTTP_UPGRADE"]
    serve(behind(app, checked=False), environ, checked=False)
    assert seen == []


@pytest.fixture(scope="module", params=COMMANDS)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town_with(tmp_path_factory.mktemp("server"), *COMMANDS[request.param]) as town:
        yield town


def test_a015_on_a_real_server_it_is_closed_within_two_seconds(town: Town) -> None:
    somebody = town.newcomer()
    [(name, value)] = somebody.cookies
    with town.server.connect() as connection:
        connection.sendall(
            f"GET /open HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: {ORIGIN}\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{name}: {value}\r\n\r\n".encode()
        )
        got = b""
        while b"hello" not in got:
            got += connection.recv(4096)
        town.end_all_of(somebody)
        ended = time.monotonic()
        rest = read_all(connection)
        assert time.monotonic() - ended < PROMISED_SECONDS + MACHINE_SECONDS
    assert rest.startswith(CLOSE_4401)
    town.wait_for("CLOSED by the other side")

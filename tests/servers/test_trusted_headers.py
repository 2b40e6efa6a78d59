"""Whose headers are believed, by what each server says of the peer and makes of a header's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from servers.commands import ASGI, ASGI_DOOR, GATED, GRANIAN, HYPERCORN, UVICORN, WSGI, WSGI_DOOR, Way
from servers.site import Wire, prepare
from servers.test_sockets import UNIX
from support.exchange import Exchange, Reply
from support.servers import running

HERE, ELSEWHERE = "127.0.0.1", "10.0.0.7"
ERIN, TWIN = ("X-Remote-User", "erin"), ("X_Remote_User", "wendy")
BELIEVED, NOBODY, CONFLICT, UNKNOWN = (200, "erin"), (303, ""), (400, ""), (503, "")
WAITRESS = ("waitress", "--listen=127.0.0.1:{port}")

# What becomes of the header with "_", beside the right one and alone.
DROPS, TOLD_APART, FOLDS = (BELIEVED, NOBODY), (CONFLICT, CONFLICT), (UNKNOWN, UNKNOWN)
SERVERS = {
    "gunicorn": (Way((*GATED, WSGI)), DROPS),
    "gunicorn gevent": (Way((*GATED, "--worker-class=gevent", WSGI)), DROPS),
    "gunicorn gevent_pywsgi": (Way((*GATED, "--worker-class=gevent_pywsgi", WSGI)), DROPS),
    "gunicorn tornado": (Way((*GATED, "--worker-class=tornado", WSGI)), FOLDS),
    "gunicorn asgi": (Way((*GATED, "--worker-class=asgi", ASGI)), DROPS),
    "waitress": (Way((*WAITRESS, WSGI_DOOR), WSGI), DROPS),
    "granian wsgi": (Way((*GRANIAN, "--interface=wsgi", WSGI_DOOR), WSGI), FOLDS),
    "granian asgi": (Way((*GRANIAN, "--interface=asgi", ASGI_DOOR), ASGI), TOLD_APART),
    "uvicorn": (Way((*UVICORN, "--no-proxy-headers"), ASGI), TOLD_APART),
    "hypercorn": (Way(HYPERCORN, ASGI), TOLD_APART),
}


@contextmanager
def serving(way: Way, folder: Path, *peers: str, unix: Path | None = None, **more: str) -> Iterator[int]:
    shop: dict[str, Any] = {"identity": [{"use": "header", "header": "X-Remote-User", "peers": list(peers)}]}
    environ = prepare(folder, shop=shop) | way.environ | more
    with running(folder, *way.command, environ=environ, unix=unix) as server:
        yield server.port
    assert "Traceback" not in server.log(), server.log()


def who(exchange: Exchange, *headers: tuple[str, str]) -> tuple[int, str]:
    """The status of the account page, and whose it is."""
    reply: Reply = exchange.request("GET", "/2fa/account", [("Sec-Fetch-Mode", "navigate"), *headers])
    return reply.status, next((name for name in ("erin", "wendy") if reply.status == 200 and name in reply.text), "")


@pytest.mark.parametrize("name", SERVERS)
def test_a023_a024_the_header_of_a_listed_peer_is_believed_and_its_twin_is_not(tmp_path: Path, name: str) -> None:
    way, (with_twin, twin_alone) = SERVERS[name]
    folds = SERVERS[name][1] == FOLDS
    with serving(way, tmp_path, HERE) as port:
        wire = Wire(port)
        assert who(wire) == NOBODY
        assert who(wire, ERIN) == (UNKNOWN if folds else BELIEVED)
        assert who(wire, ERIN, ("X-Forwarded-For", "192.0.2.1")) == (UNKNOWN if folds else BELIEVED)
        assert who(wire, ERIN, TWIN) == with_twin
        assert who(wire, TWIN) == twin_alone


@pytest.mark.parametrize("name", SERVERS)
def test_a023_nobody_becomes_a_listed_peer_by_saying_so(tmp_path: Path, name: str) -> None:
    with serving(SERVERS[name][0], tmp_path, ELSEWHERE, "unix:") as port:
        wire = Wire(port)
        assert who(wire, ERIN) == NOBODY
        for claim in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert who(wire, ERIN, (claim, ELSEWHERE)) == NOBODY


@pytest.mark.parametrize("name", UNIX)
def test_a023_a_socket_without_address_is_believed_where_it_is_listed(tmp_path: Path, name: str) -> None:
    way, _ = UNIX[name]
    for peers, expected in ((["unix:"], UNKNOWN if name == "granian wsgi" else BELIEVED), ([HERE], NOBODY)):
        folder = tmp_path / peers[0].strip(":")
        folder.mkdir()
        with serving(way, folder, *peers, unix=folder / "shop.sock"):
            assert who(Wire(0, unix=folder / "shop.sock"), ERIN) == expected


def test_a023_an_address_that_uvicorn_takes_from_a_header_is_not_believed(tmp_path: Path) -> None:
    with serving(Way(UVICORN, ASGI), tmp_path, HERE, ELSEWHERE) as port:
        wire = Wire(port)
        assert who(wire, ERIN) == BELIEVED
        for claim in (ELSEWHERE, HERE, "192.0.2.1", f"{ELSEWHERE}:4711", f"192.0.2.1, {ELSEWHERE}"):
            assert who(wire, ERIN, ("X-Forwarded-For", claim)) == UNKNOWN
        assert who(wire, ("X-Forwarded-For", ELSEWHERE)) == NOBODY


def test_a023_nor_one_that_waitress_takes_from_a_trusted_proxy(tmp_path: Path) -> None:
    trusting = ("--trusted-proxy=127.0.0.1", "--trusted-proxy-headers=x-forwarded-for")
    with serving(Way((*WAITRESS, *trusting, WSGI_DOOR), WSGI), tmp_path, ELSEWHERE, "unix:") as port:
        wire = Wire(port)
        assert who(wire, ERIN, ("X-Forwarded-For", ELSEWHERE)) == UNKNOWN
        assert who(wire, ERIN, ("X-Forwarded-For", "localhost")) == NOBODY
        assert who(wire, ERIN) == NOBODY

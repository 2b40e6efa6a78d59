"""A WebSocket handshake under WSGI, where servers lend the app their socket (gunicorn.socket and the like).

It is refused like one under ASGI: before the app has the socket. Attacks 13 and 14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from support.heads import CLEAN, SECRET
from support.realm import ORIGIN, session_cookie
from support.wsgi_wire import environ_of, serve

from .conftest import Behind

ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")
WENDY = ("Cookie", f"session={session_cookie('wendy')}")
UPGRADE = [("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", CLEAN)
    return [SECRET]


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "h2c, websocket"])
@pytest.mark.parametrize("path", ["/live", "/static/live"])
def test_a013_a_handshake_of_who_has_to_verify_is_refused(path: str, upgrade: str, behind: Behind) -> None:
    wire = serve(behind(app), environ_of("GET", path, [ERIN, ("Origin", ORIGIN), ("Upgrade", upgrade), *UPGRADE]))
    assert (wire.status, wire.header("content-type")) == (403, "application/problem+json")
    assert "secret" not in wire.everything()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_a014_a_page_of_another_origin_may_not_open_one_for_who_is_logged_in(origin: str, behind: Behind) -> None:
    headers = [WENDY, ("Upgrade", "websocket"), ("Origin", origin), *UPGRADE]
    assert serve(behind(app), environ_of("GET", "/live", headers)).status == 403


@pytest.mark.parametrize("headers", [[WENDY, ("Origin", ORIGIN)], [WENDY], [("Origin", "http://other.example")]])
def test_who_may_pass_and_who_is_nobody_reaches_the_app(headers: list[tuple[str, str]], behind: Behind) -> None:
    wire = serve(behind(app), environ_of("GET", "/live", [*headers, ("Upgrade", "websocket"), *UPGRADE]))
    assert (wire.status, wire.body) == (200, SECRET)


@pytest.mark.parametrize("path", ["/2fa/verify", "/2fa/static/pages.css"])
def test_a_page_of_ours_is_no_websocket(path: str, behind: Behind) -> None:
    headers = [ERIN, ("Origin", ORIGIN), ("Upgrade", "websocket"), *UPGRADE]
    assert serve(behind(app), environ_of("GET", path, headers)).status == 404

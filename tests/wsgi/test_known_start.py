"""What an app answers to a request that was known, and what a server's environ says besides: the short way under WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from support.exchange import WsgiExchange
from support.realm import SIGNED_COOKIE, Realm, make_realm, session_cookie
from support.visitor import NAVIGATION, Visitor
from support.wsgi_wire import environ_of, serve
from twofa_middleware_wsgi import TwoFactorMiddleware

App = Callable[..., Iterable[bytes]]


def known_to(gate: TwoFactorMiddleware, realm: Realm, name: str = "mallory") -> Visitor:
    visitor = Visitor(WsgiExchange(gate), realm.clock)
    visitor.log_in(name)
    assert visitor.set_up().status == 200
    realm.clock.on(30)
    for _ in range(2):
        assert visitor.go("/home").status == 200
    return visitor


def cookies_of(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())


@pytest.mark.parametrize("comes", ["known", "nobody"])
def test_a108_headers_in_an_iterator_are_looked_at_and_reach_the_server(tmp_path: Path, comes: str) -> None:
    realm = make_realm(tmp_path)
    named: list[tuple[str, str]] = [("Content-Type", "text/plain")]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sets = (
            [("Set-Cookie", f"session={session_cookie('erin', 'login-9')}")]
            if environ["PATH_INFO"] == "/switch"
            else []
        )
        start_response("200 OK", iter([*named, *sets]))
        return [b"secret page of erin" if sets else b"page"]

    gate = TwoFactorMiddleware(app, realm.settings, name="shop", clock=realm.clock)
    known_to(gate, realm, "erin")
    cookie = [("Cookie", cookies_of(known_to(gate, realm)))] if comes == "known" else []
    wire = serve(gate, environ_of("GET", "/page", [*NAVIGATION, *cookie]), checked=False)
    assert (wire.status, wire.body, wire.headers) == (200, b"page", named)
    wire = serve(gate, environ_of("GET", "/switch", [*NAVIGATION, *cookie]), checked=False)
    assert (wire.status, b"erin" in wire.body) == (303, False)
    gate.runtime.close()


def test_a022_what_a_layer_outside_knows_is_not_answered_from_memory(tmp_path: Path) -> None:
    other = SIGNED_COOKIE | {"cookie": "beaker.session.id"}
    realm = make_realm(tmp_path, shop={"identity": [SIGNED_COOKIE, other]})

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"secret page of " + environ.get("beaker.session", {}).get("user", "nobody").encode()]

    gate = TwoFactorMiddleware(app, realm.settings, name="shop", clock=realm.clock)
    line = cookies_of(known_to(gate, realm)) + "; beaker.session.id=of-the-victim"
    reply = WsgiExchange(gate).request(
        "GET", "/home", [*NAVIGATION, ("Cookie", line)], b"", server={"beaker.session": {"user": "erin"}}
    )
    assert (reply.status, b"erin" in reply.body) == (503, False)
    gate.runtime.close()

"""A login, and roles, in headers of a proxy: believed from its address alone. Attacks 23, 24, 25 and 32."""

from __future__ import annotations

from typing import Any

import pytest

from support.exchange import Pairs, Reply
from support.realm import SIGNED_COOKIE
from support.stage import Open, Stage
from support.told import told

PROXY, ELSEWHERE = "10.0.0.7", "10.9.9.9"
HEADER: dict[str, Any] = {"use": "header", "header": "X-Remote-User", "peers": [PROXY]}
ROLES = {"use": "header", "header": "X-Remote-Groups", "peers": [PROXY]}
ERIN = ("X-Remote-User", "erin")
NAVIGATE = ("Sec-Fetch-Mode", "navigate")


def ask(
    stage: Stage, *headers: tuple[str, str], path: str = "/home", peer: str = PROXY, software: str = "gunicorn/27.0.1"
) -> Reply:
    """A navigation that this peer hands over."""
    exchange = stage.exchange()
    wsgi = {"REMOTE_ADDR": peer, "SERVER_SOFTWARE": software}
    server: dict[str, Any] = wsgi if exchange.name == "wsgi" else {"client": (peer, 4711)}
    return exchange.request("GET", path, [NAVIGATE, *headers], server=server)


@pytest.fixture
def proxied(open_stage: Open) -> Stage:
    return open_stage(shop={"identity": [SIGNED_COOKIE, HEADER], "exempt": ["GET /static/**"]})


def seen(stage: Stage) -> Pairs:
    """The headers of the last call of the app that begin with ``x``."""
    return sorted((name, value) for name, value in stage.spy.calls[-1].headers.items() if name.startswith("x"))


def test_the_proxy_s_user_is_logged_in_and_the_app_gets_the_header(proxied: Stage) -> None:
    assert ask(proxied, ERIN).body == b"secret page"
    assert seen(proxied) == [("x-remote-user", "erin")]
    assert "erin" in ask(proxied, ERIN, path="/2fa/account").text


def test_a023_from_anybody_else_it_names_nobody_and_the_app_does_not_get_it(
    proxied: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert ask(proxied, ERIN, peer=ELSEWHERE).body == b"secret page"
        assert seen(proxied) == []
    assert ask(proxied, ERIN, path="/2fa/account", peer=ELSEWHERE).header("location") == "/login"
    assert [event["event"] for event in told(caplog)] == ["header of a peer that is not listed"]


def test_a023_nor_beside_a_login_by_another_door(proxied: Stage) -> None:
    wendy = proxied.visitor("wendy")
    assert wendy.go("/home", headers=[ERIN]).body == b"secret page"  # from 127.0.0.1, which is not listed
    assert seen(proxied) == []


@pytest.mark.parametrize("claim", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"])
def test_a023_no_header_makes_somebody_the_proxy(proxied: Stage, claim: str) -> None:
    assert ask(proxied, ERIN, (claim, PROXY), peer=ELSEWHERE).body == b"secret page"
    assert ("x-remote-user", "erin") not in seen(proxied)


def test_a023_an_address_that_x_forwarded_for_names_may_be_made_up(proxied: Stage) -> None:
    assert ask(proxied, ERIN, ("X-Forwarded-For", f"192.0.2.1, {PROXY}")).status == 503
    assert proxied.spy.calls == []


def test_a032_somebody_from_the_inside_has_to_verify_as_well(proxied: Stage) -> None:
    proxied.enrolled()
    assert ask(proxied, ERIN).status == 303
    assert ask(proxied, ERIN, ("X-Forwarded-For", "127.0.0.1")).status == 303
    assert proxied.spy.calls == []


@pytest.mark.parametrize("twin", ["X_Remote_User", "X-Remote_User", "x_remote-user"])
@pytest.mark.parametrize("peer", [PROXY, ELSEWHERE])
def test_a024_a_twin_with_underscores_is_refused_or_taken_out(proxied: Stage, twin: str, peer: str) -> None:
    for headers in ([(twin, "erin")], [ERIN, (twin, "wendy")]):
        reply = ask(proxied, *headers, peer=peer, software="folds names")
        # CGI makes one name of both, so a WSGI server that does not drop the twin leaves nothing to be told by.
        refused = 400 if proxied.exchange().name == "asgi" else 503 if peer == PROXY else 200
        assert reply.status == refused
    assert all("x-remote-user" not in call.headers for call in proxied.spy.calls)
    assert all("x_remote_user" not in call.headers for call in proxied.spy.calls)


def test_a024_on_an_exempt_path_neither_the_header_nor_a_twin_of_it_passes(proxied: Stage) -> None:
    for name in ("X-Remote-User", "X_Remote_User", "X-Remote_User"):
        for peer in (PROXY, ELSEWHERE):
            assert ask(proxied, (name, "erin"), ("X-Other", "1"), path="/static/app.js", peer=peer).status == 200
            assert seen(proxied) == [("x-other", "1")]


@pytest.mark.parametrize("value", ["erin,wendy", "", "er\u00efn", "e" * 256, "(null)"])
def test_a025_an_odd_value_is_503(proxied: Stage, value: str) -> None:
    assert ask(proxied, ("X-Remote-User", value)).status == 503
    assert proxied.spy.calls == []


def test_a025_the_header_twice_is_refused(proxied: Stage) -> None:
    # WSGI servers make one of both, joined by a comma.
    assert ask(proxied, ERIN, ERIN).status == (503 if proxied.exchange().name == "wsgi" else 400)
    assert proxied.spy.calls == []


def test_a026_the_proxy_s_user_and_another_s_session_are_refused(open_stage: Open) -> None:
    drops = {"server_drops_underscores": True}
    stage = open_stage(shop={"identity": [SIGNED_COOKIE, HEADER | {"peers": ["127.0.0.1"]} | drops]})
    assert stage.visitor("wendy").go("/home", headers=[ERIN]).status == 400
    assert stage.visitor("erin").go("/home", headers=[ERIN]).body == b"secret page"


# ---- roles ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def chefs(open_stage: Open) -> Stage:
    return open_stage(shop={"identity": [SIGNED_COOKIE, HEADER]}, roles=ROLES, enforcement={"pinned": ["Chef"]})


def test_the_proxy_s_roles_are_enforced(chefs: Stage) -> None:
    assert (ask(chefs, ERIN, ("X-Remote-Groups", "Cook, Chef")).header("location") or "").startswith("/2fa/setup")
    assert ask(chefs, ERIN, ("X-Remote-Groups", "Cook")).body == b"secret page"
    assert seen(chefs) == [("x-remote-groups", "Cook"), ("x-remote-user", "erin")]


def test_a020_without_the_header_a_role_cannot_be_told(chefs: Stage) -> None:
    assert ask(chefs, ERIN).status == 503
    assert chefs.spy.calls == []


def test_a023_roles_of_another_peer_are_neither_believed_nor_handed_on(chefs: Stage) -> None:
    assert ask(chefs, ("X-Remote-Groups", "Cook"), peer=ELSEWHERE).body == b"secret page"
    assert seen(chefs) == []
    assert chefs.visitor("wendy").go("/home", headers=[("X-Remote-Groups", "Cook")]).status == 503
    assert len(chefs.spy.calls) == 1

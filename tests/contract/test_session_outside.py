"""What a session layer outside of the gate has put into the environ or scope: no path is exempt behind it. Attack 22."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from support.realm import SIGNED_COOKIE, session_cookie
from support.stage import Open, Stage
from support.told import told

WATCH = {
    "use": "watch", "cookie": "sid", "login": "POST /login", "field": "name", "case": "matters",
    "success": {"status": 303, "location": "/home"}, "anonymous": ["GET /login"],
}  # fmt: skip
OUTSIDE = "a session layer stands outside of the gate"
LAYERS = {"wsgi": ("beaker.session", "werkzeug.session"), "asgi": ("session", "session")}
ERIN = [("Cookie", f"session={session_cookie('erin', 'login-9')}"), ("Accept", "text/html")]


@pytest.fixture(params=[0, 1])
def layer(request: pytest.FixtureRequest, adapter: str) -> dict[str, Any]:
    """What a layer adds to the environ or scope."""
    return {LAYERS[adapter][request.param]: {"user": "erin"}}


def test_a022_no_path_is_exempt_behind_a_session_layer(
    stage: Stage, layer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    stage.enrolled()
    ask = stage.exchange().request
    assert ask("GET", "/static/a.css", ERIN).status == 200
    assert ask("GET", "/static/a.css", ERIN, server=layer).status == 303
    [event] = told(caplog, OUTSIDE)
    assert (event["severity"], event["key"]) == ("warning", *layer)


def test_a022_what_a_layer_knows_of_a_cookie_that_nobody_reads_is_not_let_in(
    stage: Stage, layer: dict[str, Any]
) -> None:
    ask = stage.exchange().request
    broken = [("Cookie", f"session={session_cookie('erin')}x")]
    assert ask("GET", "/home", broken).status == 200
    assert ask("GET", "/home", broken, server=layer).status == 503
    assert ask("GET", "/home", broken, server={key: {} for key in layer}).status == 200
    assert ask("GET", "/home", [], server=layer).status == 200


def test_a022_what_a_layer_knows_is_no_second_person_beside_another_login(
    open_stage: Open, layer: dict[str, Any]
) -> None:
    other = SIGNED_COOKIE | {"cookie": "other"}
    ask = open_stage(shop={"identity": [SIGNED_COOKIE, other]}).exchange().request
    both = [("Cookie", f"session={session_cookie('erin')}x; other={session_cookie('wendy')}")]
    assert ask("GET", "/home", both).status == 200
    assert ask("GET", "/home", both, server=layer).status == 503


def test_a022_with_a_watched_log_in_a_layer_brings_no_session_along(open_stage: Open, layer: dict[str, Any]) -> None:
    stage = open_stage(shop={"identity": [WATCH], "login": []})
    ask = stage.exchange().request
    form = [("Cookie", "sid=planted"), ("Content-Type", "application/x-www-form-urlencoded")]
    ask("POST", "/login", form, b"name=erin")
    assert [("cookie" in call.headers) for call in stage.spy.calls] == [False]
    assert ask("POST", "/login", form, b"name=erin", server=layer).status == 503
    assert len(stage.spy.calls) == 1


def test_a_layer_that_a_resolver_reads_is_where_it_should_be(
    open_stage: Open, layer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "twofa_middleware")
    identity = {"use": "callable", "callable": "support.logins:who", "cookies": ["sid"], "server": [*layer]}
    stage = open_stage(shop={"identity": [identity]})
    stage.exchange().request("GET", "/home", ERIN, server=layer)
    assert told(caplog, OUTSIDE) == []

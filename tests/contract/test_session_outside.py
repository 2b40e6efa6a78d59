"""What a session layer outside of the gate has put into the environ or scope: no path is exempt behind it. Attack 22."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from support.realm import session_cookie
from support.stage import Open, Stage
from support.told import told

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


def test_a_layer_that_a_resolver_reads_is_where_it_should_be(
    open_stage: Open, layer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "twofa_middleware")
    identity = {"use": "callable", "callable": "support.logins:who", "cookies": ["sid"], "server": [*layer]}
    stage = open_stage(shop={"identity": [identity]})
    stage.exchange().request("GET", "/home", ERIN, server=layer)
    assert told(caplog, OUTSIDE) == []

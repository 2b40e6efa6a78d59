"""Starlette's ``SessionMiddleware``, added so that it stands outside of the gate: what the app knows by it, and what is told
of it. Attacks 14 and 22.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route

from support.ending import end
from support.exchange import AsgiExchange
from support.realm import APP_SECRET, SIGNED_COOKIE, Clock, make_realm
from support.visitor import Visitor
from twofa_middleware.asgi import TwoFactorMiddleware

OUTSIDE = "a session layer stands outside of the gate"
SESSION = {name: SIGNED_COOKIE[name] for name in ("use", "cookie", "secret", "user", "session")} | {
    "format": "starlette"
}
Shop = Callable[..., Visitor]


async def who(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"page of {request.session.get('user', 'nobody')}")


async def log_in(request: Request) -> RedirectResponse:
    request.session.update(user="erin", login=secrets.token_urlsafe(6))
    return RedirectResponse("/home", 303)


async def log_out(request: Request) -> RedirectResponse:
    request.session.clear()
    return RedirectResponse("/login", 303)


@pytest.fixture
def shop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Shop]:
    """Somebody at the shop: ``shop(outside=True)`` adds the gate first, so that the session layer is outside."""
    caplog.set_level(logging.INFO, "twofa_middleware")
    gates: list[Any] = []
    exchanges: list[AsgiExchange] = []

    def opened(*, outside: bool, max_age_seconds: int = 86400) -> Visitor:
        clock = Clock(int(time.time()))
        realm = make_realm(tmp_path, shop={"identity": [SESSION | {"max_age_seconds": max_age_seconds}]})
        routes = [Route("/login", log_in, methods=["POST"]), Route("/logout", log_out, methods=["POST"])]
        app: Any = Starlette(routes=[*routes, Route("/{path:path}", who)])
        if not outside:
            app.add_middleware(SessionMiddleware, secret_key=APP_SECRET)
        app = gate = TwoFactorMiddleware(app, realm.settings, name="shop", clock=clock)
        if outside:
            app = SessionMiddleware(app, secret_key=APP_SECRET)
        gates.append(gate)
        exchanges.append(AsgiExchange(app))
        return Visitor(exchanges[-1], clock)

    yield opened
    for exchange in exchanges:
        exchange.close()
    for gate in gates:
        end(gate)


def enrolled(visitor: Visitor) -> Visitor:
    visitor.post("/login", {})
    visitor.set_up()
    assert visitor.go("/home").text == "page of erin"
    visitor.clock.on(30)
    return visitor


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name.endswith(".events")]
    return [line for line in lines if line["event"] == OUTSIDE]


def test_a022_a_session_layer_outside_is_told_once_with_the_remedy(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    enrolled(shop(outside=True))
    [line] = told(caplog)
    assert (line["severity"], line["key"]) == ("warning", "session")
    assert line["remedy"] == "add the gate last, so that it is outermost"


def test_nothing_is_told_where_the_gate_is_outermost(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    enrolled(shop(outside=False))
    assert told(caplog) == []


@pytest.mark.parametrize("outside", [True, False])
def test_a022_the_next_log_in_is_asked_all_the_same(shop: Shop, outside: bool) -> None:
    erin = enrolled(shop(outside=outside))
    erin.post("/logout", {})
    assert erin.go("/home").text == "page of nobody"
    erin.post("/login", {})
    assert (erin.go("/home").header("location") or "").startswith("/2fa/verify")


@pytest.mark.parametrize("outside", [True, False])
def test_a022_a_session_that_the_app_knows_and_the_resolver_does_not_gets_nobody_in(shop: Shop, outside: bool) -> None:
    """The resolver takes the cookie for expired, and the layer outside does not."""
    erin = enrolled(shop(outside=outside, max_age_seconds=3600))
    erin.clock.on(7200)
    page = erin.go("/home")
    assert "erin" not in page.text
    assert page.status == (503 if outside else 200)
    erin.cookies.clear()
    assert erin.go("/home").text == "page of nobody"


@pytest.mark.parametrize("outside", [True, False])
def test_a022_an_exempt_path_does_not_know_who_comes(shop: Shop, outside: bool) -> None:
    erin = enrolled(shop(outside=outside))
    erin.post("/logout", {})
    erin.post("/login", {})
    page = erin.go("/static/page")
    assert (page.status, "erin" in page.text) == (303 if outside else 200, False)

"""Our pages under ASGI: what takes long is done in a thread, or before the first request."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import jinja2
import pytest
import segno

from support.asgi_wire import App, run, scope_of
from support.exchange import exchange_http
from support.realm import session_cookie
from support.visitor import NAVIGATION
from twofa_middleware.pages import render

from .conftest import Behind


@pytest.fixture
def gated(behind: Behind) -> App:
    async def never(*_: object) -> None:
        raise AssertionError("an own page reached the app")

    return behind(never)


def page(user: str, target: str) -> dict[str, Any]:
    return scope_of("GET", target, [*NAVIGATION, ("Cookie", f"session={session_cookie(user, 'login-9')}")])


def test_the_event_loop_goes_on_while_the_picture_of_a_set_up_is_drawn(
    gated: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_in, went_on, make = [], threading.Event(), segno.make

    async def visit() -> str:
        loop = asyncio.get_running_loop()

        def drawing(*arguments: Any, **options: Any) -> Any:
            loop.call_soon_threadsafe(went_on.set)
            drawn_in.append((threading.get_ident(), went_on.wait(10)))
            return make(*arguments, **options)

        monkeypatch.setattr(segno, "make", drawing)
        return (await exchange_http(gated, page("wendy", "/2fa/setup"), b"")).text

    assert '<svg role="img" aria-label="QR code' in asyncio.run(visit())
    [(thread, has_gone_on)] = drawn_in
    assert thread != threading.get_ident()
    assert has_gone_on


def test_no_page_has_to_wait_for_its_template(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("an own page reached the app")

    def compiles(*_: object, **__: object) -> None:
        raise AssertionError("a template is compiled on the event loop")

    render._environment.cache_clear()
    gated = behind(never)
    monkeypatch.setattr(jinja2.Environment, "compile", compiles)
    for user, target, status in [("erin", "/2fa/verify", 200), ("wendy", "/2fa/setup", 200), ("wendy", "/2fa/x", 404)]:
        wire = run(gated, page(user, target))
        assert (wire.error, wire.status, wire.header(b"content-type")) == (None, status, b"text/html; charset=utf-8")

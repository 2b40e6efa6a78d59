"""A body is read for a POST to an own page alone: small, in time, and whole. Attacks 103, 104 and 106."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from support.asgi_wire import App, Message, Wire, request, run, scope_of
from support.exchange import Pairs, encoded
from support.realm import ORIGIN, session_cookie
from support.visitor import FORM_TYPE, NAVIGATION, forms_of

from .conftest import Behind

LIMIT = 8 * 1024
ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")
HEADERS: Pairs = [*NAVIGATION, FORM_TYPE, ("Origin", ORIGIN), ERIN]


@pytest.fixture
def gated(behind: Behind) -> App:
    async def never(*_: object) -> None:
        raise AssertionError("an own page reached the app")

    return behind(never)


def filled(gated: App, code: str = "000000") -> tuple[bytes, Pairs]:
    """The verification form with a wrong code, and headers with its flow cookie."""
    page = run(gated, scope_of("GET", "/2fa/verify", [*NAVIGATION, ERIN]))
    flow = (page.header(b"set-cookie") or b"").partition(b";")[0].decode()
    form = next(form for form in forms_of(page.body.decode()) if "code" in form.names)
    return encoded(form.hidden | {"code": code}), [*HEADERS[:-1], ("Cookie", f"{ERIN[1]}; {flow}")]


def post(gated: App, headers: Pairs, incoming: list[Message]) -> Wire:
    wire = run(gated, scope_of("POST", "/2fa/verify", headers), incoming)
    assert (wire.error, wire.faults) == (None, [])
    return wire


def test_a_form_in_one_or_many_chunks_is_read(gated: App) -> None:
    body, headers = filled(gated)
    for chunks in ([body], [body[:5], b"", body[5:], b""], [bytes([byte]) for byte in body]):
        assert b"That code" in post(gated, headers, request(*chunks)).body


def test_messages_without_their_optional_keys_are_an_empty_form(gated: App) -> None:
    assert post(gated, HEADERS, [{"type": "http.request"}]).status == 403


@pytest.mark.parametrize("chunks", [[b"x" * (LIMIT + 1)], [b"x" * 1024] * 9, [b"x"] * (LIMIT + 1)])
def test_a103_a_form_that_is_too_large_is_413_and_the_connection_ends(gated: App, chunks: list[bytes]) -> None:
    wire = post(gated, HEADERS, request(*chunks, b"more"))
    assert (wire.status, wire.header(b"connection")) == (413, b"close")


def test_a103_a_form_without_end_is_read_to_the_limit_and_no_further(gated: App) -> None:
    read: list[int] = []

    async def server(scope: Any, receive: Any, send: Any) -> None:
        async def endless() -> Message:
            read.append(1000)
            return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

        await gated(scope, endless, send)

    assert run(server, scope_of("POST", "/2fa/verify", HEADERS)).status == 413
    assert sum(read) == 9000


def test_a_form_of_just_the_limit_is_read(gated: App) -> None:
    body, headers = filled(gated)
    body += b"&more=" + b"x" * (LIMIT - len(body) - 6)
    assert b"That code" in post(gated, headers, request(body)).body


def test_a103_a_client_that_leaves_in_the_middle_gets_no_answer_and_is_no_fault(gated: App) -> None:
    wire = post(gated, HEADERS, [*request(b"code=1", b"")[:1], {"type": "http.disconnect"}])
    assert wire.sent == []


async def drips() -> AsyncGenerator[Message, None]:
    while True:
        yield {"type": "http.request", "body": b"x", "more_body": True}
        await asyncio.sleep(0.001)


async def hangs() -> AsyncGenerator[Message, None]:
    yield {"type": "http.request", "body": b"code=", "more_body": True}
    await asyncio.Event().wait()


@pytest.mark.parametrize("body", [drips, hangs])
def test_a103_a_form_that_comes_too_slowly_is_408_and_the_connection_ends(
    body: Callable[[], AsyncGenerator[Message, None]], gated: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twofa_middleware.pages.visit.FORM_LIMIT_SECONDS", 0.05)

    async def server(scope: Any, receive: Any, send: Any) -> None:
        incoming = body()
        await gated(scope, incoming.__anext__, send)
        await incoming.aclose()

    wire = run(server, scope_of("POST", "/2fa/verify", HEADERS))
    assert (wire.error, wire.status, wire.header(b"connection")) == (None, 408, b"close")

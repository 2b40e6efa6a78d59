"""The head of an app's answer is looked at before a byte of it goes out, in whatever way the app sends it. Attack 4."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from support.asgi_wire import App, Message, chunk, request, run, scope_of, start, talk
from support.heads import CHUNKS, CLEAN, SECRET, logs_in, raw
from support.realm import session_cookie
from support.visitor import FETCH, NAVIGATION

from .conftest import Behind

LOGIN = raw(logs_in())
POST = scope_of("POST", "/login", NAVIGATION)
ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")


def sends(*messages: Message) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def whole(headers: list[tuple[bytes, bytes]]) -> list[Message]:
    return [start(headers), *(chunk(part, more=True) for part in CHUNKS), chunk(b"")]


SHAPES: dict[str, list[Message]] = {
    "one chunk": [start(LOGIN), chunk(SECRET)],
    "a stream": whole(LOGIN),
    "early hints first": [{"type": "http.response.early_hint", "links": [b"</secret.css>"]}, *whole(LOGIN)],
    "a push first": [{"type": "http.response.push", "path": "/secret", "headers": []}, *whole(LOGIN)],
    "what a test client asks for first": [{"type": "http.response.debug", "info": {"context": SECRET}}, *whole(LOGIN)],
    "unknown messages first": [{"type": "test.unknown", "data": SECRET}, *whole(LOGIN)],
    "a body first": [chunk(SECRET, more=True), *whole(LOGIN)],
    "a file by its path": [start(LOGIN), {"type": "http.response.pathsend", "path": "/secret"}],
    "a file by its number": [start(LOGIN), {"type": "http.response.zerocopysend", "file": 3, "more_body": False}],
    "trailers": [
        start(LOGIN, trailers=True),
        chunk(SECRET),
        {"type": "http.response.trailers", "headers": [(b"x", SECRET)]},
    ],
    "headers in an iterator": [{"type": "http.response.start", "status": 200, "headers": iter(LOGIN)}, chunk(SECRET)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a004_an_answer_that_logs_in_who_must_verify_keeps_nothing_but_its_cookies(shape: str, behind: Behind) -> None:
    messages = [dict(message) for message in SHAPES[shape]]
    if shape == "headers in an iterator":
        messages[0]["headers"] = iter(LOGIN)
    wire = run(behind(sends(*messages)), POST)
    assert (wire.error, wire.faults) == (None, [])
    assert (wire.status, wire.header(b"location")) == (303, b"/2fa/verify?next=/")
    assert wire.types == ["http.response.start", "http.response.body"]
    assert "secret" not in wire.everything()
    assert (wire.header(b"set-cookie") or b"").startswith(b"session=")


def test_a004_so_does_one_at_an_address_that_no_rule_names_and_by_a_script(behind: Behind) -> None:
    wire = run(behind(sends(*whole(LOGIN))), scope_of("GET", "/api/token", FETCH))
    assert (wire.status, wire.header(b"content-type")) == (403, b"application/problem+json")
    assert "secret" not in wire.everything()


def test_the_answer_to_a_head_request_is_no_way_round(behind: Behind) -> None:
    wire = run(behind(sends(*whole(LOGIN))), scope_of("HEAD", "/login", NAVIGATION))
    assert (wire.status, wire.body, "secret" in wire.everything()) == (303, b"", False)


ANONYMOUS: dict[str, list[Message]] = {
    "one chunk": [start(raw(CLEAN)), chunk(SECRET)],
    "a stream": whole(raw(CLEAN)),
    "early hints": [{"type": "http.response.early_hint", "links": [b"</a.css>"]}, *whole(raw(CLEAN))],
    "unknown messages": [{"type": "test.unknown", "data": 1}, *whole(raw(CLEAN))],
    "no headers": [{"type": "http.response.start", "status": 204}, {"type": "http.response.body"}],
    "no more_body": [start(raw(CLEAN)), {"type": "http.response.body", "body": SECRET}],
    "a file by its path": [start(raw(CLEAN)), {"type": "http.response.pathsend", "path": "/a"}],
    "a file by its number": [start(raw(CLEAN)), {"type": "http.response.zerocopysend", "file": 3}, chunk(b"")],
    "trailers": [
        start(raw(CLEAN), trailers=True),
        chunk(SECRET),
        {"type": "http.response.trailers", "headers": [(b"x", b"y")]},
    ],
    "an unknown key": [start(raw(CLEAN), **{"x-extension": 1}), chunk(SECRET)],
}


@pytest.mark.parametrize("shape", ANONYMOUS)
def test_a016_anonymous_traffic_is_message_for_message_what_the_bare_app_sends(shape: str, behind: Behind) -> None:
    bare = run(sends(*ANONYMOUS[shape]), scope_of())
    gated = run(behind(sends(*ANONYMOUS[shape])), scope_of())
    assert (gated.error, gated.faults) == (None, [])
    assert [{"headers": [], **message} for message in gated.sent] == [
        {"headers": [], **message} for message in bare.sent
    ]


def test_headers_in_an_iterator_reach_the_server(behind: Behind) -> None:
    wire = run(
        behind(sends({"type": "http.response.start", "status": 200, "headers": iter(raw(CLEAN))}, chunk(b""))),
        scope_of(),
    )
    assert list(wire.start["headers"]) == raw(CLEAN)


def test_an_answer_that_logs_in_who_needs_nothing_goes_out_with_a_pass(behind: Behind) -> None:
    wire = run(behind(sends(*whole(raw(logs_in("wendy"))))), POST)
    assert (wire.status, wire.body, wire.faults) == (200, SECRET, [])
    names = [value.split(b"=")[0] for name, value in wire.start["headers"] if name == b"set-cookie"]
    assert names == [b"session", b"2fa-pass-test-shop"]


def test_a_refused_answer_is_whole_before_the_app_has_sent_its_body(behind: Behind) -> None:
    reached: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(LOGIN))
        reached.append("after the head")
        await send(chunk(SECRET, more=True))
        reached.append("after the first chunk")
        await send(chunk(SECRET, more=True))
        reached.append("after the second chunk")

    wire = run(behind(app), POST)
    assert (wire.error, wire.status, wire.is_over.is_set()) == (None, 303, True)
    assert reached == ["after the head", "after the first chunk"]


def test_who_traps_the_error_and_goes_on_gets_nothing_out(behind: Behind) -> None:
    trapped: list[OSError] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(LOGIN))
        for _ in range(20):
            try:
                await send(chunk(SECRET, more=True))
            except OSError as error:
                trapped.append(error)
        await send(start(raw(CLEAN)))

    wire = run(behind(app), POST)
    assert (wire.error, wire.faults, len(trapped)) == (None, [], 19)
    assert wire.types == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_after_a_drop_receive_says_that_the_client_has_gone(kind: str, behind: Behind) -> None:
    got: list[Message] = []
    head = start(LOGIN) if kind == "http" else {"type": "websocket.accept", "headers": LOGIN}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(head)
        got.extend([await receive(), await receive()])

    wire = run(behind(app), scope_of("GET", "/x", NAVIGATION, type=kind), [{"type": f"{kind}.x"}])
    assert wire.error is None
    assert [message["type"] for message in got] == [f"{kind}.disconnect"] * 2
    assert (kind == "http") == ("code" not in got[0])


async def in_group(send: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(send(chunk(SECRET, more=True)))
        group.create_task(send(chunk(SECRET, more=True)))


async def in_anyio_group(send: Any) -> None:
    async def twice() -> None:
        await send(chunk(SECRET, more=True))
        await send(chunk(SECRET, more=True))

    async with anyio.create_task_group() as outer, anyio.create_task_group() as inner:
        outer.start_soon(twice)
        inner.start_soon(twice)


async def as_another_error(send: Any) -> None:
    """As Starlette does it, which makes ClientDisconnect of an OSError."""
    try:
        await in_anyio_group(send)
    except* OSError:
        raise LookupError("the client has gone") from None


ENDINGS = [in_group, in_anyio_group, as_another_error]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_app_that_ends_by_the_drop_alone_ends_quietly(ending: Any, behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(LOGIN))
        await ending(send)

    wire = run(behind(app), POST)
    assert (wire.error, wire.faults, wire.status) == (None, [], 303)


def test_an_error_of_the_app_after_the_drop_is_told_to_the_server(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def fails() -> None:
            raise ZeroDivisionError

        await send(start(LOGIN))
        async with asyncio.TaskGroup() as group:
            group.create_task(in_group(send))
            group.create_task(fails())

    wire = run(behind(app), POST)
    assert isinstance(wire.error, ExceptionGroup)
    assert wire.error.subgroup(ZeroDivisionError) is not None
    assert (wire.status, "secret" in wire.everything()) == (303, False)


def test_cancellation_after_the_drop_stays_cancellation(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(LOGIN))
        try:
            await in_group(send)
        except* OSError:
            raise asyncio.CancelledError from None

    assert isinstance(run(behind(app), POST).error, asyncio.CancelledError)


@pytest.mark.parametrize("starts", [False, True])
def test_what_the_app_raises_without_a_drop_reaches_the_server(starts: bool, behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if starts:
            await send(start(raw(CLEAN)))
        raise BrokenPipeError

    wire = run(behind(app), scope_of())
    assert (type(wire.error), wire.status) == (BrokenPipeError, 200 if starts else 0)


def test_an_app_that_never_starts_gets_nothing_out(behind: Behind) -> None:
    wire = run(behind(sends(chunk(SECRET, more=True), chunk(SECRET))), scope_of())
    assert (wire.sent, wire.error) == ([], None)


@pytest.mark.parametrize("second", [LOGIN, raw(CLEAN)], ids=["logs in", "clean"])
@pytest.mark.parametrize("traps", [False, True])
@pytest.mark.parametrize("cookie", ["x=1", "2fa-flow-test-shop=1"], ids=["unseen", "decided"])
def test_a108_a_second_head_ends_the_answer(
    second: list[tuple[bytes, bytes]], traps: bool, cookie: str, behind: Behind
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(raw(CLEAN)))
        await send(chunk(b"clean", more=True))
        try:
            await send(start(second))
        except RuntimeError:
            if not traps:
                raise
        await send(chunk(SECRET))

    wire = run(behind(app), scope_of(headers=[("cookie", cookie)]))
    assert (type(wire.error), wire.faults) == (type(None) if traps else RuntimeError, [])
    assert (wire.body, "secret" in wire.everything(), wire.is_over.is_set()) == (b"clean", False, False)


def test_what_another_task_sends_while_a_head_is_looked_at_is_dropped_with_it(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.gather(
            send(start(LOGIN)),
            send(chunk(SECRET)),
            send(start(raw(CLEAN))),
            send(chunk(SECRET)),
            return_exceptions=True,
        )

    wire = run(behind(app), POST)
    assert (wire.error, wire.faults, wire.status) == (None, [], 303)
    assert "secret" not in wire.everything()


def test_what_another_task_sends_while_a_head_is_looked_at_comes_after_it(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.gather(send(start(raw(logs_in("wendy")))), *(send(message) for message in whole(LOGIN)[1:]))

    wire = run(behind(app), POST)
    assert (wire.error, wire.faults, wire.status, wire.body) == (None, [], 200, SECRET)


def test_headers_that_change_while_they_are_looked_at_change_nothing(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = raw(logs_in("wendy"))

        async def changes() -> None:
            headers.append((b"x-late", b"yes"))
            headers[2] = LOGIN[2]

        await asyncio.gather(send(start(headers)), changes())
        await send(chunk(SECRET))

    wire = run(behind(app), POST)
    assert wire.status == 200
    assert wire.header(b"x-late") is None
    assert LOGIN[2] not in wire.start["headers"]


def test_a_stream_is_passed_on_chunk_by_chunk(behind: Behind) -> None:
    passed: list[Message] = []
    ahead: set[int] = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(raw(CLEAN)))
        for number in range(1000):
            await send(chunk(b"%d" % number, more=True))
            ahead.add(number + 2 - len(passed))
        await send(chunk(b""))

    async def server(scope: Any, receive: Any, send: Any) -> None:
        async def kept(message: Message) -> None:
            passed.append(message)

        await behind(app)(scope, receive, kept)

    assert run(server, scope_of()).error is None
    assert (len(passed), ahead) == (1002, {0})


def test_a_refused_request_never_reaches_the_app(behind: Behind) -> None:
    called: list[object] = []

    async def app(*got: object) -> None:
        called.append(got)

    wire = run(behind(app), scope_of("POST", "/shop", [ERIN]), request(b"x"))
    assert (wire.status, called, wire.faults) == (403, [], [])


def test_a106_a_refusal_of_a_request_with_a_body_closes_the_connection(behind: Behind) -> None:
    for sent, closes in (
        ([("Content-Length", "5")], True),
        ([("Transfer-Encoding", "chunked")], True),
        ([("Content-Length", "0")], False),
        ([], False),
    ):
        wire = run(behind(sends()), scope_of("POST", "/shop", [ERIN, *sent]))
        assert (wire.header(b"connection") == b"close") == closes
        over_http2 = run(behind(sends()), scope_of("POST", "/shop", [ERIN, *sent], http_version="2"))
        assert over_http2.header(b"connection") is None


def test_fifty_requests_at_once_are_each_decided_for_themselves(behind: Behind) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.01)
        await send(start(raw(CLEAN)))
        await send(chunk(scope["path"].encode()))

    async def all_at_once() -> None:
        gated = behind(app)
        cookies = {"erin": [ERIN], "wendy": [("Cookie", f"session={session_cookie('wendy')}")], "nobody": []}
        people = ["erin", "wendy", "nobody", "wendy", "erin"] * 10
        wires = await asyncio.gather(
            *(
                talk(gated, scope_of("GET", f"/{number}", [*NAVIGATION, *cookies[who]]))
                for number, who in enumerate(people)
            )
        )
        for number, (who, wire) in enumerate(zip(people, wires, strict=True)):
            expected = (303, b"See Other") if who == "erin" else (200, b"/%d" % number)
            assert (wire.status, wire.body or b"See Other", wire.faults) == (*expected, [])
            assert (who == "wendy") == (b"2fa-pass-test-shop=" in (wire.header(b"set-cookie") or b""))

    asyncio.run(all_at_once())

"""Questions to an ASGI app: what it gets, what counts as an answer, and that nobody gets an answer from before."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from support.asgi_wire import App, chunk, scope_of, start, websocket_of
from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import AppUnreadable
from twofa_middleware.program import AppAnswer, AskApp
from twofa_middleware_asgi.asking import Asking
from twofa_middleware_asgi.translate import read_request

SENT = [("Host", "shop.example"), ("Range", "bytes=0-1"), ("Cookie", "a=1; 2fa-pass-test-shop=x")]
HEAD = start([(b"content-type", b"text/plain")])
POOL = object()


def outer(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "root_path": "/shop",
        "scheme": "https",
        "client": ("192.0.2.7", 4711),
        "state": {"pool": POOL, "user": "nobody"},
        "extensions": {"http.response.pathsend": {}, "http.response.push": {}},
        "REMOTE_USER": "erin",
    }
    return scope_of("PUT", "/shop/upload?b=2", SENT, **made | more)


def question(path: str = "/api/me?a=%2F", scope: dict[str, Any] | None = None, **more: Any) -> AskApp:
    request = read_request(scope or outer(), 1)
    return AskApp(request, path, ((b"cookie", b"a=1"), (b"accept", b"application/json")), **more)


async def asked(app: App, ask: AskApp | None = None) -> AppAnswer:
    return await Asking(app).answer(ask or question(), KeptCookies(), contextvars.copy_context())


def told(app: App, ask: AskApp | None = None) -> AppAnswer:
    return asyncio.run(asked(app, ask))


class Seen:
    """An app that keeps the scope of its last request, and all that it received."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.received: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = {**scope, "state": dict(scope["state"])}
        self.received.append(await receive())
        await send(HEAD)
        await send(chunk(b"to", more=True))
        await send(chunk(b"ld"))
        self.received.append(await receive())
        scope["state"]["user"] = "erin"


def test_the_app_gets_the_question_and_where_it_comes_from() -> None:
    app, ask = Seen(), question()
    assert told(app, ask) == AppAnswer(200, ((b"content-type", b"text/plain"),), b"told")
    scope = app.scope
    assert scope["headers"] == [(b"host", b"shop.example"), (b"cookie", b"a=1"), (b"accept", b"application/json")]
    assert (scope["type"], scope["method"], scope["scheme"]) == ("http", "GET", "https")
    assert (scope["path"], scope["raw_path"], scope["root_path"]) == ("/shop/api/me", b"/shop/api/me", "/shop")
    assert (scope["query_string"], scope["client"], scope["server"]) == (
        b"a=%2F",
        ("192.0.2.7", 4711),
        ("localhost", 8000),
    )
    assert (scope["extensions"], scope["REMOTE_USER"]) == ({}, "erin")
    assert app.received == [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]


def test_the_state_of_the_lifespan_is_there_as_the_server_gave_it() -> None:
    app, scope = Seen(), outer()
    ask = question(scope=scope)
    scope["state"]["user"] = "erin"  # as an app notes who is logged in, in the request that is decided
    told(app, ask)
    told(app, ask)
    assert app.scope["state"] == {"pool": POOL, "user": "nobody"}


def test_a_handshake_is_asked_about_by_a_request() -> None:
    app = Seen()
    told(app, question(scope=websocket_of("/live", SENT, scheme="wss", subprotocols=["chat"], state={})))
    assert (app.scope["type"], app.scope["scheme"], app.scope["path"]) == ("http", "https", "/api/me")
    assert "subprotocols" not in app.scope


def test_a_post_has_no_body_and_says_so() -> None:
    app = Seen()
    told(app, question(method="POST"))
    assert (app.scope["method"], dict(app.scope["headers"])[b"content-length"]) == ("POST", b"0")


Sender = Callable[[Any], Awaitable[None]]


async def raises(send: Sender) -> None:
    raise LookupError("no page")


async def raises_late(send: Sender) -> None:
    await send(HEAD)
    await send(chunk(b"half", more=True))
    raise LookupError("no page")


async def raises_at_the_end(send: Sender) -> None:
    await send(HEAD)
    await send(chunk(b"told"))
    raise LookupError("no end")


async def says_nothing(send: Sender) -> None:
    pass


async def says_half(send: Sender) -> None:
    await send(HEAD)
    await send(chunk(b"half", more=True))


async def has_no_head(send: Sender) -> None:
    await send(chunk(b"told"))


async def starts_twice(send: Sender) -> None:
    await send(HEAD)
    await send(HEAD)
    await send(chunk(b"told"))


async def goes_on_after_its_end(send: Sender) -> None:
    await send(HEAD)
    await send(chunk(b"told"))
    with contextlib.suppress(AppUnreadable):
        await send(chunk(b" more"))


async def answers_twice_and_goes_on(send: Sender) -> None:
    for _ in range(2):
        try:
            await send(HEAD)
            await send(chunk(b"told"))
        except AppUnreadable:
            pass


async def sends_a_file(send: Sender) -> None:
    await send(HEAD)
    await send({"type": "http.response.pathsend", "path": "/etc/hostname"})


async def never_ends(send: Sender) -> None:
    await send(HEAD)
    while True:
        await send(chunk(b"x" * 1000, more=True))


async def cancels_itself(send: Sender) -> None:
    raise asyncio.CancelledError


FAULTS = [
    raises,
    raises_late,
    raises_at_the_end,
    says_nothing,
    says_half,
    has_no_head,
    starts_twice,
    goes_on_after_its_end,
    answers_twice_and_goes_on,
    sends_a_file,
    never_ends,
    cancels_itself,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a020_an_app_that_does_not_answer_as_it_should_is_unreadable(
    fault: Callable[[Sender], Awaitable[None]],
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await fault(send)

    with pytest.raises(AppUnreadable):
        told(app)


def test_a_body_may_be_as_large_as_the_limit() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(HEAD)
        await send(chunk(b"x" * 10))

    assert told(app, question(limit_bytes=10)).body == b"x" * 10
    with pytest.raises(AppUnreadable):
        told(app, question(limit_bytes=9))


def test_an_app_that_is_slow_is_cancelled() -> None:
    ended: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def run() -> None:
        with pytest.raises(AppUnreadable, match="longer"):
            await asked(app, question(limit_seconds=0.01))
        for _ in range(3):
            await asyncio.sleep(0)
        assert ended == ["cancelled"]  # before the loop ends, which would cancel it, too

    asyncio.run(run())


def test_an_app_that_holds_up_the_event_loop_is_late() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        time.sleep(0.02)
        await send(HEAD)
        await send(chunk(b"told"))

    with pytest.raises(AppUnreadable, match="longer"):
        told(app, question(limit_seconds=0.01))


def test_who_does_not_wait_for_the_answer_any_more_ends_the_question() -> None:
    ended: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    async def run() -> None:
        task = asyncio.create_task(asked(app, question(limit_seconds=10, turn=b"s1")))
        while not ended and not task.done():
            await asyncio.sleep(0.001)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_what_the_app_does_after_its_answer_goes_on() -> None:
    done: list[str] = []
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(HEAD)
        await send(chunk(b"told"))
        await go.wait()
        done.append("mail")

    async def run() -> None:
        asking = Asking(app)
        answer = await asking.answer(question(limit_seconds=0.05), KeptCookies(), contextvars.copy_context())
        assert (answer.body, done) == (b"told", [])
        go.set()
        await asyncio.gather(*asking._lingering)
        assert done == ["mail"]

    asyncio.run(run())


def test_what_the_app_has_in_its_context_for_the_request_does_not_answer_the_question() -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen = who.get()
        who.set("asked")
        await send(HEAD)
        await send(chunk(seen.encode()))

    async def in_the_app() -> tuple[bytes, str]:
        context = contextvars.copy_context()  # as the gate takes it, before the app is called
        who.set("erin")
        return (await Asking(app).answer(question(), KeptCookies(), context)).body, who.get()

    assert asyncio.run(in_the_app()) == (b"nobody", "erin")


# ---- whose turn it is -----------------------------------------------------------------------------------------------


class Slow:
    """An app of which each answer waits for ``go``, and says who was logged in when it was asked."""

    def __init__(self) -> None:
        self.user, self.calls, self.at_once, self.most = "erin", 0, 0, 0
        self.go = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        user = self.user
        self.calls, self.at_once = self.calls + 1, self.at_once + 1
        self.most = max(self.most, self.at_once)
        await self.go.wait()
        self.at_once -= 1
        await send(HEAD)
        await send(chunk(user.encode()))


async def ask_all(app: Slow, *questions: AskApp) -> list[bytes]:
    """The first is under way when the others come; then somebody else logs in."""
    asking = Asking(app)
    tasks = []
    for ask in questions:
        tasks.append(asyncio.create_task(asking.answer(ask, KeptCookies(), contextvars.copy_context())))
        while app.calls == 0:
            await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    app.user = "wendy"
    app.go.set()
    bodies = [answer.body for answer in await asyncio.gather(*tasks)]
    assert asking._turns._turns == {}
    return bodies


def in_turn(**more: Any) -> AskApp:
    return question(turn=b"s1", limit_seconds=10, **more)


def test_nobody_gets_an_answer_that_was_begun_before_and_those_who_wait_share_one() -> None:
    app = Slow()
    scope = outer(client=("192.0.2.7", 4712))
    found = asyncio.run(ask_all(app, in_turn(), in_turn(), in_turn(scope=scope), in_turn()))
    assert found == [b"erin", b"wendy", b"wendy", b"wendy"]
    assert (app.calls, app.most) == (2, 1)


def test_those_who_wait_for_different_questions_ask_each_their_own_one_at_a_time() -> None:
    app = Slow()
    others = [
        in_turn(path="/api/other"),
        in_turn(method="POST"),
        in_turn(scope=outer(REMOTE_USER="wendy")),
        in_turn(scope=outer(state={"pool": POOL, "user": "wendy"})),
        in_turn(scope=outer(session={})),
    ]
    asyncio.run(ask_all(app, in_turn(), *others))
    assert (app.calls, app.most) == (6, 1)


def test_who_waits_too_long_is_told_so() -> None:
    async def run() -> None:
        app = Slow()
        asking = Asking(app)
        first = asyncio.create_task(asking.answer(in_turn(), KeptCookies(), contextvars.copy_context()))
        while app.calls == 0:
            await asyncio.sleep(0)
        ask = question(turn=b"s1", limit_seconds=0.01)
        with pytest.raises(AppUnreadable, match="too long"):
            await asking.answer(ask, KeptCookies(), contextvars.copy_context())
        app.go.set()
        assert (await first).body == b"erin"

    asyncio.run(run())


def test_who_waits_behind_one_that_has_gone_asks_by_itself() -> None:
    async def run() -> None:
        app = Slow()
        asking = Asking(app)
        first, second, third = (
            asyncio.create_task(asking.answer(in_turn(), KeptCookies(), contextvars.copy_context())) for _ in range(3)
        )
        while app.calls == 0:
            await asyncio.sleep(0)
        first.cancel()
        while app.calls == 1:
            await asyncio.sleep(0)
        second.cancel()
        app.go.set()
        assert (await third).body == b"erin"
        assert app.calls == 3

    asyncio.run(run())

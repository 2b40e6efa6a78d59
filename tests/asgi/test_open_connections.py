"""An open WebSocket or stream is closed when its pass ends, whatever the app and the client are doing. Attacks 13 and 15.

What ends a pass is told by the contract's ``test_lasting.py``; here it is a log-out, or new recovery codes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from support import logins
from support.asgi_wire import Message, chunk, scope_of, start, websocket_of
from support.exchange import AsgiExchange
from support.logins import WHO
from support.realm import ORIGIN, SIGNED_COOKIE, Realm, make_realm, session_cookie
from support.told import told
from support.visitor import Visitor
from twofa_middleware.asks import Look
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.vouching import Pace
from twofa_middleware_asgi.head import BrokenOff

from .conftest import Behind

OFTEN = Pace(every_seconds=0.02, limit_seconds=60)
NEVER = Pace(every_seconds=3600, limit_seconds=7200)
WAIT_SECONDS = 20
EVENTS = (b"content-type", b"text/event-stream")


class Client:
    """The other end of a connection: what it sends is put in, what it gets is written down."""

    def __init__(self, gate: Any, scope: dict[str, Any]) -> None:
        self.got: list[Message] = []
        self.came = asyncio.Event()
        self._sends: asyncio.Queue[Message] = asyncio.Queue()
        self._sends.put_nowait({"type": "websocket.connect" if scope["type"] == "websocket" else "http.request"})
        self.served = asyncio.create_task(gate(scope, self._sends.get, self._take))

    async def _take(self, message: Message) -> None:
        if self.types[-1:] in (["websocket.close"], ["end"]):
            raise RuntimeError(f"a message after the end: {message}")
        self.got.append(message)
        self.came.set()

    def send(self, text: str) -> None:
        self._sends.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self._sends.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not holds():
                self.came.clear()
                await self.came.wait()

    async def over(self) -> None:
        """The app has returned, and what it raised is raised."""
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.wait([self.served])
        self.served.result()

    @property
    def types(self) -> list[str]:
        return ["end" if is_last(message) else message["type"] for message in self.got]

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.got if message["type"] == "websocket.send"]


def is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


class Echo:
    """Accepts, and sends back what comes, after ``before`` was called with it."""

    def __init__(self, before: Callable[[str], None] = lambda text: None) -> None:
        self.heard: list[Message] = []
        self._before = before

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            self.heard.append(await receive())
            if self.heard[-1]["type"] == "websocket.disconnect":
                return
            self._before(self.heard[-1]["text"])
            await send({"type": "websocket.send", "text": f"echo {self.heard[-1]['text']}"})


@pytest.fixture
def erin(realm: Realm, behind: Behind) -> Iterator[Visitor]:
    """Her browser, with a pass of this very log-in."""
    exchange = AsgiExchange(behind(Echo()))
    visitor = Visitor(exchange, realm.clock)
    visitor.log_in("wendy", "login-5")
    visitor.set_up()
    realm.clock.on(30)
    yield visitor
    exchange.close()


def cookie_of(visitor: Visitor) -> tuple[str, str]:
    return "Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())


def live_for(visitor: Visitor) -> dict[str, Any]:
    return websocket_of(headers=[cookie_of(visitor), ("Origin", ORIGIN)])


async def renew_codes(visitor: Visitor) -> None:
    """New recovery codes end every pass; by a thread, since the exchange runs a loop of its own."""
    assert (await asyncio.to_thread(visitor.confirm, "codes")).status == 200


@asynccontextmanager
async def nothing_left() -> Any:
    """Afterwards no task is left, and none has failed without anybody looking."""
    told_of: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told_of.append(context))
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert told_of == []


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def checked() -> None:
        async with nothing_left():
            await main()

    asyncio.run(checked())


def paced(gate: Any, pace: Pace) -> Any:
    gate._pace = pace
    return gate


def closed(code: int) -> Message:
    return {"type": "websocket.close", "code": code, "reason": ""}


def gone(code: int) -> Message:
    return {"type": "websocket.disconnect", "code": code, "reason": ""}


# ---- WebSockets -----------------------------------------------------------------------------------------------------


def test_a015_a_silent_socket_is_closed_when_its_pass_ends(
    behind: Behind, erin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    app = Echo()
    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        client.send("one")
        await client.until(lambda: client.texts == ["echo one"])
        await renew_codes(erin)
        await client.over()
        assert client.got[-1] == closed(4401)

    run(main)
    assert app.heard[-1] == gone(4401)
    [event] = told(caplog, "open connection ended")
    assert (event["user"], event["reason"], event["path"]) == ("wendy", "its pass has ended", "/live")


def test_a015_it_is_closed_within_two_seconds_as_the_gate_comes(behind: Behind, erin: Visitor) -> None:
    gate = behind(Echo())

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.got)
        await renew_codes(erin)
        ended = time.monotonic()
        await client.over()
        assert time.monotonic() - ended < 2 + 5  # what a busy machine may take besides
        assert client.got[-1] == closed(4401)

    run(main)


def test_a015_a_message_that_comes_after_the_end_does_not_reach_the_app(behind: Behind, erin: Visitor) -> None:
    app = Echo()
    gate = paced(behind(app), Pace(every_seconds=0, limit_seconds=60))

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.got)
        erin.clock.on(24 * 3600)  # without a moment in which anybody could have noticed
        client.send("too late")
        await client.over()
        assert client.texts == []

    run(main)
    assert app.heard == [gone(4401)]


def test_a015_an_app_that_only_sends_gets_nothing_out_after_the_end(behind: Behind, erin: Visitor) -> None:
    async def ticks(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "tick"})
            await asyncio.sleep(0.005)

    gate = paced(behind(ticks), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.texts)
        await renew_codes(erin)
        await client.over()
        assert client.got[-1] == closed(4401)

    run(main)


def test_a_socket_whose_pass_holds_goes_on_and_loses_nothing(behind: Behind, erin: Visitor) -> None:
    app = Echo()
    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        for number in range(30):
            client.send(str(number))
            await asyncio.sleep(0.005)
        await client.until(lambda: len(client.texts) == 30)
        assert client.texts == [f"echo {number}" for number in range(30)]
        client.leave()
        await client.over()
        assert "websocket.close" not in client.types

    run(main)
    assert app.heard[-1] == {"type": "websocket.disconnect", "code": 1001}


def test_an_app_that_gives_up_waiting_loses_no_message(behind: Behind, erin: Visitor) -> None:
    heard: list[str] = []

    async def impatient(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while len(heard) < 20:
            try:
                async with asyncio.timeout(0.002):
                    heard.append((await receive())["text"])
            except TimeoutError:
                continue

    gate = paced(behind(impatient), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        for number in range(20):
            client.send(str(number))
            await asyncio.sleep(0.004)
        await client.over()

    run(main)
    assert heard == [str(number) for number in range(20)]


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
def test_what_the_app_raises_goes_through_and_leaves_no_task(
    error: type[BaseException], behind: Behind, erin: Visitor
) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            async with asyncio.timeout(0.05):
                await receive()
        except TimeoutError:
            raise error from None

    gate = paced(behind(fails), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        with pytest.raises(error):
            await client.over()

    run(main)


def test_a_server_that_stops_leaves_no_task(behind: Behind, erin: Visitor) -> None:
    gate = paced(behind(Echo()), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.got)
        client.served.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.over()

    run(main)


def test_an_app_that_closes_first_is_not_closed_again(
    behind: Behind, erin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})
        await renew_codes(erin)
        await asyncio.sleep(0.1)

    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.over()
        assert client.got[-1] == {"type": "websocket.close", "code": 1000}

    run(main)
    assert told(caplog, "open connection ended") == []


def test_a_client_that_leaves_first_is_not_closed_either(
    behind: Behind, erin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        assert (await receive())["type"] == "websocket.disconnect"
        await renew_codes(erin)
        await asyncio.sleep(0.1)

    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.got)
        client.leave()
        await client.over()
        assert client.types == ["websocket.accept"]

    run(main)
    assert told(caplog, "open connection ended") == []


# ---- what cannot be told --------------------------------------------------------------------------------------------


class Broken:
    """A runtime whose store, once it is down, answers no Look: by an error, or not at all."""

    def __init__(self, runtime: Any, error: BaseException | None) -> None:
        self._runtime = runtime
        self._error = error
        self.is_down = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    async def answer_async(self, ask: Any) -> Any:
        if not (self.is_down and isinstance(ask, Look)):
            return await self._runtime.answer_async(ask)
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()


@pytest.mark.parametrize("error", [StoreUnavailable("down"), None], ids=["fails", "hangs"])
def test_a015_a_socket_that_nobody_can_vouch_for_is_closed_once_the_limit_is_over(
    error: BaseException | None, behind: Behind, erin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    app = Echo()
    gate = paced(behind(app), Pace(every_seconds=0.1, limit_seconds=0.5))
    runtime = gate.runtime
    gate.runtime = broken = Broken(runtime, error)

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.got)
        began = time.monotonic()
        broken.is_down = True
        await client.over()
        assert time.monotonic() - began >= 0.3
        assert client.got[-1] == closed(1011)

    run(main)
    gate.runtime = runtime
    assert app.heard == [gone(1011)]
    [event] = told(caplog, "open connection ended")
    assert (event["severity"], event["user"]) == ("error", "wendy")


def test_a_moment_without_an_answer_closes_nothing(behind: Behind, erin: Visitor) -> None:
    gate = paced(behind(Echo()), OFTEN)
    runtime = gate.runtime

    async def main() -> None:
        client = Client(gate, live_for(erin))
        await client.until(lambda: client.got)
        gate.runtime = Broken(runtime, StoreUnavailable("down"))
        await asyncio.sleep(0.2)
        gate.runtime = runtime
        client.send("still here")
        await client.until(lambda: client.texts)
        client.leave()
        await client.over()
        assert client.texts == ["echo still here"]

    run(main)


# ---- where the app's state says who is logged in --------------------------------------------------------------------


@pytest.fixture
def listed(realm: Realm) -> Realm:
    """An app that keeps its sessions on the server, with a WebSocket that is for everybody."""
    WHO.clear()
    identity = [SIGNED_COOKIE, logins.SERVER_SESSION]
    return make_realm(realm.folder, shop={"identity": identity, "anonymous_websockets": ["GET /live"]})


KNOWN = websocket_of(headers=[("Cookie", "sid=known"), ("Origin", ORIGIN)])


def by_message(text: str) -> None:
    if text.startswith("log in "):
        WHO[b"known"] = text.removeprefix("log in ")


def test_a013_a_log_in_by_a_message_gets_no_answer_if_it_has_to_verify(behind: Behind, listed: Realm) -> None:
    app = Echo(by_message)
    gate = paced(behind(app, listed), NEVER)

    async def main() -> None:
        client = Client(gate, KNOWN)
        client.send("hello")
        client.send("log in erin")
        await client.over()
        assert client.texts == ["echo hello"]
        assert client.got[-1] == closed(4401)

    run(main)


def test_a_log_in_by_a_message_goes_on_if_it_needs_nothing(behind: Behind, listed: Realm) -> None:
    gate = paced(behind(Echo(by_message), listed), NEVER)

    async def main() -> None:
        client = Client(gate, KNOWN)
        client.send("log in wendy")
        client.send("more")
        await client.until(lambda: client.texts == ["echo log in wendy", "echo more"])
        client.leave()
        await client.over()

    run(main)


def test_a013_a_log_in_elsewhere_keeps_the_next_message_from_the_app(behind: Behind, listed: Realm) -> None:
    app = Echo()
    gate = paced(behind(app, listed), NEVER)

    async def main() -> None:
        client = Client(gate, KNOWN)
        await client.until(lambda: client.got)
        WHO[b"known"] = "erin"
        client.send("act")
        await client.over()

    run(main)
    assert app.heard == [gone(4401)]


def test_a013_a_log_in_elsewhere_closes_a_silent_socket(behind: Behind, listed: Realm) -> None:
    gate = paced(behind(Echo(), listed), OFTEN)

    async def main() -> None:
        client = Client(gate, KNOWN)
        await client.until(lambda: client.got)
        WHO[b"known"] = "erin"
        await client.over()
        assert client.got[-1] == closed(4401)

    run(main)


def test_where_only_the_request_says_who_it_is_a_socket_of_nobody_is_left_alone(behind: Behind) -> None:
    gate = paced(behind(Echo()), OFTEN)

    async def main() -> None:
        client = Client(gate, websocket_of())
        await client.until(lambda: client.got)
        assert len(asyncio.all_tasks()) == 2  # this one and the app's
        client.leave()
        await client.over()

    run(main)


# ---- streams --------------------------------------------------------------------------------------------------------


def stream_of(visitor: Visitor, path: str = "/news") -> dict[str, Any]:
    return scope_of("GET", path, [cookie_of(visitor)])


class News:
    """Sends a chunk each time that it is told to, for ever."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.more = asyncio.Event()
        self.has_ended = False
        self._headers = list(headers)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send(start(self._headers))
        try:
            while True:
                await send(chunk(b"data: secret\n\n", more=True))
                await self.more.wait()
                self.more.clear()
        finally:
            self.has_ended = True


def test_a015_a_stream_ends_whole_when_its_pass_ends(behind: Behind, erin: Visitor) -> None:
    app = News(EVENTS)
    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, stream_of(erin))
        await client.until(lambda: len(client.got) == 2)
        app.more.set()
        await client.until(lambda: len(client.got) == 3)
        await renew_codes(erin)
        await client.until(lambda: client.types[-1] == "end")
        assert client.got[-1]["body"] == b""
        while not client.served.done():  # the app notices when it sends: once in vain, then by an error
            app.more.set()
            await asyncio.sleep(0.001)
        await client.over()
        assert [message["body"] for message in client.got[1:]] == [b"data: secret\n\n"] * 2 + [b""]

    run(main)
    assert app.has_ended


def test_a015_a_stream_that_began_without_a_question_ends_with_its_pass_all_the_same(
    behind: Behind, erin: Visitor
) -> None:
    news = News(EVENTS)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/news":
            await news(scope, receive, send)
        else:
            await send(start([]))
            await send(chunk(b"page"))

    async def decide(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it was not known")

    gate = paced(behind(app), OFTEN)
    gate.runtime.hot._near._clock = lambda: 0.0

    async def main() -> None:
        page = Client(gate, stream_of(erin, "/home"))
        await page.over()
        assert page.types[-1] == "end"
        gate._decide = decide
        client = Client(gate, stream_of(erin))
        await client.until(lambda: len(client.got) == 2)
        await renew_codes(erin)
        await client.until(lambda: client.types[-1] == "end")
        assert [message["body"] for message in client.got[1:]] == [b"data: secret\n\n", b""]
        client.served.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.over()

    run(main)


def test_a015_its_next_chunk_is_held_back_also_where_no_time_was_to_notice(behind: Behind, erin: Visitor) -> None:
    app = News(EVENTS)
    gate = paced(behind(app), Pace(every_seconds=0, limit_seconds=60))

    async def main() -> None:
        client = Client(gate, stream_of(erin))
        await client.until(lambda: len(client.got) == 2)
        erin.clock.on(24 * 3600)
        app.more.set()
        await client.until(lambda: len(client.got) == 3)
        assert client.types[-1] == "end"
        client.served.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.over()

    run(main)


@pytest.mark.parametrize(
    "headers", [[(b"content-type", b"text/csv")], [EVENTS, (b"content-length", b"5000")]], ids=["csv", "length"]
)
def test_a015_what_must_not_look_whole_is_broken_off(
    headers: list[tuple[bytes, bytes]], behind: Behind, realm: Realm, erin: Visitor
) -> None:
    app = News(*headers)
    gate = paced(behind(app, make_realm(realm.folder, shop={"streams": ["GET /export"]})), OFTEN)

    async def main() -> None:
        client = Client(gate, stream_of(erin, "/export"))
        await client.until(lambda: len(client.got) == 2)
        await renew_codes(erin)
        while not client.served.done():
            app.more.set()
            await asyncio.sleep(0.01)
        with pytest.raises(BrokenOff):
            await client.over()
        assert "end" not in client.types

    run(main)


def test_other_answers_are_not_watched(behind: Behind, erin: Visitor) -> None:
    app = News((b"content-type", b"text/csv"))
    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, stream_of(erin))
        await client.until(lambda: len(client.got) == 2)
        assert len(asyncio.all_tasks()) == 2
        client.served.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.over()

    run(main)


def test_a_stream_that_the_app_ends_is_as_it_was(behind: Behind, erin: Visitor) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start([EVENTS]))
        await send(chunk(b"data: 1\n\n", more=True))
        await asyncio.sleep(0.1)
        await send(chunk(b"data: 2\n\n"))
        await asyncio.sleep(0.1)

    gate = paced(behind(app), OFTEN)

    async def main() -> None:
        client = Client(gate, stream_of(erin))
        await client.over()
        assert [message["body"] for message in client.got[1:]] == [b"data: 1\n\n", b"data: 2\n\n"]

    run(main)


def test_a013_a_socket_of_nobody_may_be_opened_only_where_it_is_listed(behind: Behind, listed: Realm) -> None:
    app = Echo()
    gate = behind(app, listed)

    async def main() -> None:
        client = Client(gate, websocket_of("/other", [("Cookie", f"session={session_cookie(None)}")]))
        await client.over()
        assert client.types == ["websocket.close"]

    run(main)
    assert app.heard == []


@pytest.mark.parametrize("comes_from", ["nobody", "wendy"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a015_what_begins_a_log_in_ends_with_the_pass_of_that_log_in(
    kind: str, comes_from: str, behind: Behind, erin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    logs_in = (b"set-cookie", f"session={session_cookie('dora', 'login-9')}; Path=/".encode())
    goes_on = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        head = start([EVENTS, logs_in]) if kind == "http" else {"type": "websocket.accept", "headers": [logs_in]}
        said = chunk(b"data: secret\n\n", more=True) if kind == "http" else {"type": "websocket.send", "text": "secret"}
        await send(head)
        await send(said)
        await goes_on.wait()
        await send(said)
        while "disconnect" not in (await receive())["type"]:
            pass

    dora = erin.elsewhere()
    dora.log_in("dora", "login-8")
    sent = [cookie_of(erin if comes_from == "wendy" else erin.elsewhere()), ("Origin", ORIGIN)]
    scope = scope_of("POST", "/login", headers=sent) if kind == "http" else websocket_of("/login", headers=sent)

    async def main() -> None:
        gate: Any = behind(app)
        gate._pace = OFTEN
        client = Client(gate, scope)
        await client.until(lambda: len(client.got) == 2)
        await asyncio.sleep(0.1)  # asked about some times, and it holds
        goes_on.set()
        await client.until(lambda: len(client.got) == 3)
        await asyncio.to_thread(dora.set_up)
        await client.over()
        assert client.types[3:] == ["end" if kind == "http" else "websocket.close"]

    run(main)
    [event] = told(caplog, "open connection ended")
    assert (event["user"], event["reason"]) == ("dora", "its pass has ended")

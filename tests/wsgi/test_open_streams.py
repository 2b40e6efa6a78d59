"""A stream ends at its next chunk once its pass has ended; all other bodies stay the app's own. Attack 15."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from support.exchange import WsgiExchange
from support.realm import Realm, make_realm, session_cookie
from support.told import told
from support.visitor import Visitor
from support.wsgi_wire import App, environ_of, serve
from twofa_middleware.asks import Look
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.vouching import Pace
from twofa_middleware_wsgi.head import AnswerRefused
from twofa_middleware_wsgi.watching import BrokenOff

from .conftest import Behind

AT_EACH_CHUNK = Pace(every_seconds=0, limit_seconds=60)
EVENTS = ("Content-Type", "text/event-stream; charset=utf-8")
CHUNK = b"data: secret\n\n"


class News:
    """Ten chunks; before the fourth somebody ends the pass. ``given``: how many were made, ``closed``: how often closed."""

    def __init__(self, ends: Callable[[], object], *headers: tuple[str, str], starts: str = "at once") -> None:
        self.given = 0
        self.closed = 0
        self._ends = ends
        self._headers = list(headers)
        self._starts = starts

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._starts == "at once":
            start_response("200 OK", self._headers)
            return self
        if self._starts == "with the first chunk":
            return self._late(start_response)
        write = start_response("200 OK", self._headers)
        for chunk in self._chunks():
            write(chunk)
        return []

    def _late(self, start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", self._headers)
        try:
            yield from self._chunks()
        finally:
            self.close()

    def _chunks(self) -> Iterator[bytes]:
        for number in range(10):
            if number == 3:
                self._ends()
            self.given += 1
            yield CHUNK

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks()

    def close(self) -> None:
        self.closed += 1


class Broken:
    """A runtime whose store does not answer any more, once it is down."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self.is_down = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    def answer(self, ask: object) -> Any:
        if self.is_down and isinstance(ask, Look):
            raise StoreUnavailable("down")
        return self._runtime.answer(ask)


@pytest.fixture
def wendy(realm: Realm, behind: Behind) -> Visitor:
    """Her browser, with a pass of this very log-in."""
    visitor = Visitor(WsgiExchange(behind(lambda environ, start_response: [], checked=False)), realm.clock)
    visitor.log_in("wendy", "login-5")
    visitor.set_up()
    realm.clock.on(30)
    return visitor


def environ_for(visitor: Visitor, path: str = "/news") -> dict[str, Any]:
    return environ_of(
        "GET", path, [("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()))]
    )


def paced(gate: Any, pace: Pace = AT_EACH_CHUNK) -> App:
    gate._pace = pace
    made: App = gate
    return made


@pytest.mark.parametrize("starts", ["at once", "with the first chunk"])
def test_a015_a_stream_ends_whole_at_the_next_chunk(
    starts: str, behind: Behind, wendy: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    app = News(lambda: wendy.confirm("codes"), EVENTS, starts=starts)
    wire = serve(paced(behind(app)), environ_for(wendy))
    assert (wire.error, wire.body) == (None, CHUNK * 3)
    assert (app.given, app.closed) == (4, 1)
    [event] = told(caplog, "open connection ended")
    assert (event["user"], event["path"], event["reason"]) == ("wendy", "/news", "its pass has ended")


def test_a015_a_stream_that_began_without_a_question_ends_with_its_pass_all_the_same(
    behind: Behind, wendy: Visitor
) -> None:
    news = News(lambda: wendy.confirm("codes"), EVENTS)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/news":
            return news(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"page"]

    def decide(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise AssertionError("it was not known")

    gate: Any = paced(behind(app))
    gate.runtime.hot._near._clock = lambda: 0.0
    assert serve(gate, environ_for(wendy, "/home")).body == b"page"
    gate._decide = decide
    wire = serve(gate, environ_for(wendy))
    assert (wire.error, wire.body) == (None, CHUNK * 3)
    assert (news.given, news.closed) == (4, 1)


@pytest.mark.parametrize("comes_from", ["nobody", "wendy"])
@pytest.mark.parametrize("ends", [True, False])
def test_a015_a_stream_that_begins_a_log_in_ends_with_the_pass_of_that_log_in(
    ends: bool, comes_from: str, behind: Behind, wendy: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    dora = wendy.elsewhere()
    dora.log_in("dora", "login-8")
    app = News(
        lambda: ends and dora.set_up(), EVENTS, ("Set-Cookie", f"session={session_cookie('dora', 'login-9')}; Path=/")
    )
    environ = environ_for(wendy if comes_from == "wendy" else wendy.elsewhere(), "/login") | {"REQUEST_METHOD": "POST"}
    wire = serve(paced(behind(app)), environ)
    assert (wire.error, wire.body) == (None, CHUNK * (3 if ends else 10))
    assert [(event["user"], event["reason"]) for event in told(caplog, "open connection ended")] == (
        [("dora", "its pass has ended")] if ends else []
    )


def test_a015_who_asks_for_a_stream_as_if_for_a_websocket_is_watched_like_others(
    behind: Behind, wendy: Visitor
) -> None:
    app = News(lambda: wendy.confirm("codes"), EVENTS)
    environ = environ_for(wendy) | {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade"}
    assert serve(paced(behind(app)), environ).body == CHUNK * 3


def test_a015_what_is_written_by_the_old_write_ends_by_an_error(behind: Behind, wendy: Visitor) -> None:
    app = News(lambda: wendy.confirm("codes"), EVENTS, starts="by write")
    wire = serve(paced(behind(app)), environ_for(wendy))
    assert isinstance(wire.error, AnswerRefused)
    assert wire.body == CHUNK * 3


@pytest.mark.parametrize(
    "headers", [[("Content-Type", "text/csv")], [EVENTS, ("Content-Length", "140")]], ids=["csv", "length"]
)
def test_a015_what_must_not_look_whole_is_broken_off(
    headers: list[tuple[str, str]], behind: Behind, realm: Realm, wendy: Visitor
) -> None:
    app = News(lambda: wendy.confirm("codes"), *headers)
    gate = behind(app, make_realm(realm.folder, shop={"streams": ["GET /export"]}))
    wire = serve(paced(gate), environ_for(wendy, "/export"))
    assert isinstance(wire.error, BrokenOff)
    assert (wire.body, app.closed) == (CHUNK * 3, 1)


@pytest.mark.parametrize("starts", ["at once", "with the first chunk"])
def test_a_stream_whose_pass_holds_is_whole(starts: str, behind: Behind, wendy: Visitor) -> None:
    app = News(lambda: None, EVENTS, starts=starts)
    wire = serve(paced(behind(app)), environ_for(wendy))
    assert (wire.error, wire.body, app.closed) == (None, CHUNK * 10, 1)


def test_it_is_asked_once_a_second_at_most(behind: Behind, wendy: Visitor) -> None:
    app = News(lambda: wendy.confirm("codes"), EVENTS)
    wire = serve(paced(behind(app), Pace(every_seconds=3600, limit_seconds=7200)), environ_for(wendy))
    assert wire.body == CHUNK * 10


@pytest.mark.parametrize(("limit", "chunks"), [(0.0, 3), (3600.0, 10)])
def test_a015_a_stream_that_nobody_can_vouch_for_goes_on_for_a_moment_only(
    limit: float, chunks: int, behind: Behind, wendy: Visitor
) -> None:
    def breaks() -> None:
        gate.runtime.is_down = True

    gate: Any = behind(News(breaks, EVENTS))
    runtime = gate.runtime
    gate.runtime = Broken(runtime)
    wire = serve(paced(gate, Pace(0, limit)), environ_for(wendy))
    gate.runtime = runtime
    assert (wire.error, wire.body) == (None, CHUNK * chunks)


@pytest.mark.parametrize("kind", ["text/html", "text/csv"])
def test_a_body_that_is_no_stream_is_the_very_iterable_of_the_app(kind: str, behind: Behind, wendy: Visitor) -> None:
    app = News(lambda: None, ("Content-Type", kind))
    wire = serve(paced(behind(app, checked=False)), environ_for(wendy), checked=False)
    assert wire.returned is app


def test_a_stream_for_nobody_is_the_very_iterable_of_the_app(behind: Behind) -> None:
    app = News(lambda: None, EVENTS)
    wire = serve(paced(behind(app, checked=False)), environ_of("GET", "/news"), checked=False)
    assert wire.returned is app

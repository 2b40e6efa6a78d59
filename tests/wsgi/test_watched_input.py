"""Where the app's state says who is logged in, it is asked again when the last of a body was read."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from support.heads import CLEAN, SECRET
from support.logins import WHO
from support.realm import Realm
from support.told import told
from support.visitor import NAVIGATION
from support.wsgi_wire import App, Wire, environ_of, serve
from twofa_middleware_wsgi.watched_input import LoginChanged, WatchedInput

from .conftest import Behind

BODY = b"a line\nanother line\nthe rest"
SID = ("Cookie", "sid=known")

READS: dict[str, Callable[[Any], object]] = {
    "read": lambda stream: stream.read(len(BODY)),
    "read to the end": lambda stream: stream.read(-1),
    "read in parts": lambda stream: [stream.read(10), stream.read(10), stream.read(10)],
    "readline": lambda stream: [stream.readline(), stream.readline(), stream.readline()],
    "readline in parts": lambda stream: [stream.readline(9) for _ in range(6)],
    "readlines": lambda stream: stream.readlines(),
    "readlines with a hint": lambda stream: [stream.readlines(8), stream.readlines(1000)],
    "iteration": lambda stream: list(stream),
}


class LogsIn(io.BytesIO):
    """The body of a request that was begun before a log-in with the same session, and ends after it."""

    def _more(self, chunk: bytes) -> bytes:
        WHO[b"known"] = "erin"
        return chunk

    def read(self, *args: Any) -> bytes:
        return self._more(super().read(*args))

    def readline(self, *args: Any) -> bytes:
        return self._more(super().readline(*args))

    def readlines(self, *args: Any) -> list[bytes]:
        WHO[b"known"] = "erin"
        return super().readlines(*args)


def acts(read: Callable[[Any], object], done: list[object]) -> App:
    """Reads its body in this way, and then acts on it."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        done.append(read(environ["wsgi.input"]))
        start_response("200 OK", CLEAN)
        return [SECRET]

    return app


def post(gated: App, stream: io.BytesIO, **more: Any) -> Wire:
    lengths = {} if more else {"CONTENT_LENGTH": str(len(BODY))}
    return serve(gated, environ_of("POST", "/act", [SID, *NAVIGATION], **{"wsgi.input": stream}, **lengths, **more))


ENDED_BY_SERVER = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


@pytest.mark.parametrize("how", READS)
def test_a_log_in_that_appears_while_the_body_is_read_stops_the_app(
    behind: Behind, state_realm: Realm, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware.events")
    done: list[object] = []
    wire = post(behind(acts(READS[how], done), state_realm), LogsIn(BODY))
    assert isinstance(wire.error, LoginChanged)
    assert (done, wire.status) == ([], 0)
    assert [(event["event"], event["app"], event["user"]) for event in told(caplog)] == [
        ("log-in appeared while a body was read", "shop", "erin")
    ]


@pytest.mark.parametrize("how", ["read to the end", "readlines", "iteration"])
def test_so_it_does_where_only_the_end_tells_the_length(behind: Behind, state_realm: Realm, how: str) -> None:
    done: list[object] = []
    wire = post(behind(acts(READS[how], done), state_realm), LogsIn(BODY), **ENDED_BY_SERVER)
    assert isinstance(wire.error, LoginChanged)
    assert done == []


@pytest.mark.parametrize("more", [{}, ENDED_BY_SERVER], ids=["length", "chunked"])
@pytest.mark.parametrize("how", READS)
def test_while_nobody_logs_in_the_body_is_what_was_sent(
    behind: Behind, state_realm: Realm, how: str, more: dict[str, Any]
) -> None:
    done: list[object] = []
    wire = post(behind(acts(READS[how], done), state_realm), io.BytesIO(BODY), **more)
    assert (wire.body, done) == (SECRET, [READS[how](io.BytesIO(BODY))])


def test_an_app_that_traps_the_error_reads_nothing_more_and_gets_no_answer_out(
    behind: Behind, state_realm: Realm
) -> None:
    done: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for size in (len(BODY), 1, -1):
            with pytest.raises(LoginChanged):
                done.append(environ["wsgi.input"].read(size))
        start_response("200 OK", CLEAN)
        return [SECRET]

    wire = post(behind(app, state_realm), LogsIn(BODY))
    assert (wire.status, wire.header("location"), done) == (303, "/2fa/verify?next=/", [])


def test_an_app_that_never_reads_is_asked_about_before_its_answer(behind: Behind, state_realm: Realm) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        WHO[b"known"] = "erin"
        start_response("200 OK", CLEAN)
        return [SECRET]

    wire = post(behind(app, state_realm), io.BytesIO(BODY))
    assert (wire.status, "secret" in wire.everything()) == (303, False)


def test_an_empty_body_is_asked_about_when_it_is_read(behind: Behind, state_realm: Realm) -> None:
    done: list[object] = []
    gated = behind(acts(lambda stream: stream.read(1), done), state_realm)
    wire = serve(gated, environ_of("POST", "/act", [SID], **{"wsgi.input": LogsIn(b""), "CONTENT_LENGTH": "0"}))
    assert isinstance(wire.error, LoginChanged)


def test_a_body_is_asked_about_once_and_not_before_its_end() -> None:
    asked: list[int] = []
    stream = io.BytesIO(BODY)
    watched = WatchedInput(stream, len(BODY), lambda: not asked.append(stream.tell()))
    assert watched.read(0) == b""
    assert b"".join([watched.read(5), watched.readline(), *watched, watched.read(5), watched.read(-1)]) == BODY
    assert asked == [len(BODY)]


def test_what_is_raised_while_asking_stops_the_app_for_good() -> None:
    def cannot_tell() -> bool:
        raise ZeroDivisionError

    watched = WatchedInput(io.BytesIO(BODY), len(BODY), cannot_tell)
    with pytest.raises(ZeroDivisionError):
        watched.read(-1)
    with pytest.raises(LoginChanged):
        watched.read(-1)


@pytest.mark.parametrize("headers", [[], [("Cookie", "theme=dark")]], ids=["no cookie", "no credential"])
def test_a_body_without_any_credential_is_the_servers_own_object(
    behind: Behind, state_realm: Realm, headers: list[tuple[str, str]]
) -> None:
    stream, seen = io.BytesIO(BODY), []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.append(environ["wsgi.input"])
        start_response("200 OK", CLEAN)
        return []

    serve(
        behind(app, state_realm, checked=False),
        environ_of("POST", "/act", headers, **{"wsgi.input": stream}),
        checked=False,
    )
    assert seen == [stream]

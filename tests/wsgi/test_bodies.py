"""The app's body and the request's body are the app's: handed on as they are, lazily, and not read by the gate. Attack 105."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper

import pytest

from support.heads import CLEAN, SECRET, logs_in
from support.realm import session_cookie
from support.visitor import NAVIGATION
from support.wsgi_apps import Body, starts_late
from support.wsgi_wire import Wire, environ_of, serve

from .conftest import Behind

WENDY = [("Cookie", f"session={session_cookie('wendy')}")]


def made_by_generator() -> Iterator[bytes]:
    yield SECRET


KINDS: dict[str, Callable[[], Iterable[bytes]]] = {
    "list": lambda: [SECRET],
    "tuple": lambda: (SECRET,),
    "object": lambda: Body([SECRET]),
    "generator": made_by_generator,
}
VISITORS = pytest.mark.parametrize("headers", [[], WENDY], ids=["anonymous", "logged in"])


@pytest.mark.parametrize("kind", KINDS)
@VISITORS
def test_the_server_gets_the_very_iterable_of_the_app(
    behind: Behind, kind: str, headers: list[tuple[str, str]]
) -> None:
    body = KINDS[kind]()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", CLEAN)
        return body

    wire = serve(behind(app, checked=False), environ_of(headers=headers), checked=False)
    assert wire.returned is body
    assert wire.body == SECRET


def test_a_file_in_the_servers_own_wrapper_stays_in_it(behind: Behind) -> None:
    file = io.BytesIO(SECRET)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", logs_in("wendy") if environ["PATH_INFO"] == "/login" else CLEAN)
        return environ["wsgi.file_wrapper"](file)  # type: ignore[no-any-return]

    environ = environ_of("GET", "/login", **{"wsgi.file_wrapper": FileWrapper})
    wire = serve(behind(app, checked=False), environ, checked=False)
    assert isinstance(wire.returned, FileWrapper)
    assert wire.returned.filelike is file
    assert wire.body == SECRET


def test_a_file_of_an_answer_that_is_refused_is_closed_unread(behind: Behind) -> None:
    file = io.BytesIO(SECRET)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", logs_in())
        return FileWrapper(file)

    wire = serve(behind(app, checked=False), environ_of("GET", "/shop", NAVIGATION), checked=False)
    assert (wire.status, file.closed) == (303, True)


def test_a_stream_is_pulled_no_further_than_it_is_sent(behind: Behind) -> None:
    bodies: list[Body] = []
    gated = behind(starts_late(CLEAN, [b"x" * 1000] * 10_000, bodies), checked=False)
    wire = Wire()
    chunks = iter(gated(environ_of(), wire.start_response))
    assert bodies[0].pulled == 0
    for number in range(1, 4):
        wire.write(next(chunks))
        assert bodies[0].pulled == number
    assert wire.status == 200


def test_a_refused_stream_is_not_pulled_beyond_the_chunk_that_its_head_came_with(behind: Behind) -> None:
    bodies: list[Body] = []
    gated = behind(starts_late(logs_in(), [b"", SECRET, SECRET], bodies), checked=False)
    wire = serve(gated, environ_of("GET", "/shop", NAVIGATION))
    assert (wire.status, bodies[0].pulled, bodies[0].closed) == (303, 2, 1)


def test_a_refused_stream_is_closed_before_the_refusal_is_sent(behind: Behind) -> None:
    bodies: list[Body] = []
    gated = behind(starts_late(logs_in(), [SECRET], bodies), checked=False)
    chunks: Any = gated(environ_of("GET", "/shop", NAVIGATION), Wire().start_response)
    next(chunks, None)
    assert bodies[0].closed == 1
    chunks.close()
    assert bodies[0].closed == 1


READS: dict[str, Callable[[Any], list[bytes]]] = {
    "read": lambda stream: [stream.read(1000)],
    "read in parts": lambda stream: [stream.read(3), stream.read(0), stream.read(1000)],
    "read to the end": lambda stream: [stream.read(-1)],
    "readline": lambda stream: [stream.readline(), stream.readline(2), stream.readline()],
    "readlines": lambda stream: list(stream.readlines()),
    "readlines with a hint": lambda stream: [*stream.readlines(1), *stream.readlines(1000)],
    "iteration": lambda stream: list(stream),
    "nothing": lambda stream: [],
}


class Input(io.BytesIO):
    """Counts how often anybody reads from it."""

    reads = 0

    def read(self, *args: Any) -> bytes:
        self.reads += 1
        return super().read(*args)

    def readline(self, *args: Any) -> bytes:
        self.reads += 1
        return super().readline(*args)


@pytest.mark.parametrize("how", READS)
@VISITORS
def test_a105_the_app_reads_the_body_as_the_server_gave_it(
    behind: Behind, how: str, headers: list[tuple[str, str]]
) -> None:
    body = b"a line\nanother line\nthe rest"

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", CLEAN)
        return [repr(READS[how](environ["wsgi.input"])).encode()]

    wire = serve(behind(app), environ_of("POST", "/form", headers, body=body))
    assert wire.body.decode() == repr(READS[how](io.BytesIO(body)))


def test_a105_the_gate_reads_nothing_of_a_body_that_is_not_for_it(behind: Behind) -> None:
    stream = Input(b"a body")
    seen: list[object] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.append(environ["wsgi.input"])
        start_response("200 OK", CLEAN)
        return []

    for path in ("/shop", "/login", "/logout", "/static/x"):
        serve(behind(app, checked=False), environ_of("POST", path, WENDY, **{"wsgi.input": stream}), checked=False)
    assert seen == [stream] * 4
    assert stream.reads == 0


@pytest.mark.parametrize("path", ["/shop", "/2fa/account", "/2fa/nothing", "/2fa/static/pages.css"])
def test_a106_a_refusal_reads_nothing_of_the_body(behind: Behind, path: str) -> None:
    stream = Input(b"a body")
    cookie = [("Cookie", f"session={session_cookie('erin', 'login-9')}")]
    environ = environ_of("POST", path, cookie, **{"wsgi.input": stream, "CONTENT_LENGTH": "6"})
    wire = serve(behind(lambda *got: [SECRET]), environ)
    assert wire.status in (403, 404, 405)
    assert stream.reads == 0


def test_a_get_of_an_own_page_reads_no_body(behind: Behind) -> None:
    stream = Input(b"a body")
    cookie = [("Cookie", f"session={session_cookie('erin', 'login-9')}")]
    environ = environ_of("GET", "/2fa/verify", cookie, **{"wsgi.input": stream, "CONTENT_LENGTH": "6"})
    assert (serve(behind(lambda *got: [SECRET]), environ).status, stream.reads) == (200, 0)


@pytest.mark.parametrize(("method", "path"), [("GET", "/shop"), ("HEAD", "/shop"), ("HEAD", "/2fa/verify")])
def test_an_answer_of_the_gate_without_a_body_has_an_empty_chunk(behind: Behind, path: str, method: str) -> None:
    """hypercorn sends a head with the first chunk, and answers 500 where there is none."""
    cookie = [("Cookie", f"session={session_cookie('erin', 'login-9')}"), *NAVIGATION]
    wire = serve(behind(lambda *got: [SECRET], checked=False), environ_of(method, path, cookie), checked=False)
    assert (wire.status in (200, 303), wire.returned) == (True, [b""])

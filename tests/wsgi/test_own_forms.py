"""A body is read for a POST to an own page alone: small, whole, and with a known end. Attacks 103, 104 and 106."""

from __future__ import annotations

import io
from typing import Any

import pytest

from support.exchange import Pairs, encoded
from support.realm import ORIGIN, session_cookie
from support.told import told
from support.visitor import FORM_TYPE, NAVIGATION, forms_of
from support.wsgi_wire import App, environ_of, serve
from twofa_middleware.errors import BadRequest
from twofa_middleware.program import ReadBody
from twofa_middleware_wsgi.translate import read_body

from .conftest import Behind

LIMIT = 8 * 1024
ERIN = ("Cookie", f"session={session_cookie('erin', 'login-9')}")
HEADERS: Pairs = [*NAVIGATION, FORM_TYPE, ("Origin", ORIGIN), ERIN]


class Counted(io.BytesIO):
    """A body that counts the bytes which were taken from it."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            raise AssertionError("the gate asked for all there is")
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        return super().readinto(buffer)


@pytest.fixture
def gated(behind: Behind) -> App:
    return behind(lambda *got: [b"never"])


def filled(gated: App, code: str = "000000") -> tuple[bytes, Pairs]:
    """The verification form with a wrong code, and headers with its flow cookie."""
    page = serve(gated, environ_of("GET", "/2fa/verify", [*NAVIGATION, ERIN]))
    flow = (page.header("set-cookie") or "").partition(";")[0]
    form = next(form for form in forms_of(page.body.decode()) if "code" in form.names)
    return encoded(form.hidden | {"code": code}), [*HEADERS[:-1], ("Cookie", f"{ERIN[1]}; {flow}")]


def test_a_form_is_read_by_its_length(gated: App) -> None:
    body, headers = filled(gated)
    stream = Counted(body + b"the next request")
    environ = environ_of("POST", "/2fa/verify", headers, **{"wsgi.input": stream, "CONTENT_LENGTH": str(len(body))})
    assert b"That code" in serve(gated, environ).body
    assert stream.tell() == len(body)


def test_a_form_without_length_is_read_where_the_server_says_that_it_ends(gated: App) -> None:
    body, headers = filled(gated)
    more = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert b"That code" in serve(gated, environ_of("POST", "/2fa/verify", headers, **more)).body


@pytest.mark.parametrize("length", [None, ""])
def test_a103_a_form_without_length_or_end_is_411_and_not_read(gated: App, length: str | None) -> None:
    stream = Counted(b"a=b")
    environ = environ_of("POST", "/2fa/verify", HEADERS, **{"wsgi.input": stream})
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    assert (serve(gated, environ).status, stream.tell()) == (411, 0)


def test_a103_a_form_that_says_it_is_too_large_is_413_and_not_read(gated: App) -> None:
    stream = Counted(b"x" * 100_000)
    environ = environ_of("POST", "/2fa/verify", HEADERS, **{"wsgi.input": stream, "CONTENT_LENGTH": str(LIMIT + 1)})
    assert (serve(gated, environ).status, stream.tell()) == (413, 0)


def test_a103_a_form_without_length_is_read_to_the_limit_and_no_further(gated: App) -> None:
    stream = Counted(b"x" * 100_000)
    environ = environ_of("POST", "/2fa/verify", HEADERS, **{"wsgi.input": stream, "wsgi.input_terminated": True})
    assert serve(gated, environ).status == 413
    assert stream.tell() <= LIMIT + 1


def test_a_form_of_just_the_limit_is_read(gated: App) -> None:
    body, headers = filled(gated)
    body += b"&more=" + b"x" * (LIMIT - len(body) - 6)
    wire = serve(gated, environ_of("POST", "/2fa/verify", headers, body=body))
    assert (len(body), b"That code" in wire.body) == (LIMIT, True)


def test_a_form_that_breaks_off_is_400(gated: App) -> None:
    environ = environ_of("POST", "/2fa/verify", HEADERS, body=b"code=1")
    environ["CONTENT_LENGTH"] = "100"
    assert serve(gated, environ).status == 400


def test_a_form_whose_connection_breaks_is_400_and_no_fault_of_ours(gated: App) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    environ = environ_of("POST", "/2fa/verify", HEADERS, **{"wsgi.input": Broken(), "CONTENT_LENGTH": "3"})
    assert serve(gated, environ).status == 400


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "\xb2", "0"])
def test_a103_of_a_form_with_an_odd_length_nothing_is_read(gated: App, length: str) -> None:
    stream = Counted(b"a=b")
    environ = environ_of("POST", "/2fa/verify", HEADERS, **{"wsgi.input": stream, "CONTENT_LENGTH": length})
    assert serve(gated, environ, checked=False).status == (403 if length == "0" else 400)
    assert stream.tell() == 0


def test_no_answer_of_ours_has_a_header_of_the_connection(gated: App) -> None:
    """PEP 3333 leaves those to the server, and servers stop at them."""
    wire = serve(gated, environ_of("POST", "/2fa/verify", HEADERS, body=b"x" * (LIMIT + 1)))
    assert wire.status == 413
    assert {"connection", "transfer-encoding", "keep-alive"}.isdisjoint(name.lower() for name, _ in wire.headers)


def test_a_form_that_was_held_back_for_too_long_is_not_taken() -> None:
    environ = environ_of("POST", "/2fa/verify", [FORM_TYPE], body=b"code=123456")
    assert read_body(environ, ReadBody(LIMIT, 10)) == b"code=123456"
    environ = environ_of("POST", "/2fa/verify", [FORM_TYPE], body=b"code=123456")
    with pytest.raises(BadRequest, match="did not arrive within 0 seconds") as refused:
        read_body(environ, ReadBody(LIMIT, 0))
    assert refused.value.status == 408


class Torn(io.RawIOBase):
    """A body whose chunks are none, as gunicorn tells of it."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise LookupError("Invalid HTTP Header")


def test_a103_a_form_that_the_server_cannot_take_apart_is_400_and_no_fault_of_ours(
    gated: App, caplog: pytest.LogCaptureFixture
) -> None:
    environ = environ_of("POST", "/2fa/verify", HEADERS, **{"wsgi.input": Torn(), "wsgi.input_terminated": True})
    assert serve(gated, environ).status == 400
    assert told(caplog, "refused, our fault") == []

"""A body that was begun before the app reads it is for the app as if it were not. Attack 105."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.wsgi_wire import environ_of
from twofa_middleware.errors import BadRequest
from twofa_middleware.program import PeekBody
from twofa_middleware_wsgi.peeked_input import PeekedInput
from twofa_middleware_wsgi.translate import peek_body

READS = st.lists(st.tuples(st.sampled_from(["read", "readline"]), st.integers(1, 9)), max_size=8)
LAST = st.sampled_from(["read", "readlines", "list", "lines of 3"])


@given(st.text("ab\n", max_size=20), st.integers(0, 20), READS, LAST)
def test_it_reads_as_the_whole_does(text: str, begun: int, reads: list[tuple[str, int]], last: str) -> None:
    whole, body = BytesIO(text.encode()), text.encode()
    peeked: Any = PeekedInput(body[:begun], BytesIO(body[begun:]))
    for name, size in reads:
        assert getattr(peeked, name)(size) == getattr(whole, name)(size)
    ends: Any = {"read": lambda f: f.read(), "readlines": lambda f: f.readlines(), "list": list}
    end = ends.get(last, lambda f: f.readlines(3))
    assert end(peeked) == end(whole)


@pytest.mark.parametrize("server", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {}], ids=["gunicorn", "http/2"])
def test_a_body_without_length_is_read_to_the_limit_and_is_whole_again(server: dict[str, Any]) -> None:
    body = b"x" * 100_000
    environ = environ_of("POST", "/", **{"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}, **server)
    assert peek_body(environ, PeekBody(2000, 10)) is None
    assert environ["wsgi.input"].read() == body
    short = environ_of("POST", "/", **{"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}, **server)
    assert peek_body(short, PeekBody(len(body), 10)) == body


def test_a_body_that_comes_slowly_is_not_waited_for() -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1 if size is None or size > 0 else size)

    environ = environ_of("POST", "/", **{"wsgi.input": Slow(b"action=logout"), "wsgi.input_terminated": True})
    assert peek_body(environ, PeekBody(2000, -1)) is None
    assert b"".join(iter(lambda: environ["wsgi.input"].read(1), b"")) == b"action=logout"


def test_a_body_that_breaks_off_is_400() -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    for more in ({"wsgi.input_terminated": True}, {"CONTENT_LENGTH": "3"}):
        with pytest.raises(BadRequest) as refused:
            peek_body(environ_of("POST", "/", **{"wsgi.input": Broken()}, **more), PeekBody(2000, 10))
        assert refused.value.status == 400

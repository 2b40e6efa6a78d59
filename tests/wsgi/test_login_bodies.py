"""What werkzeug finds in a query or a form is found by the rules too, and by ``watch`` in no other way. Attack 26."""

from __future__ import annotations

from contextlib import closing
from io import BytesIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request as WerkzeugRequest

from twofa_middleware.errors import BadRequest
from twofa_middleware.http import Request
from twofa_middleware.identity.login_bodies import name_in
from twofa_middleware.policy.login_rules import LoginRule

FORM = "application/x-www-form-urlencoded"
BYTES = [b"name", b"Name", b"n%61me", b"%6eame", b"bob", b"b%6Fb", b"=", b"&", b";", b"+", b"%", b"%25", b"%00", b"%ff", b"#", b"?"]  # fmt: skip
URLENCODED = st.lists(st.sampled_from(BYTES), max_size=12).map(b"".join)
HEADS = [
    b'Content-Disposition: form-data; name="name"',
    b'content-disposition:form-data;name="name"',
    b"Content-Disposition: form-data; name=name",
    b'Content-Disposition: form-data; name="n%61me"',
    b'Content-Disposition: form-data; name="name"; filename="f"',
    b'Content-Disposition: form-data; name="x"; name="name"',
    b"Content-Disposition: form-data; name*=utf-8''name",
    b'Content-Disposition: form-data; name="x"',
    b'Content-Disposition: form-data; name="name"\r\nContent-Type: text/plain; charset=utf-16',
]
PARTS = st.lists(st.tuples(st.sampled_from(HEADS), st.sampled_from([b"bob", b"erin", b"\xff", b"--b"])), max_size=4)
KINDS = st.sampled_from(["multipart/form-data; boundary=b", 'multipart/form-data; boundary="b"', "multipart/form-data; x=1; boundary=b"])  # fmt: skip


class InMemory(WerkzeugRequest):
    """Without files on the disk, which werkzeug leaves open where a form is broken off."""

    def _get_file_stream(self, *_: Any, **more: Any) -> BytesIO:
        return BytesIO()


def by_werkzeug(query: bytes, kind: str, body: bytes) -> WerkzeugRequest:
    return InMemory(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/login",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "QUERY_STRING": query.decode("latin-1"),
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
    )


def asked(query: bytes, kind: str) -> Request:
    headers = ((b"content-type", kind.encode()),)
    return Request("http", "POST", "", "/login", None, query, headers, {}, 0)


def says_the_same(query: bytes, kind: str, body: bytes) -> None:
    with closing(by_werkzeug(query, kind, body)) as app:
        in_query, in_form = app.args.getlist("name"), app.form.getlist("name")
    seen, form = asked(query, kind), LoginRule.parse("POST /login form name=bob")
    if "bob" in in_query:
        assert LoginRule.parse("ANY /** ?name=bob").holds(seen)
    if "bob" in in_form:
        assert form.holds(seen)
        assert form.holds_for_form(kind.encode(), None, body)
    try:
        name = name_in(seen, body, "form", "name")
    except BadRequest:
        return
    assert in_query == []
    assert in_form == ([] if name is None else [name])


@given(URLENCODED, URLENCODED)
def test_a026_an_urlencoded_form_and_a_query(query: bytes, body: bytes) -> None:
    says_the_same(query, FORM, body)
    says_the_same(b"", FORM, body)


@given(PARTS, KINDS)
def test_a026_a_multipart_form(parts: list[tuple[bytes, bytes]], kind: str) -> None:
    body = b"".join(b"--b\r\n%s\r\n\r\n%s\r\n" % part for part in parts) + b"--b--\r\n"
    says_the_same(b"", kind, body)

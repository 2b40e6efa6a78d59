"""Requests and answers in the words that both adapters share."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.errors import BadRequest
from twofa_middleware.http import (
    Answer,
    Request,
    parse_cookies,
    parse_form,
    problem,
    redirect,
    set_cookies,
    without_cookies,
)


def asked(*headers: tuple[bytes, bytes], kind: Any = "http", method: str = "GET", root: str = "") -> Request:
    return Request(kind, method, root, "/", b"/", b"secret=query", headers, {"secret": "server"}, 0)


# ---- headers --------------------------------------------------------------------------------------------------------


def test_a025_a_header_that_is_sent_twice_is_as_if_it_were_not_there() -> None:
    twice = asked((b"x", b"1"), (b"x", b"2"), (b"y", b"3"))
    assert (twice.header(b"x"), twice.header(b"y"), twice.header(b"z")) == (None, b"3", None)
    assert twice.values(b"x") == [b"1", b"2"]


def test_headers_are_replaced_or_taken_out_and_the_others_keep_their_order() -> None:
    changed = asked((b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4")).with_headers({b"a": b"x", b"b": None})
    assert changed.headers == ((b"c", b"4"), (b"a", b"x"))


def test_a119_the_repr_of_a_request_shows_neither_headers_nor_query() -> None:
    shown = repr(asked((b"cookie", b"secret=cookie")))
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("headers", "navigates"),
    [
        (((b"sec-fetch-mode", b"navigate"),), True),
        (((b"sec-fetch-mode", b"navigate"), (b"accept", b"application/json")), True),
        (((b"sec-fetch-mode", b"cors"), (b"accept", b"text/html")), False),
        (((b"sec-fetch-mode", b"navigate"), (b"sec-fetch-mode", b"navigate"), (b"accept", b"text/html")), False),
        (((b"sec-fetch-mode", b""), (b"accept", b"text/html")), False),
        (((b"accept", b"text/html"),), True),
        (((b"accept", b"text/html;q=0.9, */*"),), True),
        (((b"accept", b"application/json"), (b"accept", b"TEXT/HTML")), True),
        (((b"accept", b"application/xhtml+xml"),), True),
        (((b"accept", b"application/json, text/plain, */*"),), False),
        (((b"accept", b"*/*"),), False),
        (((b"accept", b"text/html-x"),), False),
        ((), False),
    ],
)
def test_a_person_looks_at_the_answer_if_fetch_metadata_or_else_accept_says_so(headers: Any, navigates: bool) -> None:
    assert asked(*headers).is_navigation is navigates
    assert not asked(*headers, kind="websocket").is_navigation


@pytest.mark.parametrize(
    ("method", "safe"),
    [
        ("GET", True),
        ("HEAD", True),
        ("OPTIONS", True),
        ("TRACE", True),
        ("POST", False),
        ("get", False),
        ("PROPFIND", False),
    ],
)
def test_a011_a_method_that_nobody_knows_is_not_safe(method: str, safe: bool) -> None:
    assert asked(method=method).is_safe is safe


@pytest.mark.parametrize(
    ("root", "quoted"),
    [
        ("", ""),
        ("/shop", "/shop"),
        ("/a b", "/a%20b"),
        ("/ä", "/%C3%A4"),
        ("/\udcff", "/%FF"),
        ('/"<', "/%22%3C"),
        ("/\r\n", "/%0D%0A"),
    ],
)
def test_a107_the_mount_is_quoted_as_it_stands_in_a_url(root: str, quoted: str) -> None:
    assert asked(root=root).quoted_root == quoted


# ---- cookies --------------------------------------------------------------------------------------------------------


def test_cookies_are_split_on_semicolons_and_stripped_of_spaces_and_tabs_alone() -> None:
    assert parse_cookies(b'a=1;\tb = 2 ; c="x; y" ; d; =e; \xa0f=3; a=4; g==5') == {
        b"a": [b"1", b"4"], b"b": [b"2"], b"c": [b'"x'], b"\xa0f": [b"3"], b"g": [b"=5"],
    }  # fmt: skip


@given(st.binary(), st.binary(min_size=1, max_size=3))
def test_a_cookie_that_is_taken_out_is_gone_and_the_others_stay(line: bytes, name: bytes) -> None:
    before = parse_cookies(line)
    after = parse_cookies(without_cookies(line, frozenset({name})))
    assert after == {key: values for key, values in before.items() if key != name}


@pytest.mark.parametrize("line", [b"", b"a=1", b" a=1 ;; b", b"\xff"])
def test_a_line_of_which_nothing_is_taken_out_keeps_its_bytes(line: bytes) -> None:
    assert without_cookies(line, frozenset({b"other"})) == line


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"s=1; Path=/", b"1"),
        (b" s = 1 ;HttpOnly", b"1"),
        (b"s=1; Max-Age=0", b""),
        (b"s=1; max-age = -5", b""),
        (b"s=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"1"),
        (b"s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b""),
        (b"s=1; Expires=Thu, 01-Jan-70 00:00:00 GMT", b""),
        (b"s=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", b"1"),
        (b"s=1; Max-Age=000", b""),
        (b"s=1; Max-Age=" + b"9" * 5000, b"1"),
        (b"s=1; Max-Age=soon", b"1"),
        (b"s=1; Max-Age=0; Max-Age=60", b"1"),
        (b"s=1; Max-Age=60; Max-Age=0", b""),
        (b"s=; Path=/", b""),
        (b"s", b""),
    ],
)
def test_what_an_answer_does_to_a_cookie(line: bytes, value: bytes) -> None:
    assert set_cookies([(b"Set-Cookie", line), (b"x", b"s=9")]) == [(b"s", value)]


@given(st.binary())
def test_a093_no_set_cookie_line_raises(line: bytes) -> None:
    assert len(set_cookies([(b"set-cookie", line)])) == 1


# ---- answers and forms ----------------------------------------------------------------------------------------------


def test_a_redirect_is_a_303_to_a_path() -> None:
    answer = redirect("/home", (b"x", b"y"))
    assert (answer.status, answer.headers[0], answer.headers[-1], answer.body) == (
        303,
        (b"location", b"/home"),
        (b"x", b"y"),
        b"",
    )


def test_a_problem_says_its_type_title_status_and_detail() -> None:
    answer = problem(403, "verify-required", "Verify", "Open it.", page="/2fa/verify")
    assert answer.headers == ((b"content-type", b"application/problem+json"),)
    assert json.loads(answer.body) == {
        "type": "urn:twofa-middleware:problem:verify-required",
        "title": "Verify",
        "status": 403,
        "detail": "Open it.",
        "page": "/2fa/verify",
    }


def test_a119_the_repr_of_an_answer_shows_no_body() -> None:
    assert "secret" not in repr(Answer(200, (), b"secret"))


def test_a_form_is_read_with_empty_fields_and_plus_for_space() -> None:
    assert parse_form(b"code=123+456&remember=&x=%C3%A4") == {"code": "123 456", "remember": "", "x": "ä"}
    assert parse_form(b"") == {}


@pytest.mark.parametrize(
    "body",
    [
        b"code=1&code=2",
        b"code=1&co%64e=1",
        b"code=&code=",
        b"x=\xff",
        b"x=%ff",
        b"x=%C3",
        b"&".join(b"a%d=1" % number for number in range(33)),
    ],
)
def test_a043_a104_a_doubled_field_or_odd_bytes_are_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_form(body)
    assert refused.value.status == 400


@given(st.binary())
def test_a104_no_body_raises_anything_but_a_bad_request(body: bytes) -> None:
    try:
        fields = parse_form(body)
    except BadRequest as refused:
        fields = {"status": str(refused.status)}
    assert len(fields) <= 32

"""Cookies that are kept of an answer which nobody gets."""

from __future__ import annotations

import pytest

from twofa_middleware.browser.kept import KeptCookies, may_be_shared, merge_cookies, replace_cookies
from twofa_middleware.http import Headers

NAMES = frozenset({b"sid", b"2fa-pass-test-shop", b"__Host-2fa-pass-test-shop"})


def kept(*lines: bytes) -> KeptCookies:
    found = KeptCookies()
    found.take(tuple((b"set-cookie", line) for line in lines), NAMES)
    return found


@pytest.mark.parametrize("name", [b"2fa-pass-test-shop", b"__Host-2fa-pass-test-shop", b"other"])
def test_neither_ours_nor_what_is_not_named_is_kept(name: bytes) -> None:
    assert kept(name + b"=planted; Path=/").lines == ()


def test_what_a_later_answer_sets_takes_the_place_of_the_earlier() -> None:
    found = kept(b"sid=1")
    found.take(((b"set-cookie", b"sid=2; HttpOnly"),), NAMES)
    assert found.lines == ((b"set-cookie", b"sid=2; HttpOnly"),)
    assert found.onto_request(((b"cookie", b"a=1; sid=0"),)) == ((b"cookie", b"a=1; sid=2"),)


def test_a_cookie_that_is_deleted_is_taken_out_of_the_request() -> None:
    assert kept(b"sid=; Max-Age=0").onto_request(((b"host", b"h"), (b"cookie", b"sid=0"))) == ((b"host", b"h"),)


def test_the_cookies_of_the_answer_itself_come_last_and_so_win() -> None:
    own = ((b"set-cookie", b"sid=3"),)
    assert kept(b"sid=2").onto_answer(own) == ((b"set-cookie", b"sid=2"), *own)
    assert kept(b"sid=2").onto_answer(((b"cache-control", b"public"),)) == ((b"cache-control", b"public"),)


@pytest.mark.parametrize(
    "headers",
    [
        ((b"cache-control", b"public"),),
        ((b"cache-control", b"PUBLIC"),),
        ((b"cache-control", b"no-transform"), (b"Cache-Control", b"public")),
        ((b"cache-control", b"max-age=60"),),
        ((b"cache-control", b'S-MaxAge="60"'),),
        ((b"expires", b"Thu, 01 Jan 2099 00:00:00 GMT"),),
        ((b"Expires", b"1"),),
    ],
)
def test_a096_no_kept_cookie_goes_into_an_answer_that_a_shared_cache_may_keep(headers: Headers) -> None:
    assert may_be_shared(headers)
    assert kept(b"sid=2").onto_answer(headers) == headers


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"cache-control", b"no-cache"),),
        ((b"cache-control", b"private, max-age=60"),),
        ((b"cache-control", b"max-age=60"), (b"cache-control", b"Private")),
        ((b"cache-control", b"no-store, public"),),
        ((b"cache-control", b"private"), (b"expires", b"Thu, 01 Jan 2099 00:00:00 GMT")),
        ((b"expires", b"0"),),
        ((b"expires", b" -1 "),),
        ((b"x-expires", b"1"), (b"x-cache-control", b"public")),
    ],
)
def test_a_kept_cookie_goes_into_one_that_no_shared_cache_may_keep(headers: Headers) -> None:
    assert not may_be_shared(headers)
    assert kept(b"sid=2").onto_answer(headers) == ((b"set-cookie", b"sid=2"), *headers)


def test_cookies_in_several_lines_of_a_request_become_one() -> None:
    sent = ((b"cookie", b"a=1"), (b"host", b"h"), (b"cookie", b"sid=0; b=2"))
    ((name, line),) = (pair for pair in kept(b"sid=3").onto_request(sent) if pair[0] == b"cookie")
    assert (name, line) == (b"cookie", b"a=1; b=2; sid=3")


def test_a_name_with_blanks_around_it_is_the_same_name() -> None:
    assert kept(b" \tsid \t=1").lines == ((b"set-cookie", b" \tsid \t=1"),)
    assert kept(b"Xsid=1").lines == ()
    assert kept(b"sid\x0b=1").lines == ()


def test_a_deletion_takes_nothing_back_that_the_answer_sets() -> None:
    assert merge_cookies(b"a=1; sid=0", [(b"sid", b"2"), (b"sid", b"")]) == b"a=1; sid=2"
    assert merge_cookies(b"sid=0", [(b"sid", b""), (b"other", b"3")]) == b"other=3"
    assert merge_cookies(b"sid=0", [(b"sid", b"")]) == b""


@pytest.mark.parametrize(
    ("line", "values", "becomes"),
    [
        (b"a=1; sid=0; b=2", {b"sid": b"9"}, b"a=1; sid=9; b=2"),
        (b"a=1; sid=0", {b"sid": b"9"}, b"a=1; sid=9"),
        (b"sid=0; a=1", {b"sid": b"9"}, b"sid=9; a=1"),
        (b"a=1", {b"sid": b"9"}, b"a=1; sid=9"),
        (b"", {b"sid": b"9"}, b"sid=9"),
        (b"a=sid; sid=0", {b"sid": b"9"}, b"a=sid; sid=9"),
        (b"a=1; xsid=3;\tsid=0;; b=2", {b"sid": b"9"}, b"a=1; xsid=3; sid=9; b=2"),
        (b"b=2; sid=0; a=1", {b"a": b"7", b"sid": b"9", b"new": b"8"}, b"b=2; sid=9; a=7; new=8"),
        (b"sid=0; sid=1", {b"sid": b"9"}, b"sid=9; sid=1"),
        (b"a=1; sid=x=y", {b"sid": b"9"}, b"a=1; sid=9"),
        (b"a=1; sid=0; b=2; c=3", {b"sid": b"9"}, b"a=1; sid=9; b=2; c=3"),
        (b"sid=x=y; b=2", {b"sid": b"9", b"a": b"7"}, b"sid=9; b=2; a=7"),
        (b"Xsid=1; sid=0X", {b"sid": b"9", b"a": b"7"}, b"Xsid=1; sid=9; a=7"),
        (b"sid\x0b=1; b=2X; \x0bsid=3", {b"sid": b"9", b"a": b"7"}, b"sid\x0b=1; b=2X; \x0bsid=3; sid=9; a=7"),
    ],
)
def test_a_cookie_that_is_set_anew_keeps_its_place(line: bytes, values: dict[bytes, bytes], becomes: bytes) -> None:
    assert replace_cookies(line, values) == becomes

"""Cookies that are kept of an answer which nobody gets."""

from __future__ import annotations

import pytest

from twofa_middleware.browser.kept import KeptCookies

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

"""Our own cookies: their names, how they are written, and that nothing else is read as one."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twofa_middleware.browser.cookies import (
    CookieNames,
    PassCookie,
    digest,
    expire_of_app,
    hide_ours,
    is_ours,
    read_pass,
    read_token,
    token,
)
from twofa_middleware.http import Request
from twofa_middleware.protocol import UserKey

SECURE, PLAIN = CookieNames("demo", "shop", secure=True), CookieNames("demo", "shop", secure=False)
USER = UserKey("AAAAAAAAAAAAAAAAAAAAAA")
TOKEN = token(bytes(range(32)))
NAME = b"__Host-2fa-flow-demo-shop"


def asked(*lines: bytes) -> Request:
    return Request("http", "GET", "", "/", b"/", b"", tuple((b"cookie", line) for line in lines), {}, 0)


# ---- names and writing ----------------------------------------------------------------------------------------------


def test_realm_and_app_stand_in_the_names_and_https_names_carry_the_host_prefix() -> None:
    assert (SECURE.passes, SECURE.flow) == (b"__Host-2fa-pass-demo-shop", NAME)
    assert SECURE.browser(USER) == b"__Host-2fa-browser-demo-AAAAAAAAAAAAAAAAAAAAAA"
    assert (PLAIN.passes, PLAIN.flow) == (b"2fa-pass-demo-shop", b"2fa-flow-demo-shop")


def test_a_host_cookie_is_written_as_its_prefix_demands() -> None:
    header = SECURE.write(SECURE.flow, TOKEN, 600)
    assert header == (b"set-cookie", NAME + b"=" + TOKEN + b"; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure")


def test_on_plain_http_a_cookie_is_not_secure_and_all_else_is_the_same() -> None:
    assert PLAIN.write(PLAIN.flow, b"x", 5)[1] == b"2fa-flow-demo-shop=x; Path=/; Max-Age=5; HttpOnly; SameSite=Lax"


def test_a_cookie_of_ours_is_expired_where_it_was_written() -> None:
    assert SECURE.expire(NAME)[1] == NAME + b"=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"


@pytest.mark.parametrize(("secure", "end"), [(True, b"; HttpOnly; Secure"), (False, b"; HttpOnly")])
def test_a_cookie_of_the_app_is_expired_on_its_path(secure: bool, end: bytes) -> None:
    name, line = expire_of_app("session", "/shop", secure)
    assert name == b"set-cookie"
    assert line == b"session=; Path=/shop; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT" + end


@pytest.mark.parametrize("name", [b"2fa-pass-demo-shop", NAME, b"2fa-", b"__Host-2fa-x", b"2fa-browser-other-X"])
def test_cookies_of_every_realm_are_ours(name: bytes) -> None:
    assert is_ours(name)


@pytest.mark.parametrize(
    "name", [b"session", b"2FA-pass", b"x2fa-pass", b"__Secure-2fa-pass", b"__Host-session", b"", b"2fa"]
)
def test_other_cookies_are_not_ours(name: bytes) -> None:
    assert not is_ours(name)


def test_a_token_has_43_letters_of_base64url_and_the_store_knows_half_of_its_sha_256() -> None:
    assert base64.urlsafe_b64decode(TOKEN + b"=") == bytes(range(32))
    assert digest(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223"


# ---- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        NAME + b"=" + TOKEN,
        b"a=1; " + NAME + b"=" + TOKEN + b"; b=2",
        b"a=1;" + NAME + b"=" + TOKEN + b";b=2",
        b"\t" + NAME + b" = " + TOKEN + b"\t;",
        b";;=;a;" + NAME + b"=" + TOKEN,
    ],
)
def test_a_token_is_read_among_other_cookies(line: bytes) -> None:
    assert read_token(asked(line), NAME) == TOKEN


def test_a_token_is_read_where_http_2_has_split_the_header() -> None:
    assert read_token(asked(b"a=1", NAME + b"=" + TOKEN, b"b=2"), NAME) == TOKEN


@pytest.mark.parametrize(
    "lines",
    [
        (NAME + b"=" + TOKEN + b"; " + NAME + b"=" + TOKEN,),
        (NAME + b"=" + TOKEN, NAME + b"=" + TOKEN),
        (NAME + b"=x; " + NAME + b"=" + TOKEN,),
        (NAME + b"=; " + NAME + b"=" + TOKEN,),
        (NAME + b"=" + TOKEN + b";" + NAME + b" =" + TOKEN,),
    ],
)
def test_a091_a_doubled_cookie_is_as_if_it_were_not_there(lines: tuple[bytes, ...]) -> None:
    assert read_token(asked(*lines), NAME) is None


@pytest.mark.parametrize(
    "written",
    [
        b"\xa0" + NAME, b"\x85" + NAME, b"\xe2\x80\x80" + NAME, b"\xc2\xa0" + NAME, b"\x0b" + NAME, b"\x00" + NAME, b"\r" + NAME, b"\n" + NAME,
        b"$Version=1, " + NAME, b"=" + NAME, b'"' + NAME + b'"', NAME.lower(), NAME.upper(), NAME + b"\0", NAME + b"\x1f",
        b"__Host-2fa-flow-demo-shop-", b"__Host-2fa-flow-demo", b"2fa-flow-demo-shop",
        b"__%48ost-2fa-flow-demo-shop", b"__Host-2fa-flow-demo-sho\\p", b"a,b " + NAME,
    ],
)  # fmt: skip
def test_a092_no_other_name_is_read_as_ours(written: bytes) -> None:
    assert read_token(asked(written + b"=" + TOKEN), NAME) is None


@pytest.mark.parametrize(
    "value",
    [
        b"", b'"' + TOKEN + b'"', TOKEN + b"=", TOKEN[:-1], TOKEN + b"A", TOKEN[:-1] + b"9", TOKEN.replace(b"A", b"+", 1), b"A" * 42 + b"/",
        b"\xff" * 43, b"A" * 42 + b" ", b"A" * 42 + b"\0", b"A" * 5000, b"A" * 42 + b"B",
    ],
)  # fmt: skip
def test_a083_only_the_one_spelling_of_256_bits_is_a_token(value: bytes) -> None:
    assert read_token(asked(NAME + b"=" + value), NAME) is None


def test_a_request_without_cookies_has_no_token() -> None:
    assert read_token(asked(), NAME) is None


@given(st.binary())
@example(b"; " * 40_000)
@example(b"a=1; " * 5_000 + NAME + b"=" + TOKEN)
@example(NAME * 3_000)
def test_a093_no_cookie_header_whatever_raises_and_only_a_token_is_read(line: bytes) -> None:
    for found in (read_token(asked(line), NAME), read_token(asked(line, line), NAME)):
        assert found is None or token(base64.urlsafe_b64decode(found + b"=")) == found
    assert read_pass(asked(line), NAME) is None


# ---- the pass cookie ------------------------------------------------------------------------------------------------


def test_a_pass_cookie_is_read_back_as_it_was_written() -> None:
    cookie = PassCookie(UserKey(token(os.urandom(16)).decode()), token(os.urandom(32)))
    assert read_pass(asked(SECURE.passes + b"=" + cookie.dump()), SECURE.passes) == cookie
    assert cookie.digest == digest(cookie.token)


@pytest.mark.parametrize(
    "value",
    [
        b"", b".", TOKEN, b"." + TOKEN, USER.encode() + b".", USER.encode() + TOKEN, USER.encode() + b"." + TOKEN + b".", b"x." + TOKEN,
        b"A" * 21 + b"B." + TOKEN, b"A" * 23 + b"." + TOKEN, b"\xff" * 22 + b"." + TOKEN, USER.encode() + b":" + TOKEN,
        USER.encode() + b"." + TOKEN[:-1], b"../../../../../../../x." + TOKEN,
    ],
)  # fmt: skip
def test_a_misshapen_pass_cookie_is_none(value: bytes) -> None:
    assert read_pass(asked(SECURE.passes + b"=" + value), SECURE.passes) is None


def test_a091_a_doubled_pass_cookie_is_none() -> None:
    good = SECURE.passes + b"=" + PassCookie(USER, TOKEN).dump()
    assert read_pass(asked(good), SECURE.passes) is not None
    assert read_pass(asked(good + b"; " + good), SECURE.passes) is None


def test_named_cookies_are_taken_out_also_where_none_of_ours_came() -> None:
    assert hide_ours(asked(b"sid=1; a=2"), frozenset({b"sid"})) == {b"cookie": b"a=2"}
    assert hide_ours(asked(b"sid=1"), frozenset({b"sid"})) == {b"cookie": None}
    assert hide_ours(asked(b"sid=1; 2fa-flow-x=2"), frozenset({b"sid"})) == {b"cookie": None}


def test_where_there_is_nothing_to_take_out_nothing_is_changed() -> None:
    assert hide_ours(asked(b"a=2fa-"), frozenset()) == {}
    assert hide_ours(asked(b"a=1"), frozenset({b"sid"})) == {}
    assert hide_ours(asked()) == {}

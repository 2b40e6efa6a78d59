"""``basic`` step by step: how the header is read, at which paths, and who decides whose it is."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from core.identity.asking import NOW, context, options, request
from twofa_middleware.asks import AppAnswer, AskApp, Call
from twofa_middleware.errors import AppUnreadable, ConfigError
from twofa_middleware.http import Request
from twofa_middleware.identity.basic import Basic, read_basic
from twofa_middleware.identity.doors import REFUSED, UNREAD
from twofa_middleware.protocol import Anonymous, Ask, Identity, Login, Unknown

DOOR: dict[str, Any] = {"paths": ["ANY /dav/**"], "page": "/dav/", "names": "exact"}
FUNCTION: dict[str, Any] = {"paths": ["GET /dav/**"], "callable": "core.identity.portal_functions:user_of_password"}


def coded(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


ERIN = coded("erin:right")


def basic(**given: Any) -> Basic:
    return Basic(options(Basic, **given), context())


def at(path: str, *values: bytes, method: str = "GET", now: int = NOW) -> Request:
    headers = tuple((b"authorization", value) for value in values)
    return Request("http", method, "", path, path.encode(), b"", headers, {}, now)


def who(resolver: Basic, asked: Request, *answers: AppAnswer) -> tuple[Identity, list[Ask[Any]]]:
    """What it says, and what it asked for."""
    flow, left, asks = resolver.resolve(asked), list(answers), []
    try:
        ask = next(flow)
        while True:
            asks.append(ask)
            ask = flow.send(ask.function(*ask.arguments) if isinstance(ask, Call) else left.pop(0))
    except StopIteration as end:
        return end.value, asks


def says(status: int, body: bytes = b"") -> AppAnswer:
    return AppAnswer(status, ((b"content-type", b"application/json"),), body)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("erin:right", ("erin", "right")),
        ("erin:", ("erin", "")),
        ("erin:a:b", ("erin", "a:b")),
        ("\xe9rin:\xfc", ("\xe9rin", "\xfc")),
    ],
)
def test_the_header_is_read_as_rfc_7617_has_it(text: str, read: tuple[str, str]) -> None:
    assert read_basic(coded(text)) == read
    assert read_basic(b"bAsIc" + coded(text)[5:]) == read


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Bearer " + ERIN[6:],
        b" " + ERIN,
        ERIN + b" ",
        b"Basic  " + ERIN[6:],
        b"Basic\t" + ERIN[6:],
        ERIN.rstrip(b"="),
        ERIN + b"=",
        ERIN + b"====",
        b"Basic ZXJpbjpyaWdodB==",
        b"Basic " + base64.urlsafe_b64encode(b"erin:\xc3\xbf\xc3\xbf"),
        coded("erin"),
        coded(":right"),
        coded("erin\n:right"),
        coded("erin:\x7f"),
        coded("er\x00in:right"),
        b"Basic " + base64.b64encode(b"\xe9rin:right"),
    ],
)
def test_a025_what_two_parsers_may_read_differently_is_not_read(value: bytes) -> None:
    assert read_basic(value) is None
    assert who(basic(**DOOR), at("/dav/a", value)) == (UNREAD, [])


@pytest.mark.parametrize("path", ["/", "/dav", "/davs/a", "/dav//a", "/dav/../a", "/dav/a;b", "/dav/a%2fb"])
def test_a003_elsewhere_the_header_stays_unread(path: str) -> None:
    assert who(basic(**DOOR), at(path, ERIN)) == (UNREAD, [])


def test_a_rule_may_name_methods() -> None:
    resolver = basic(**FUNCTION)
    assert who(resolver, at("/dav/a", ERIN))[0] == Login("17")
    assert who(resolver, at("/dav/a", ERIN, method="PUT")) == (UNREAD, [])


def test_our_own_pages_know_who_comes_by_the_header() -> None:
    for path in ("/2fa", "/2fa/verify"):
        assert who(basic(**FUNCTION), at(path, ERIN))[0] == Login("17")
    assert who(basic(**FUNCTION), at("/2fab", ERIN))[0] == UNREAD


def test_without_the_header_nobody_is_asked() -> None:
    assert who(basic(**DOOR), at("/dav/a")) == (Anonymous(), [])
    assert who(basic(**DOOR), at("/dav/a", ERIN, ERIN)) == (UNREAD, [])


def test_the_function_gets_name_and_password() -> None:
    assert who(basic(**FUNCTION), at("/dav/a", coded("erin:wrong")))[0] == REFUSED
    found, asks = who(basic(**FUNCTION), at("/dav/a", ERIN))
    assert found == Login("17")
    assert "right" not in repr(asks)


def test_the_page_of_the_door_is_asked_without_the_header_and_with_it() -> None:
    cookie = (b"cookie", b"sid=s1")
    asked = request((b"authorization", ERIN), cookie)
    asked = Request("http", "GET", "", "/dav/a", b"/dav/a", b"", asked.headers, {}, NOW)
    found, asks = who(basic(**DOOR), asked, says(401), says(200))
    assert found == Login("erin", label="erin")
    without, with_it = (dict(ask.headers) for ask in asks if isinstance(ask, AskApp))
    assert (without.get(b"authorization"), with_it[b"authorization"]) == (None, ERIN)
    assert b"cookie" not in without | with_it
    assert [ask.turn != b"" for ask in asks if isinstance(ask, AskApp)] == [False, True]


def test_a_header_that_the_door_refuses_is_refused() -> None:
    assert who(basic(**DOOR), at("/dav/a", ERIN), says(401), says(401))[0] == REFUSED


@pytest.mark.parametrize("status", [200, 207, 302, 403, 404, 500])
def test_a003_a_page_that_does_not_ask_for_the_header_is_no_door(status: int) -> None:
    with pytest.raises(AppUnreadable, match="no door"):
        who(basic(**DOOR), at("/dav/a", ERIN), says(status))


@pytest.mark.parametrize("status", [302, 400, 403, 404, 429, 500])
def test_a020_a_page_that_answers_otherwise_is_unreadable(status: int) -> None:
    with pytest.raises(AppUnreadable, match="neither"):
        who(basic(**DOOR), at("/dav/a", ERIN), says(401), says(status))


def test_the_door_is_looked_at_again_once_a_minute_and_at_once_after_it_was_open() -> None:
    resolver = basic(**DOOR)
    who(resolver, at("/dav/a", ERIN), says(401), says(200))
    assert len(who(resolver, at("/dav/a", ERIN, now=NOW + 59), says(200))[1]) == 1
    assert len(who(resolver, at("/dav/a", ERIN, now=NOW + 60), says(401), says(200))[1]) == 2
    for _ in range(2):
        with pytest.raises(AppUnreadable, match="no door"):
            who(resolver, at("/dav/a", ERIN, now=NOW + 120), says(200))


def test_webdav_is_asked_by_propfind() -> None:
    _, asks = who(basic(**DOOR, method="PROPFIND"), at("/dav/a", ERIN), says(401), says(207))
    assert [(ask.method, (b"depth", b"0") in ask.headers) for ask in asks if isinstance(ask, AskApp)] == [
        ("PROPFIND", True)
    ] * 2


# ---- whose the name is ----------------------------------------------------------------------------------------------


def told(name: str, answer: AppAnswer | None = None, **given: Any) -> Identity:
    door = {key: value for key, value in DOOR.items() if key != "names"}
    return who(basic(**door | given), at("/dav/a", coded(f"{name}:right")), says(401), answer or says(200))[0]


def test_a027_names_are_told_apart_as_the_app_does() -> None:
    assert told("Erin", names="exact") == Login("Erin", label="Erin")
    assert told("Erin", names="lower") == Login("erin", label="Erin")
    for name in ("\xc9rin", "\u0130", "\u212a"):
        assert isinstance(told(name, names="lower"), Unknown)
    for name in (" erin", "erin ", "e\u0301rin", "x" * 256):
        assert isinstance(told(name, names="exact"), Unknown)


def test_a027_the_page_or_a_function_may_say_whose_a_name_is() -> None:
    assert told("Erin", says(200, b'{"id": 17}'), user="id") == Login("17")
    assert isinstance(told("Erin", says(200, b"{}"), user="id"), Unknown)
    assert told("Erin", user_of="core.identity.portal_functions:user_of_name") == Login("17")
    assert isinstance(told("nobody", user_of="core.identity.portal_functions:user_of_name"), Unknown)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"paths": ["ANY /dav/**"]}, "either callable"),
        (DOOR | {"callable": FUNCTION["callable"]}, "either callable"),
        (DOOR | {"names": None}, "exactly one"),
        (DOOR | {"user": "id"}, "exactly one"),
        (FUNCTION | {"names": "exact"}, "with none"),
        (DOOR | {"paths": ["dav"]}, "paths: .*no path rule"),
        (DOOR | {"page": "/2fa/verify"}, "page of ours"),
        (DOOR | {"page": "dav"}, "no path"),
    ],
)
def test_what_does_not_say_who_decides_stops_the_start(given: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        basic(**given)

"""What is not the gate's business stays byte for byte as it is, and what is ours the app neither sees nor sets.

Attacks 16, 92, 105.
"""

from __future__ import annotations

import pytest

from support.exchange import Exchange, Pairs, plain
from support.realm import session_cookie
from support.spy import HTML, Call, Spy, Told
from support.stage import Stage
from support.visitor import Visitor

COOKIES = ["", "theme=dark", 'a="x; y"; b=1;c = 2 ;; =z; lone', "session=broken", "\xe9=\xff; 2fa=x", "$Version=1; a=b"]
REQUESTS: list[tuple[str, str, bytes]] = [
    ("GET", "/", b""),
    ("GET", "/home?a=1&a=2&b=%ff&;", b""),
    ("GET", "/%C3%A9/%2e%2e/x%2fy;p=1//z", b""),
    ("GET", "/2fab", b""),
    ("GET", "/2FA/verify", b""),
    ("GET", "//2fa/verify", b""),
    ("GET", "/cached", b""),
    ("HEAD", "/home", b""),
    ("OPTIONS", "/home", b""),
    ("POST", "/echo", bytes(range(256)) * 40),
    ("POST", "/logout", b""),
    ("PUT", "/echo", b"\0"),
    ("DELETE", "/thing/7", b""),
    ("PATCH", "/echo", b"{}"),
]
ROUTES = {
    "/many": lambda call: Told(
        404, [HTML, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/x"), ("Set-Cookie", "a=3"), ("X-Odd", "\xe9 ,")]
    ),
}


@pytest.fixture
def pair(stage: Stage, wrap: object) -> tuple[Exchange, Exchange, Spy, Spy]:
    bare_spy = Spy(ROUTES)
    stage.spies["shop"] = Spy(ROUTES)
    return stage.exchange(), wrap(None, bare_spy), stage.spy, bare_spy  # type: ignore[operator]


def _calls(spy: Spy) -> list[tuple[str, str, str, dict[str, str], bytes]]:
    return [(call.method, call.path, call.query, call.headers, call.body) for call in spy.calls]


def test_a105_anonymous_traffic_is_byte_identical(pair: tuple[Exchange, Exchange, Spy, Spy]) -> None:
    gated, bare, spy, bare_spy = pair
    for method, target, body in [*REQUESTS, ("GET", "/many", b"")]:
        for cookie in COOKIES if method == "GET" else COOKIES[:2]:
            for mode in ("navigate", "cors", None):
                headers: Pairs = [("Host", "localhost:8000"), ("X-Odd", "\xe9 ,")]
                headers += [("Cookie", cookie)] if cookie else []
                headers += [("Sec-Fetch-Mode", mode)] if mode else [("Accept", "text/html, */*")]
                one, other = (exchange.request(method, target, headers, body) for exchange in (gated, bare))
                if "session=" in cookie:
                    continue
                assert (one.status, one.headers, one.body) == (other.status, other.headers, other.body), target
                assert _calls(spy)[-1] == _calls(bare_spy)[-1], target
    assert len(spy.calls) == len(bare_spy.calls)


def test_a_login_that_passes_is_byte_identical_but_for_our_cookies(
    pair: tuple[Exchange, Exchange, Spy, Spy], stage: Stage
) -> None:
    gated, bare, spy, bare_spy = pair
    erin = stage.enrolled()
    for method, target, body in [row for row in REQUESTS if row[1] != "/logout"]:
        cookie = f"a=1; session={erin.cookies['session']}; b=2"
        ours = f"2fa-pass-test-shop={erin.cookie('pass')}"
        one = gated.request(method, target, [("Cookie", f"{cookie}; {ours}")], body)
        other = bare.request(method, target, [("Cookie", cookie)], body)
        assert (one.status, one.headers, one.body) == (other.status, other.headers, other.body), target
        assert _calls(spy)[-1] == _calls(bare_spy)[-1], target


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("2fa-pass-test-shop=x", None),
        ("a=1; 2fa-pass-test-shop=x; b=2", "a=1; b=2"),
        ("2fa-flow-test-shop=x;a=1", "a=1"),
        ("a=1;\t2fa-browser-test-u =x ; b = 2", "a=1; b = 2"),
        ("__Host-2fa-pass-test-shop=x; a=1", "a=1"),
        ("2fa-pass-other-realm=x; 2fa-pass-test-office=y; a=1", "a=1"),
        ('a="; 2fa-pass-test-shop=x; b="', 'a="; b="'),
        ("x2fa-pass=1; 2fa=2; A2FA-=3", "x2fa-pass=1; 2fa=2; A2FA-=3"),
    ],
)
def test_the_app_sees_no_cookie_of_ours_and_all_else_as_it_was(stage: Stage, sent: str, seen: str | None) -> None:
    plain(stage.exchange(), cookie=sent)
    assert [call.headers.get("cookie") for call in stage.spy.calls] == [seen]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("office_session=theirs; a=1", "a=1"),
        ("a=1; session=broken; b=2", "a=1; b=2"),
        ("session=" + session_cookie("erin", at=1), None),
    ],
)
def test_the_app_sees_no_session_that_nobody_has_read(stage: Stage, sent: str, seen: str | None) -> None:
    plain(stage.exchange(), cookie=sent)
    assert [call.headers.get("cookie") for call in stage.spy.calls] == [seen]


def test_a_signed_session_of_nobody_stays(stage: Stage) -> None:
    cookie = f"session={session_cookie(None)}"
    assert plain(stage.exchange(), cookie=cookie).all("set-cookie") == []
    assert stage.spy.calls[0].headers["cookie"] == cookie


@pytest.mark.parametrize("line", ["2fa-pass-test-shop=planted; Path=/", "__Host-2fa-flow-test-shop=x", " 2fa-x=1"])
def test_the_app_sets_no_cookie_of_ours(stage: Stage, line: str) -> None:
    kept = ("Set-Cookie", "theme=dark")
    stage.spies["shop"] = Spy({"/sets": lambda call: Told(200, [HTML, ("Set-Cookie", line), kept])})
    for visitor in (stage.visitor(), stage.visitor("erin")):
        sent = [value for value in visitor.go("/sets").all("set-cookie") if "planted" in value or "x" in value]
        assert all("2fa-pass-test-shop=" in value and "planted" not in value for value in sent)
        assert visitor.cookies.get("theme") == "dark"


def test_the_body_of_a_login_that_passes_reaches_the_app_once_and_whole(stage: Stage) -> None:
    erin = stage.enrolled()
    sent = b"code=123456&token=x" * 1000
    assert erin.fetch("/echo", "POST", body=sent).body == sent
    assert [call.body for call in stage.spy.calls] == [sent]


def test_the_cached_page_of_a_stranger_is_never_mixed_with_a_pass(stage: Stage, visitor: Visitor) -> None:
    erin = stage.visitor("erin")
    reply = erin.go("/cached")
    assert reply.headers == visitor.go("/cached").headers
    assert erin.go("/home").all("set-cookie") != []


def test_the_spy_saw_what_was_sent(stage: Stage) -> None:
    stage.exchange().request("POST", "/echo?q=1", [("X-One", "1")], b"body")
    assert stage.spy.calls == [Call("POST", "/echo", "q=1", {"x-one": "1"} | _length(stage), b"body")]


def _length(stage: Stage) -> dict[str, str]:
    return {"content-length": "4"} if "content-length" in stage.spy.calls[0].headers else {}

"""Our own cookies: how they are written, and what is made of odd ones. Attacks 91 to 93."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.exchange import Reply, plain
from support.stage import Open, Stage
from support.visitor import Visitor

Spell = Callable[[str, str, str], str]


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    return stage.enrolled()


def line(visitor: Visitor, spell: Spell) -> str:
    return spell(visitor.cookies["session"], "2fa-pass-test-shop", visitor.cookie("pass"))


NO_PASS: dict[str, Spell] = {
    "twice the same": lambda s, name, value: f"session={s}; {name}={value}; {name}={value}",
    "twice, the right one first": lambda s, name, value: f"session={s}; {name}={value}; {name}=x",
    "twice, the right one last": lambda s, name, value: f"session={s}; {name}=x; {name}={value}",
    "an empty one beside": lambda s, name, value: f"session={s}; {name}={value}; {name}=",
    "quoted": lambda s, name, value: f'session={s}; {name}="{value}"',
    "quoted name": lambda s, name, value: f'session={s}; "{name}"={value}',
    "byte a0 before": lambda s, name, value: f"session={s}; \xa0{name}={value}",
    "byte 85 before": lambda s, name, value: f"session={s}; \x85{name}={value}",
    "U+2000 before": lambda s, name, value: f"session={s}; \xe2\x80\x80{name}={value}",
    "vertical tab": lambda s, name, value: f"session={s}; \x0b{name}={value}",
    "another case": lambda s, name, value: f"session={s}; {name.upper()}={value}",
    "with a prefix": lambda s, name, value: f"session={s}; __Host-{name}={value}",
    "version": lambda s, name, value: f"session={s}; $Version=1; ${name}={value}",
    "nameless": lambda s, name, value: f"session={s}; =:{name}={value}",
    "comma": lambda s, name, value: f"session={s}; a=b, {name}={value}",
    "escaped": lambda s, name, value: f"session={s}; {name}={value[:5]}%{ord(value[5]):x}{value[6:]}",
    "octal": lambda s, name, value: f'session={s}; {name}="\\{ord(value[0]):03o}{value[1:]}"',
    "space inside": lambda s, name, value: f"session={s}; {name}={value[:5]} {value[5:]}",
    "padded": lambda s, name, value: f"session={s}; {name}={value}=",
    "no equals sign": lambda s, name, value: f"session={s}; {name}",
    "nul": lambda s, name, value: f"session={s}; {name}={value}\x00",
}


@pytest.mark.parametrize("spelling", NO_PASS)
def test_a091_a092_a_pass_is_read_in_one_spelling_and_once(erin: Visitor, stage: Stage, spelling: str) -> None:
    assert plain(erin.exchange, cookie=line(erin, NO_PASS[spelling])).status in (303, 400)
    assert stage.spy.calls == []


PASS: dict[str, Spell] = {
    "no space": lambda s, name, value: f"session={s};{name}={value}",
    "tabs": lambda s, name, value: f"\tsession={s};\t{name}\t=\t{value}\t",
    "first": lambda s, name, value: f"{name}={value}; session={s}",
    "among rubbish": lambda s, name, value: f'session={s}; ="; ;;; a; b=\xff"; {name}={value}; =',
    "among many": lambda s, name, value: f"session={s}; {name}={value}; " + "; ".join(f"c{n}={n}" for n in range(5000)),
}


@pytest.mark.parametrize("spelling", PASS)
def test_a_pass_is_read_as_browsers_write_it(erin: Visitor, spelling: str) -> None:
    assert plain(erin.exchange, cookie=line(erin, PASS[spelling])).body == b"secret page"


@pytest.mark.parametrize(
    "cookie",
    [
        "x=" + "a" * 65536,
        "; ".join(f"c{number}=v" for number in range(5000)),
        "2fa-pass-test-shop=" + "a" * 65536,
        "session=" + "a" * 65536,
        "session=" + "session" * 9000,
        "session" + " " * 65536,
        ";" * 65536,
        "=" * 65536,
        '"' * 65536,
        "2fa-browser-test-x=" + "\xff" * 100,
        "\x00",
        "session=.; 2fa-flow-test-shop=.; 2fa-pass-test-shop=.",
        "2fa-pass-test-shop=" + "!" * 22 + "." + "!" * 43,
    ],
    ids=lambda cookie: f"{cookie[:20]!r} {len(cookie)}",
)
def test_a093_no_cookie_header_breaks_anything(stage: Stage, cookie: str) -> None:
    assert plain(stage.exchange(), cookie=cookie).status in (200, 400)
    erin = stage.visitor("erin")
    for path in ("/home", "/2fa/account", "/2fa/setup"):
        reply = plain(stage.exchange(), path, f"session={erin.cookies['session']}; {cookie}")
        assert reply.status in (200, 400)


@pytest.mark.parametrize("kind", ["pass", "flow", "browser"])
@pytest.mark.parametrize("value", ["", "x", "%00", "\xff\xfe", "A" * 5000, "..", "null", '"'])
def test_a_broken_cookie_of_ours_is_asked_again(erin: Visitor, stage: Stage, kind: str, value: str) -> None:
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    stage.clock.on(30)
    erin.log_in(login="login-3")
    name = next((name for name in erin.cookies if name.startswith(f"2fa-{kind}-")), f"2fa-{kind}-test-shop")
    erin.cookies[name] = value
    reply = erin.go("/home")
    assert reply.status == (303 if kind == "browser" else 200)
    erin.cookies = {key: cookie for key, cookie in erin.cookies.items() if "browser" not in key} | {name: value}
    erin.log_in(login="login-4")
    assert erin.verify().status == 303
    assert erin.go("/home").status == 200


def written(reply: Reply) -> dict[str, set[str]]:
    """Name → attributes of each Set-Cookie."""
    lines = [line.split("; ") for line in reply.all("set-cookie")]
    return {pair.partition("=")[0]: set(attributes) for pair, *attributes in lines}


def test_on_this_machine_cookies_go_over_http_to_this_host_alone(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    cookies = written(erin.verify(remember="1"))
    flow, passed, browser = sorted(cookies, key=lambda name: "fpb".index(name[4]))
    assert (flow, passed) == ("2fa-flow-test-shop", "2fa-pass-test-shop")
    assert browser.startswith("2fa-browser-test-")
    assert cookies[passed] == {"Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Lax"}
    assert cookies[browser] == {"Path=/", "Max-Age=7776000", "HttpOnly", "SameSite=Lax"}
    assert cookies[flow] == {"Path=/", "Max-Age=0", "HttpOnly", "SameSite=Lax"}


def test_a091_on_https_no_other_host_can_set_them(open_stage: Open) -> None:
    https = {"origins": ["https://shop.example"]}
    stage = open_stage(shop=https, office={"origins": ["https://office.example"]})
    erin = stage.visitor("erin")
    erin.origin = "https://shop.example"
    erin.set_up()
    stage.clock.on(30)
    erin.log_in(login="login-2")
    cookies = written(erin.verify(remember="1"))
    assert len(cookies) == 3
    for name, attributes in cookies.items():
        assert name.startswith("__Host-2fa-")
        assert {"Secure", "Path=/", "HttpOnly"} <= attributes
        assert not any(attribute.startswith("Domain") for attribute in attributes)
    assert erin.go("/home").body == b"secret page"
    stage.spy.calls.clear()
    bare = {name.removeprefix("__Host-"): value for name, value in erin.cookies.items()}
    assert plain(erin.exchange, cookie="; ".join(f"{name}={value}" for name, value in bare.items())).status == 303
    assert stage.spy.calls == []


PIECES = [
    "session",
    "2fa-pass-test-shop",
    "=",
    ";",
    " ",
    '"',
    ",",
    "\t",
    "\xa0",
    "$Version=1",
    "x",
    "\\",
    "%3d",
    "\x00",
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")), st.lists(st.sampled_from(PIECES)).map("".join)
    )
)
@example("; session=x")
@example("\x85session=x")
def test_a092_a093_whatever_stands_beside_a_login_that_may_not_pass_the_app_is_not_called(
    erin: Visitor, stage: Stage, beside: str
) -> None:
    """The app may be called for nobody, but then without any session that it could read as erin's."""
    erin.log_in(login="login-2")
    session = erin.cookies["session"]
    for cookie in (f"session={session}; {beside}", f"{beside}; session={session}", f"{beside}session={session}"):
        stage.spy.calls.clear()
        reply = plain(erin.exchange, cookie=cookie)
        assert reply.status in (200, 303, 400)
        assert all(session not in read_by_apps(call.headers.get("cookie", "")) for call in stage.spy.calls)


def read_by_apps(header: str) -> list[str]:
    """What the usual parsers take for the cookie ``session``: those that split and strip, and Python's own."""
    parts = [part.partition("=") for part in re.split("[;,]", header)]
    found = [value.strip(' \t"') for name, _, value in parts if name.strip().strip('"') == "session"]
    morsels = SimpleCookie()
    with suppress(CookieError):
        morsels.load(header)
    return found + [morsel.value for name, morsel in morsels.items() if name == "session"]

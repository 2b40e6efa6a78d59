"""Whatever is answered from memory is what deciding anew would have answered, byte for byte, to the browser and to the app;
and where a decision could be another one, nothing is. Attacks 1, 6, 22 to 27, 76 to 79.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.conftest import OpenBoth
from support.both_ways import BothWays
from support.exchange import Pairs
from support.realm import NOW, SIGNED_COOKIE, session_cookie
from support.spy import Behaviour, Told
from support.visitor import NAVIGATION, Visitor

Opens = Callable[..., BothWays]
Knows = Callable[[BothWays, Pairs, dict[str, Any]], bool]
SHOP: dict[str, Any] = {
    "logout": ["POST /logout", "ANY /act ?logout", "POST /account form action=logout"],
    "strict": ["ANY /admin/**"],
    "streams": ["ANY /ticks/**"],
    "inserts": [{"path": "/profile", "selector": "#menu", "what": "profile-link"}],
}
ROUTES: dict[str, Behaviour] = {"/events": lambda call: Told(200, [("Content-Type", "text/event-stream")], b"data: x")}


@pytest.fixture
def opens(open_both: OpenBoth) -> Opens:
    """``opens(shop=…)``: the app behind its two gates, with these settings."""
    return partial(open_both, ROUTES)


def line_of(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())


def asked_with(line: str, *more: tuple[str, str]) -> Pairs:
    return [*NAVIGATION, *([("Cookie", line)] if line else []), *more]


# ---- never from memory ----------------------------------------------------------------------------------------------

PATHS = [
    ("GET", "/2fa/account"), ("GET", "/2fa/verify"), ("GET", "/2fa"), ("POST", "/2fa/logout"), ("GET", "/2fa/static/pages.css"),
    ("GET", "/2fa/health/ready"), ("POST", "/login"), ("GET", "/login"), ("HEAD", "/LOGIN"), ("POST", "/logout"),
    ("PUT", "/logout"), ("GET", "/logout/"), ("GET", "/act?logout"), ("GET", "/act?x=1;logout=2"), ("POST", "/act?%6cogout=1"),
    ("POST", "/account"), ("GET", "/account"),
    ("GET", "/ticks/1"), ("GET", "/profile"), ("POST", "/profile"), ("GET", "//home"), ("GET", "/home/../x"),
    ("GET", "/home;x=1"), ("GET", "/home//x"), ("GET", "/a%2fb"), ("GET", "/%68ome"), ("GET", "/./home"), ("GET", "/a\\b"),
    ("GET", "/a%00"), ("GET", "/a%ff"), ("GET", "/static/../home"), ("GET", "/static/%2e%2e/home"), ("GET", "/a b"),
]  # fmt: skip
"""Own pages, log-ins and log-outs, streams, pages with controls, and whatever is spelt oddly."""


@pytest.mark.parametrize(("method", "target"), PATHS)
def test_a006_these_paths_are_decided_each_time(opens: Opens, method: str, target: str) -> None:
    both = opens(shop=SHOP)
    erin = both.short.known()
    for headers in (asked_with(line_of(erin)), asked_with("")):
        for _ in range(2):
            assert both.is_answered_from_memory(method, target.replace(" ", "%20"), headers) is None


@pytest.mark.parametrize(("method", "target"), [("GET", "/admin/users"), ("GET", "/Admin"), ("DELETE", "/admin/x?y=1")])
def test_a006_on_strict_paths_the_store_is_asked_each_time(opens: Opens, method: str, target: str) -> None:
    both = opens(shop=SHOP)
    erin, nobody = both.short.known(), both.short.visitor()
    for _ in range(3):
        assert both.is_answered_from_memory(method, target, asked_with(line_of(erin))) is None
        assert both.short.asked == ["Look"]
        assert both.is_answered_from_memory(method, target, asked_with(line_of(nobody))) is not None


@pytest.mark.parametrize(
    "more",
    [
        [("Authorization", "Basic ZXJpbjpzZWNyZXQ=")],
        [("Authorization", "")],
        [("Upgrade", "websocket"), ("Connection", "Upgrade")],
        [("Cookie", "theme=dark")],
        [("Cookie", "")],
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a022_what_says_more_of_who_it_is_is_decided_each_time(
    opens: Opens, more: Pairs, is_first: bool, adapter: str
) -> None:
    both = opens(shop=SHOP)
    erin = both.short.known()
    line = asked_with(line_of(erin))
    headers = [*more, *line] if is_first else [*line, *more]
    if adapter == "asgi" and more[0][0] == "Upgrade":
        return  # a WebSocket has a scope of its own
    if adapter == "wsgi" and more[0][0] == "Cookie":
        return  # the server has joined them to one
    for _ in range(2):
        assert both.is_answered_from_memory("GET", "/home", headers) is None


def test_a_stream_is_decided_when_it_begins(opens: Opens) -> None:
    both = opens(shop=SHOP)
    erin = both.short.known()
    assert both.is_answered_from_memory("GET", "/events", asked_with(line_of(erin))) is None
    assert both.short.asked == ["Look"]


@pytest.mark.parametrize("path", ["/static/logo.svg", "/home"])
def test_a_websocket_of_wsgi_is_no_exempt_request_and_nobodys_neither(opens: Opens, path: str, adapter: str) -> None:
    both = opens(shop=SHOP)
    assert both.is_answered_from_memory("GET", path, asked_with("")) is not None
    if adapter == "wsgi":
        upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        assert both.is_answered_from_memory("GET", path, asked_with("", *upgrade)) is None


# ---- cookies --------------------------------------------------------------------------------------------------------


def test_a027_two_sessions_beside_each_other_are_refused_as_on_the_long_way(opens: Opens) -> None:
    both = opens()
    erin = both.short.known()
    wendys = f"session={session_cookie('wendy', 'login-1')}"
    for line in (f"{line_of(erin)}; {wendys}", f"{wendys}; {line_of(erin)}", f"{line_of(erin)}; \xa0{wendys}"):
        for side in (both.short, both.long, both.short):
            reply = side.exchange.request("GET", "/home", asked_with(line))
            assert (reply.status, b"secret" in reply.body) == (400, False)


def test_a014_a_pass_beside_another_session_is_decided_about(opens: Opens) -> None:
    both = opens()
    erin, wendy = both.short.known(), both.short.known("wendy")
    passed = f"2fa-pass-test-shop={erin.cookie('pass')}"
    for session in (session_cookie("wendy", "login-1"), session_cookie("erin", "login-2"), session_cookie(None), "x"):
        both.short.forget_what_was()
        assert both.is_answered_from_memory("GET", "/home", asked_with(f"session={session}; {passed}")) is None
    reply = both.short.exchange.request(
        "GET", "/home", asked_with(f"session={session_cookie('erin', 'login-2')}; {passed}")
    )
    assert reply.status == 303
    passed = f"2fa-pass-test-shop={wendy.cookie('pass')}"
    reply = both.short.exchange.request("GET", "/home", asked_with(f"session={erin.cookies['session']}; {passed}"))
    assert reply.status == 303


# ---- what else resolvers read ---------------------------------------------------------------------------------------

PROXY, ELSEWHERE = "10.0.0.7", "10.9.9.9"
BY_HEADER = {"identity": [SIGNED_COOKIE, {"use": "header", "header": "X-Remote-User", "peers": [PROXY]}]}
BY_SERVER = {"identity": [SIGNED_COOKIE, {"use": "remote_user"}]}


def peer(adapter: str, address: str = PROXY, **more: str) -> dict[str, Any]:
    if adapter == "wsgi":
        return {"REMOTE_ADDR": address, "SERVER_SOFTWARE": "gunicorn/27.0.1"} | more
    return {"client": (address, 4711)} | more


@pytest.fixture(params=["by bytes", "by the resolvers, too"])
def knows(request: pytest.FixtureRequest) -> Knows:
    """Open two gates; the first knows requests by their bytes alone, or also by what resolvers make of them.

    Then ``knows(both, headers, server)`` says whether it knows one by its bytes. What it answers is as it should be.
    """
    is_by_bytes = request.param == "by bytes"

    def knows(both: BothWays, headers: Pairs, server: dict[str, Any]) -> bool:
        if is_by_bytes:
            both.short.hot.recognise = lambda request, key: None
        answered = both.is_answered_from_memory("GET", "/home", headers, server=server)
        return answered is not None if is_by_bytes else False

    return knows


def test_a023_a_header_is_known_with_its_value_and_its_peer(opens: Opens, adapter: str, knows: Knows) -> None:
    both = opens(shop=BY_HEADER)
    erin = both.short.known()
    headers = asked_with(line_of(erin), ("X-Remote-User", "erin"))
    first = [knows(both, headers, peer(adapter)) for _ in range(2)]
    assert first in ([False, True], [False, False])
    changed = [
        (asked_with(line_of(erin), ("X-Remote-User", "wendy")), peer(adapter)),  # two people
        (asked_with(line_of(erin), ("X-Remote-User", "erin"), ("X-Remote-User", "erin")), peer(adapter)),
        (asked_with(line_of(erin), ("X-Remote-User", "")), peer(adapter)),
        (headers, peer(adapter, ELSEWHERE)),
        (headers, peer(adapter, "")),
        ([*headers, ("X-Forwarded-For", PROXY)], peer(adapter)),
        ([*headers, ("Forwarded", f"for={PROXY}")], peer(adapter)),
    ]
    if adapter == "asgi":
        changed += [
            ([*headers, ("X_Remote_User", "wendy")], peer(adapter)),
            (asked_with(line_of(erin), ("X_Remote_User", "erin")), peer(adapter)),
            ([*headers, ("X-Remote_User", "erin")], peer(adapter)),
            (headers, {"client": (PROXY, 0)}),
            (headers, {"client": None}),
        ]
    else:
        changed += [(headers, peer(adapter) | {"werkzeug.proxy_fix.orig": {"REMOTE_ADDR": ELSEWHERE}})]
    for headers_then, server in changed:
        assert not knows(both, headers_then, server)
    assert knows(both, headers, peer(adapter)) == first[1]


def test_a023_a_header_that_is_not_believed_is_taken_out_each_time(opens: Opens, adapter: str) -> None:
    both = opens(shop=BY_HEADER)
    erin = both.short.known()
    headers = asked_with(line_of(erin), ("X-Remote-User", "wendy"))
    for _ in range(3):
        reply = both.short.exchange.request("GET", "/home", headers, server=peer(adapter, ELSEWHERE))
        assert reply.status == 200
        assert "x-remote-user" not in both.short.spy.calls[-1].headers


def test_what_the_server_says_of_the_user_is_a_part_of_what_is_known(opens: Opens, adapter: str, knows: Knows) -> None:
    both = opens(shop=BY_SERVER)
    erin = both.short.known()
    (name,) = both.short.hot.reads_server
    headers = asked_with(line_of(erin))
    first = [knows(both, headers, {name: "erin"}) for _ in range(2)]
    assert first in ([False, True], [False, False])
    others: list[object] = ["wendy", "erin ", "", "ERIN"]
    for other in others if adapter == "wsgi" else [*others, 5, b"erin", ["erin"]]:
        assert not knows(both, headers, {name: other})
    assert knows(both, headers, {name: "erin"}) == first[1]
    for line in ("theme=dark", ""):
        assert not knows(both, asked_with(line), {name: "wendy"})  # no cookie names anybody, and yet it is wendy


def test_a_roles_header_is_a_part_of_what_is_known(opens: Opens, adapter: str, knows: Knows) -> None:
    roles = {"use": "header", "header": "X-Remote-Groups", "peers": [PROXY]}
    both = opens(roles=roles, enforcement={"pinned": ["Chef"]})
    wendy = both.short.visitor("wendy")
    for _ in range(3):
        headers = asked_with(line_of(wendy), ("X-Remote-Groups", "Waiter"))
        wendy._keep(both.short.exchange.request("GET", "/home", headers, server=peer(adapter)))
    first = knows(both, headers, peer(adapter))
    for other in ("Chef", "Waiter,Chef", ""):
        assert not knows(both, asked_with(line_of(wendy), ("X-Remote-Groups", other)), peer(adapter))
        assert not knows(both, headers, peer(adapter, ELSEWHERE))
    assert not knows(both, asked_with(line_of(wendy)), peer(adapter))
    assert knows(both, headers, peer(adapter)) == first


# ---- whatever comes -------------------------------------------------------------------------------------------------

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = [
    "theme", "session", "2fa-pass-test-shop", "2fa-browser-test-x", "office_session", " session", "session ", "\xa0session",
    '"session"', "Session", "", "2fa-pass-test-shop2", "2fa-flow-test-shop",
]  # fmt: skip
VALUES = ["dark", "erin", "erin-2", "wendy", "nobody", "expired", "broken", "pass-erin", "pass-wendy", ""]
COOKIES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=3)
KNOWN = [
    ["erins"],
    ["erins", "theme"],
    ["wendys"],
    ["theme", "wendys"],
    ["erins", "other"],
    ["other"],
    [],
    ["wendys", "other"],
]
SEPARATORS = st.sampled_from(["; ", "; ", ";", " ; ", ", ", ";; "])
TARGETS = st.sampled_from([
    "/home", "/", "/api", "/x?y=1", "/home", "/api", "/static/a.css", "/act", "/act?logout=1", "/logout", "/login", "/admin/x",
    "/2fa/account", "//home", "/%68ome", "/sets-ours", "/events", "/profile",
])  # fmt: skip
HEADERS = st.lists(
    st.sampled_from(
        [("Authorization", "Bearer x"), ("Upgrade", "websocket"), ("Upgrade", "h2c"), ("X-HTTP-Method-Override", "POST"),
         ("Sec-Fetch-Mode", "cors"), ("X-Remote-User", "wendy"), ("Accept", "*/*"), ("X-Forwarded-For", "10.0.0.7"),
         ("Cookie", "theme=dark")]
    ),
    max_size=2, unique=True,
)  # fmt: skip


@FUZZ
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"]),
    target=TARGETS,
    known=st.sampled_from(KNOWN),
    cookies=COOKIES,
    separator=SEPARATORS,
    headers=HEADERS,
)
def test_a006_whatever_is_answered_from_memory_is_what_would_be_decided(
    opened: tuple[BothWays, dict[str, str]],
    method: str,
    target: str,
    known: list[str],
    cookies: list[tuple[str, str]],
    separator: str,
    headers: Pairs,
) -> None:
    both, values = opened
    other = separator.join(f"{name}={values[value]}" for name, value in cookies)
    line = separator.join(filter(None, (other if part == "other" else values[part] for part in known)))
    sent = [*([("Cookie", line)] if line else []), *headers]
    both.is_answered_from_memory(method, target, sent)


@pytest.fixture
def opened(opens: Opens) -> tuple[BothWays, dict[str, str]]:
    """Two gates, of which the first knows erin and wendy and decides about nothing more; and what may stand in cookies."""
    both = opens(shop=SHOP)
    erin, wendy = both.short.known(), both.short.known("wendy")
    values = {
        "erin": erin.cookies["session"],
        "erin-2": session_cookie("erin", "login-2"),
        "wendy": wendy.cookies["session"],
        "nobody": session_cookie(None),
        "expired": session_cookie("erin", "login-1", at=NOW - 40 * 86400),
        "broken": "e30.broken.signature",
        "pass-erin": erin.cookie("pass"),
        "pass-wendy": wendy.cookie("pass"),
        "": "",
        "dark": "dark",
        "erins": line_of(erin),
        "wendys": line_of(wendy),
        "theme": "theme=dark",
    }
    erin.go("/home")  # wendy's pass, which was opened meanwhile, has ended what was known in a file
    both.short.decide_nothing_more()
    for line in (values["erins"], values["wendys"]):
        assert both.is_answered_from_memory("GET", "/home", [("Cookie", line)]) is not None
    return both, values

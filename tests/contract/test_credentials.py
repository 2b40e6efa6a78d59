"""Who it is, by all that a request carries; credentials that nobody reads; service accounts. Attacks 3, 23 to 28, 87."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from support import portal
from support.exchange import plain
from support.realm import NOW, SIGNED_COOKIE, session_cookie
from support.stage import Open, Stage
from support.told import told

BEARER = {"shop": {"identity": [SIGNED_COOKIE, portal.BEARER], "credential_cookies": ["remember_token"]}}
TOKEN = ("Authorization", "Bearer token-of-erin")


@pytest.fixture
def doors(open_stage: Open) -> Stage:
    """An app with a session cookie, tokens, and a remember-me cookie that no resolver reads."""
    portal.tokens |= {"token-of-erin": "erin", "token-of-svc": "svc"}
    return open_stage(**BEARER)


def test_a003_a_token_made_with_the_password_alone_is_refused_once_there_is_a_second_factor(doors: Stage) -> None:
    ask = doors.exchange().request
    assert ask("GET", "/api", [TOKEN]).body == b"secret page"
    doors.enrolled()
    assert ask("GET", "/api", [TOKEN]).status == 403
    assert ask("POST", "/api", [TOKEN, ("Accept", "text/html")]).status == 403
    assert doors.spy.calls == []


def test_a003_a_token_beside_a_session_that_has_passed_goes_by_the_session(doors: Stage) -> None:
    erin = doors.enrolled()
    assert erin.fetch("/api", headers=[TOKEN]).body == b"secret page"
    erin.log_in(login="login-2")
    assert erin.fetch("/api", headers=[TOKEN]).status == 403
    assert len(doors.spy.calls) == 1


def test_the_app_gives_its_own_answer_to_a_token_that_nobody_has(doors: Stage) -> None:
    doors.exchange().request("GET", "/api", [("Authorization", "Bearer unknown")])
    assert doors.spy.calls[0].headers["authorization"] == "Bearer unknown"


@pytest.mark.parametrize(
    "value",
    [
        "Basic ZXJpbjpwYXNzd29yZA==",
        "Digest username=erin",
        "Bearer  two-spaces",
        "Bearer",
        "",
        "token-of-erin",
        "Token x",
    ],
)
def test_a003_a_credential_that_nobody_reads_is_refused(doors: Stage, value: str) -> None:
    doors.enrolled()
    for visitor in (doors.visitor(), doors.visitor("wendy")):
        assert visitor.fetch("/api", headers=[("Authorization", value)]).status == 403
    assert doors.spy.calls == []


def test_a003_where_no_resolver_reads_headers_every_authorization_is_refused(stage: Stage) -> None:
    reply = stage.visitor().go("/home", headers=[TOKEN])
    assert (reply.status, reply.header("content-type")) == (403, "text/html; charset=utf-8")
    assert stage.spy.calls == []


def test_a025_two_authorization_headers_are_never_a_login(doors: Stage) -> None:
    headers = [("Authorization", "Bearer token-of-svc"), TOKEN]
    assert doors.exchange().request("GET", "/api", headers).status in (400, 403)
    assert doors.spy.calls == []


def test_a020_a_directory_of_tokens_that_is_down_is_503(doors: Stage) -> None:
    portal.broken.add("tokens")
    reply = doors.exchange().request("GET", "/api", [TOKEN])
    assert (reply.status, reply.header("retry-after")) == (503, "10")
    assert doors.spy.calls == []


def test_a026_two_people_in_one_request_are_refused(doors: Stage) -> None:
    reply = doors.visitor("wendy").fetch("/api", headers=[TOKEN])
    assert (reply.status, doors.spy.calls) == (400, [])


def test_a087_a_remember_me_cookie_that_nobody_reads_does_not_reach_the_app(doors: Stage) -> None:
    plain(doors.exchange(), cookie="a=1; remember_token=erin; b=2")
    assert doors.spy.calls[0].headers["cookie"] == "a=1; b=2"
    assert plain(doors.exchange(), cookie="\xa0remember_token=erin").status == 400


@pytest.mark.parametrize(
    "cookie",
    [
        "session={erin}; session={wendy}",
        "session={wendy}; session=x",
        "session={wendy};session={wendy}",
        "session={wendy}; \xa0session={erin}",
        "session={wendy}; a=1,session={erin}",
        "session={wendy}; a=1 session={erin}",
        '"session"={wendy}; session ={erin}; session={erin}',
    ],
)
def test_a026_a_session_that_can_be_read_in_two_ways_is_refused(stage: Stage, cookie: str) -> None:
    stage.enrolled()
    people = {user: session_cookie(user) for user in ("erin", "wendy")}
    assert plain(stage.exchange(), cookie=cookie.format(**people)).status == 400
    assert stage.spy.calls == []


def test_a026_a_session_in_two_cookie_headers_is_refused(stage: Stage) -> None:
    headers = [("Cookie", f"session={session_cookie(user)}") for user in ("wendy", "erin")]
    assert stage.exchange().request("GET", "/home", headers).status == 400
    assert stage.spy.calls == []


@pytest.mark.parametrize("user", [True, 1.5, ["erin"], {"id": "erin"}, "", " erin", "erin\n", "e\u0301rin", "x" * 256])
def test_a027_a_session_that_names_an_odd_user_is_503(stage: Stage, user: Any) -> None:
    assert plain(stage.exchange(), cookie=f"session={session_cookie(user)}").status == 503
    assert stage.spy.calls == []


@pytest.mark.parametrize("twin", ["Erin", "erin.", "ERIN", "\u0435rin", "erin@example.org", "erin\u200c"[:4] + "x"])
def test_a027_whoever_looks_like_erin_is_somebody_else(stage: Stage, twin: str) -> None:
    erin = stage.enrolled()
    other = stage.visitor(twin, "login-1")
    other.cookies |= {name: value for name, value in erin.cookies.items() if name.startswith("2fa-")}
    assert "off</strong>" in other.go("/2fa/account").text
    other.log_in("erin", "login-2")
    assert other.go("/home").status == 303


@pytest.mark.parametrize(("one", "other"), [("0", "00"), ("1", "01"), ("a:b", "a"), ("{a}", "a"), ("a", "b")])
def test_a028_ids_that_look_alike_have_nothing_in_common(stage: Stage, one: str, other: str) -> None:
    stage.enrolled(one)
    assert stage.visitor(other).go("/home").body == b"secret page"
    assert stage.visitor(one, "login-2").go("/home").status == 303


def test_a028_a_number_and_its_decimal_are_one_person(stage: Stage) -> None:
    stage.enrolled("17")
    visitor = stage.visitor()
    visitor.cookies["session"] = session_cookie(17, "login-2")
    assert visitor.go("/home").status == 303


@pytest.mark.parametrize(
    "name", ["Remote-User", "REMOTE_USER", "X-Remote-User", "X-Forwarded-User", "HTTP_REMOTE_USER"]
)
def test_a023_a024_no_header_says_who_it_is(open_stage: Open, name: str) -> None:
    stage = open_stage(shop={"identity": [{"use": "remote_user"}]})
    headers = [("Sec-Fetch-Mode", "navigate"), (name, "erin")]
    assert stage.exchange().request("GET", "/2fa/account", headers).header("location") == "/login"
    server = {"REMOTE_USER": "wendy"}
    page = stage.exchange().request("GET", "/2fa/account", headers, server=server)
    assert "wendy" in page.text
    assert "erin" not in page.text


def test_what_the_server_says_of_the_user_is_believed(open_stage: Open) -> None:
    stage = open_stage(
        shop={"identity": [{"use": "remote_user"}]}, enforcement={"pinned": ["Chef"]}, roles=portal.ROLES
    )
    portal.roles["erin"] = ["Chef"]
    ask = stage.exchange().request
    assert ask("GET", "/home", server={"REMOTE_USER": "wendy"}).body == b"secret page"
    assert ask("GET", "/home", server={"REMOTE_USER": "erin"}).status == 403
    assert ask("GET", "/home", server={"REMOTE_USER": "erin "}).status == 503
    assert len(stage.spy.calls) == 1


# ---- service accounts -----------------------------------------------------------------------------------------------

LAST_DAY = datetime.datetime.fromtimestamp(NOW, datetime.UTC).date()
SERVICE = {"user": "svc", "apps": ["shop"], "by": "bearer", "reason": "task mail", "until": LAST_DAY}
ENFORCED: dict[str, Any] = {"enforcement": {"pinned": ["Robot"]}, "roles": portal.ROLES, "service_accounts": [SERVICE]}
SVC = ("Authorization", "Bearer token-of-svc")


@pytest.fixture
def robots(open_stage: Open) -> Stage:
    portal.roles |= {"svc": ["Robot"], "erin": ["Robot"]}
    portal.tokens |= {"token-of-erin": "erin", "token-of-svc": "svc"}
    both = {"office": {"identity": [SIGNED_COOKIE | {"cookie": "office_session"}, portal.BEARER]}}
    return open_stage(**BEARER, **both, **ENFORCED)


def test_a_service_account_passes_and_is_told_of_once_a_day(robots: Stage, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert robots.exchange().request("GET", "/api", [SVC]).body == b"secret page"
    assert [(event["event"], event["app"], event["user"]) for event in told(caplog)] == [
        ("service account passed", "shop", "svc")
    ]


def test_a_service_account_passes_until_its_last_day_is_over(robots: Stage) -> None:
    midnight = datetime.datetime.combine(LAST_DAY, datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
    robots.clock.now = int(midnight.timestamp()) - 1
    assert robots.exchange().request("GET", "/api", [SVC]).status == 200
    robots.clock.on(1)
    assert robots.exchange().request("GET", "/api", [SVC]).status == 403
    assert len(robots.spy.calls) == 1


def test_a_service_account_is_one_user_in_one_app_by_one_resolver(robots: Stage) -> None:
    assert robots.exchange("office").request("GET", "/api", [SVC]).status == 403
    assert robots.exchange().request("GET", "/api", [TOKEN]).status == 403
    assert robots.visitor("svc").go("/home").status == 303
    assert robots.visitor("svc").fetch("/api", headers=[SVC]).status == 403
    assert (robots.spies["shop"].calls, robots.spies["office"].calls) == ([], [])

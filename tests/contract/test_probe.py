"""The app is asked who is logged in: nobody, somebody, somebody else under the same cookie, and whatever cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from support.house import JSON, PROBE, ROLES, TOKENS, House, fails, is_large, is_slow
from support.spy import Behaviour, Call, Told
from support.stage import Open, Stage
from support.visitor import NAVIGATION, Visitor

IDENTITY: dict[str, Any] = {"identity": [PROBE], "logout_cookies": ["sid"]}


@pytest.fixture
def house() -> House:
    return House(sessions={"s1": ("erin", "login-1"), "s2": ("wendy", "login-2")})


@pytest.fixture
def stage(open_stage: Open, house: House) -> Stage:
    return open_stage(house.routes, shop=IDENTITY)


def comes(stage: Stage, sid: str) -> Visitor:
    visitor = stage.visitor()
    visitor.cookies["sid"] = sid
    return visitor


def enrolled(stage: Stage, sid: str = "s1") -> Visitor:
    visitor = comes(stage, sid)
    assert visitor.set_up().status == 200
    stage.clock.on(30)
    stage.spy.calls.clear()
    return visitor


def served(stage: Stage) -> list[str]:
    """The paths that the app was called for, without the questions."""
    return [call.path for call in stage.spy.calls if call.path != "/api/me"]


def test_who_has_no_cookie_is_nobody_and_the_app_is_not_asked(stage: Stage) -> None:
    assert stage.visitor().go("/home").body == b"secret page"
    assert [call.path for call in stage.spy.calls] == ["/home"]


def test_who_the_app_does_not_know_is_nobody_and_the_app_gets_the_cookie(stage: Stage) -> None:
    assert comes(stage, "unknown").go("/home").body == b"secret page"
    assert served(stage) == ["/home"]
    assert {call.headers["cookie"] for call in stage.spy.calls} == {"sid=unknown"}


def test_a001_who_has_a_second_factor_is_asked_for_it(stage: Stage) -> None:
    erin = enrolled(stage)
    again = erin.elsewhere()
    again.cookies["sid"] = "s1"
    assert again.go("/home").status == 303
    assert served(stage) == []
    assert again.verify().status == 303
    assert again.go("/home").body == b"secret page"


def test_a080_the_next_user_under_the_same_cookie_has_no_pass(stage: Stage, house: House) -> None:
    erin, wendy = enrolled(stage), enrolled(stage, "s2")
    assert erin.go("/home").status == 200
    house.sessions["s1"] = ("wendy", "login-3")
    assert erin.go("/home").status == 303
    assert wendy.go("/home").status == 200


def test_a079_the_next_log_in_of_the_same_user_under_the_same_cookie_has_no_pass(stage: Stage, house: House) -> None:
    erin = enrolled(stage)
    house.sessions["s1"] = ("erin", "login-3")
    assert erin.go("/home").status == 303


def test_a004_an_answer_that_logs_somebody_in_under_the_same_cookie_is_held_back(stage: Stage, house: House) -> None:
    enrolled(stage)
    for method in ("POST", "GET"):
        visitor = comes(stage, "planted")
        reply = visitor.go("/sign-in?user=erin", method)
        assert (reply.status, b"secret" in reply.body) == (303, False)
        del house.sessions["planted"]


def says(status: int, body: str, *headers: tuple[str, str]) -> Behaviour:
    return lambda _: Told(status, [JSON, *headers], body.encode())


ERIN = '{"user": {"id": "erin"}, "login": "login-1"}'
UNCLEAR = {
    "fails": fails,
    "slow": is_slow,
    "large": is_large,
    "500": says(500, "{}"),
    "403": says(403, "{}"),
    "another redirect": says(302, "", ("Location", "/password-expired")),
    "no user": says(200, "{}"),
    "null": says(200, ERIN.replace('"erin"', "null")),
    "true": says(200, ERIN.replace('"erin"', "true")),
    "a fraction": says(200, ERIN.replace('"erin"', "1.0")),
    "two users": says(200, '{"user": {"id": "wendy"}, ' + ERIN[1:]),
    "no session": says(200, '{"user": {"id": "erin"}}'),
    "no JSON": says(200, "<html>"),
    "compressed": says(200, ERIN, ("Content-Encoding", "gzip")),
    "a part": says(206, ERIN),
}


@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR)
def test_a020_what_the_app_does_not_say_clearly_is_503(stage: Stage, house: House, answer: Behaviour) -> None:
    erin = enrolled(stage)
    house.answers["/api/me"] = answer
    reply = erin.go("/home")
    assert (reply.status, reply.header("retry-after")) == (503, "10")
    assert served(stage) == []


def test_a020_an_app_that_fails_after_its_answer_has_its_answer_dropped(stage: Stage, house: House) -> None:
    erin = enrolled(stage)

    def breaks(call: Call) -> Told:
        house.answers["/api/me"] = fails
        return Told()

    stage.spy._routes["/home"] = breaks
    reply = erin.go("/home")
    assert (reply.status, b"secret" in reply.body) == (503, False)


def test_the_page_is_behind_the_gate_for_everybody_else(stage: Stage) -> None:
    enrolled(stage)
    erin = comes(stage, "s1")
    assert erin.fetch("/api/me").status == 403
    assert erin.go("/api/me").status == 303


def test_the_app_is_asked_with_nothing_of_the_request_but_its_credential_and_whence_it_comes(stage: Stage) -> None:
    visitor = comes(stage, "s1")
    visitor.cookies |= {"theme": "dark", "2fa-pass-test-shop": "x" * 43}
    headers = [
        ("Range", "bytes=0-1"),
        ("If-None-Match", '"a"'),
        ("Accept-Encoding", "gzip"),
        ("Accept-Language", "de"),
        ("Host", "shop.example"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Requested-With", "tests"),
        ("Content-Type", "application/json"),
    ]
    visitor.fetch("/home?a=1", "POST", headers, b"{}")
    asked = stage.spy.calls[0]
    assert (asked.method, asked.path, asked.query, asked.body) == ("GET", "/api/me", "", b"")
    assert asked.headers == {
        "host": "shop.example",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0",
        "x-forwarded-for": "192.0.2.7",
        "accept": "application/json",
        "accept-language": "en",
        "cookie": "sid=s1; theme=dark",
    }


def test_headers_that_the_settings_name_go_along_and_a_page_may_want_post(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop={"identity": [PROBE | {"method": "POST", "sends": ["X-Tenant"]}]})
    comes(stage, "s1").go("/home", headers=[("X-Tenant", "a")])
    asked = stage.spy.calls[0]
    assert (asked.method, asked.headers["x-tenant"], asked.body) == ("POST", "a", b"")


def test_a026_a_remember_me_cookie_that_the_app_does_not_get_is_not_asked_about_either(
    open_stage: Open, house: House
) -> None:
    stage = open_stage(house.routes, shop=IDENTITY | {"credential_cookies": ["remember"]})
    visitor = comes(stage, "s1")
    visitor.cookies["remember"] = "wendy"
    visitor.go("/home")
    assert {call.headers["cookie"] for call in stage.spy.calls} == {"sid=s1"}


def test_the_mount_goes_with_the_question(stage: Stage, house: House) -> None:
    reply = stage.exchange().request("GET", "/home", [*NAVIGATION, ("Cookie", "sid=s1")], root="/shop")
    assert reply.status == 200
    assert {call.path for call in stage.spy.calls} == {"/api/me", "/home"}


# ---- cookies of the answer ------------------------------------------------------------------------------------------


def test_what_the_page_sets_is_lost(stage: Stage, house: House) -> None:
    house.sets = ["sid=s3; Path=/", "visits=7"]
    visitor = comes(stage, "s1")
    assert [line for line in visitor.go("/home").all("set-cookie") if "2fa-" not in line] == []
    assert stage.spy.calls[1].headers["cookie"] == "sid=s1"


def test_a_kept_cookie_goes_to_the_app_and_to_the_browser(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop={"identity": [PROBE | {"keep_cookies": ["sid"]}]})
    house.sessions["s3"] = house.sessions["s1"]
    house.sets = ["sid=s3; Path=/; HttpOnly", "visits=7"]
    visitor = comes(stage, "s1")
    reply = visitor.go("/home")
    assert [line for line in reply.all("set-cookie") if "2fa-" not in line] == ["sid=s3; Path=/; HttpOnly"]
    first, *later = stage.spy.calls
    assert (first.headers["cookie"], {call.headers["cookie"] for call in later}) == ("sid=s1", {"sid=s3"})
    assert visitor.cookies["sid"] == "s3"


def test_a_kept_cookie_comes_with_an_answer_of_ours_too(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop={"identity": [PROBE | {"keep_cookies": ["sid"]}]})
    enrolled(stage)
    house.sets = ["sid=s3"]
    reply = comes(stage, "s1").go("/home")
    assert (reply.status, "sid=s3" in reply.all("set-cookie")) == (303, True)


def test_a_kept_cookie_never_comes_with_an_answer_that_caches_share(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop={"identity": [PROBE | {"keep_cookies": ["sid"]}]})
    house.sessions["s3"] = house.sessions["s1"]
    house.sets = ["sid=s3"]
    assert comes(stage, "s1").go("/cached").all("set-cookie") == []


def test_a_kept_cookie_that_names_somebody_else_holds_the_answer_back(
    open_stage: Open, house: House, adapter: str
) -> None:
    stage = open_stage(house.routes, shop={"identity": [PROBE | {"keep_cookies": ["sid"]}]})
    enrolled(stage, "s2")
    house.sets = ["sid=s2"]
    if adapter == "asgi":  # where the app has read to the end of the request, it is stopped there
        with pytest.raises(Exception, match="a log-in appeared"):
            comes(stage, "s1").go("/home")
    else:
        reply = comes(stage, "s1").go("/home")
        assert (reply.status, b"secret" in reply.body) == (303, False)


# ---- tokens, roles --------------------------------------------------------------------------------------------------


def test_a_token_is_asked_about_at_its_door(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop={"identity": [PROBE, TOKENS]})
    house.tokens["t-erin"] = "erin"
    ask = stage.exchange().request
    token = ("Authorization", "Bearer t-erin")
    assert ask("GET", "/api/tasks", [token]).body == b"secret page"
    assert ask("GET", "/home", [token]).status == 403
    enrolled(stage)
    assert ask("GET", "/api/tasks", [token]).status == 403
    assert ask("GET", "/api/tasks", [token, ("Cookie", "sid=s2")]).status == 400
    assert served(stage) == []


def test_a_page_that_everybody_gets_is_no_door(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop={"identity": [TOKENS]})
    house.answers["/api/me"] = lambda _: Told(200, [JSON], b'{"user": {"id": "erin"}}')
    assert stage.exchange().request("GET", "/api/tasks", [("Authorization", "Bearer x")]).status == 503
    assert served(stage) == []


def test_roles_come_from_the_page_that_names_the_user(open_stage: Open, house: House) -> None:
    stage = open_stage(house.routes, shop=IDENTITY, roles=ROLES, enforcement={"pinned": ["Chef"]})
    house.groups["erin"] = ["Chef"]
    assert comes(stage, "s1").go("/home").header("location") == "/2fa/setup?next=/home"
    assert comes(stage, "s2").go("/home").body == b"secret page"


def test_roles_that_cannot_be_read_are_503(open_stage: Open, house: House) -> None:
    pages = {"roles": ROLES | {"page": "/api/roles"}, "enforcement": {"pinned": ["Chef"]}}
    stage = open_stage(house.routes, shop=IDENTITY, **pages)
    for answer in (
        fails,
        says(403, "{}"),
        says(200, '{"user": {"id": "erin", "groups": "Chef"}}'),
        says(200, '{"user": {"id": "erin"}}'),
        says(200, '{"user": {"id": "wendy", "groups": []}}'),
    ):
        stage.spy._routes["/api/roles"] = answer
        assert comes(stage, "s1").go("/home").status == 503


def test_the_page_of_the_roles_gets_no_cookie_of_ours(open_stage: Open, house: House) -> None:
    stage = open_stage(
        house.routes, shop=IDENTITY, roles=ROLES | {"page": "/api/roles"}, enforcement={"pinned": ["Chef"]}
    )
    stage.spy._routes["/api/roles"] = house.me
    visitor = comes(stage, "s1")
    visitor.cookies["2fa-pass-test-shop"] = "x" * 43
    assert visitor.go("/home").body == b"secret page"
    assert {call.headers["cookie"] for call in stage.spy.calls if call.path == "/api/roles"} == {"sid=s1"}


# ---- remembered -----------------------------------------------------------------------------------------------------


@pytest.fixture
def remembering(open_stage: Open, house: House) -> Stage:
    return open_stage(house.routes, shop={"identity": [PROBE | {"cache_seconds": 5}], "logout_cookies": ["sid"]})


def questions(stage: Stage) -> int:
    """How often the app was asked since this was last called."""
    asked = sum(call.path == "/api/me" for call in stage.spy.calls)
    stage.spy.calls.clear()
    return asked


def test_for_its_seconds_the_app_is_not_asked_again(remembering: Stage) -> None:
    erin = enrolled(remembering)
    erin.go("/home")
    assert questions(remembering) > 0
    for _ in range(3):
        assert erin.go("/home").body == b"secret page"
    assert questions(remembering) == 0
    remembering.clock.on(5)
    assert erin.go("/home").body == b"secret page"
    assert questions(remembering) > 0


def test_a015_an_ended_pass_is_not_remembered(remembering: Stage) -> None:
    erin = enrolled(remembering)
    erin.go("/home")
    before = dict(erin.cookies)
    assert erin.fill(erin.go("/2fa/account"), "/logout").status == 303
    erin.cookies.update(before)
    assert erin.go("/home").status == 303


def test_a080_what_may_change_whose_the_cookie_is_ends_what_is_remembered(remembering: Stage, house: House) -> None:
    enrolled(remembering, "s2")
    erin = enrolled(remembering)
    erin.go("/home")
    erin.go("/home")
    house.sessions["s1"] = ("wendy", "login-3")
    assert erin.go("/home").status == 200, "as its seconds say"
    assert erin.go("/home", "POST").status == 403
    house.sessions["s1"] = ("erin", "login-1")
    erin.go("/home")
    erin.go("/home")
    assert erin.go("/home", "POST").status == 200
    house.sessions["s1"] = ("wendy", "login-3")
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("header", ["X-Tenant", "User-Agent", "X-Forwarded-Host", "Host"])
def test_a080_whatever_the_page_is_asked_with_is_part_of_what_is_remembered(
    open_stage: Open, house: House, header: str
) -> None:
    """One cookie is two people, told apart by a tenant, as an app may take it from any of these."""

    def me(call: Call) -> Told:
        house.sessions["s1"] = ("wendy", "login-2") if call.headers.get(header.lower()) == "b" else ("erin", "login-1")
        return house.me(call)

    probe = PROBE | {"cache_seconds": 60} | ({"sends": [header]} if header == "X-Tenant" else {})
    stage = open_stage(house.routes | {"/api/me": me}, shop={"identity": [probe], "logout_cookies": ["sid"]})
    erin = enrolled(stage)
    for _ in range(3):
        assert erin.go("/home").status == 200
    questions(stage)
    erin.go("/home", headers=[(header, "b")])
    assert questions(stage) > 0


def test_a080_a_strict_path_asks_the_app_too(open_stage: Open, house: House) -> None:
    shop = {"identity": [PROBE | {"cache_seconds": 60}], "logout_cookies": ["sid"], "strict": ["ANY /admin/**"]}
    stage = open_stage(house.routes, shop=shop)
    erin = enrolled(stage)
    erin.go("/home")
    erin.go("/home")
    questions(stage)
    erin.go("/admin/x")
    assert questions(stage) > 0


@pytest.mark.parametrize(
    ("target", "headers"),
    [("/home", [("X-HTTP-Method-Override", "POST")]), ("/home?_method=POST", []), ("/home?%5fmethod=POST", [])],
)
def test_a080_a_method_that_stands_elsewhere_is_asked_about(
    remembering: Stage, target: str, headers: list[tuple[str, str]]
) -> None:
    erin = enrolled(remembering)
    erin.go("/home")
    erin.go("/home")
    questions(remembering)
    erin.go(target, headers=headers)
    assert questions(remembering) > 0

"""Answers that log somebody in: who may not pass gets neither their head nor their body. Attacks 4, 5, 22, 80, 95."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support import portal
from support.exchange import Reply
from support.realm import SIGNED_COOKIE, session_cookie
from support.spy import HTML, SECRET, Behaviour, Told, logging_in
from support.stage import Open, Stage


@pytest.fixture
def opened(open_stage: Open) -> Any:
    """A stage on which erin has a second factor, and an app that answers /in with one behaviour."""

    def made(behaviour: Behaviour, **changes: Any) -> Stage:
        stage = open_stage(routes={"/in": behaviour, "/static/in": behaviour, "/login": behaviour}, **changes)
        stage.enrolled()
        return stage

    return made


def held(reply: Reply) -> bool:
    return b"secret" not in reply.body and reply.header("x-secret") is None


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", ["/in", "/login"])
def test_a004_a_page_that_comes_with_the_log_in_is_held_back(opened: Any, method: str, path: str) -> None:
    stage = opened(logging_in())
    thief = stage.visitor()
    reply = thief.go(path, method)
    assert (reply.status, reply.header("location"), held(reply)) == (303, "/2fa/verify?next=/", True)
    assert thief.cookies["session"] == session_cookie("erin", "login-2")
    assert thief.go("/home").status == 303


def test_a022_a_layer_behind_the_gate_may_log_in_wherever_it_likes_and_is_held_back(open_stage: Open) -> None:
    """The session is set before anybody asks for a code, at a path that no rule names, with and without a redirect."""
    cookie = ("Set-Cookie", f"session={session_cookie('erin', 'login-2')}; Path=/")
    answers: dict[str, Behaviour] = {
        "/plugin": lambda call: Told(200, [HTML, SECRET, cookie]),
        "/plugin/redirect": lambda call: Told(302, [SECRET, cookie, ("Location", "/home")], b"secret"),
        "/plugin/error": lambda call: Told(500, [HTML, SECRET, cookie]),
        "/static/plugin": lambda call: Told(200, [HTML, SECRET, cookie]),
    }
    stage = open_stage(routes=answers)
    stage.enrolled()
    for path in answers:
        for method in ("GET", "POST"):
            thief = stage.visitor()
            reply = thief.go(path, method)
            assert (path, reply.status, held(reply)) == (path, 303, True)
            assert (reply.header("location") or "").startswith("/2fa/verify?next=")
            assert thief.go("/home").status == 303


def test_a004_a_script_gets_a_problem_and_keeps_the_cookie(opened: Any) -> None:
    stage = opened(logging_in())
    thief = stage.visitor()
    reply = thief.fetch("/in", "POST")
    assert (reply.status, held(reply)) == (403, True)
    assert json.loads(reply.body)["type"].endswith(":verify-required")
    assert "session" in thief.cookies


@pytest.mark.parametrize("status", [201, 204, 206, 302, 401, 404, 500])
def test_a004_whatever_the_status_says(opened: Any, status: int) -> None:
    reply = opened(logging_in(status=status)).visitor().go("/in", "POST")
    assert (reply.status, held(reply)) == (303, True)


def test_a005_what_the_answer_says_of_a_second_factor_is_nothing_to_the_gate(opened: Any) -> None:
    stage = opened(logging_in(X_Mfa_Required="false"))
    assert held(stage.visitor().fetch("/in?mfaRequired=false", "POST", body=b'{"mfaRequired": false}'))


def test_a004_on_an_exempt_path_too(opened: Any) -> None:
    stage = opened(logging_in())
    reply = stage.visitor().go("/static/in")
    assert (reply.status, held(reply)) == (303, True)


@pytest.mark.parametrize(
    "line",
    [
        "session={erin}; Max-Age=-1; Max-Age=600",
        "session={erin}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=600",
        "session={erin}; Path=/elsewhere; Domain=localhost",
        "session = {erin} ; Secure",
        "session={erin}; Max-Age=x",
        "session={erin};Expires=Tue, 19 Jan 2038 03:14:07 GMT",
    ],
)
def test_a004_a_cookie_that_a_browser_would_keep_is_a_log_in(opened: Any, line: str) -> None:
    stage = opened(logging_in(cookie=line.format(erin=session_cookie("erin", "login-2"))))
    assert held(stage.visitor().go("/in", "POST"))


@pytest.mark.parametrize("order", [1, -1])
def test_a004_a_deletion_elsewhere_does_not_hide_a_log_in(opened: Any, order: int) -> None:
    cookies = [
        ("Set-Cookie", f"session={session_cookie('erin', 'login-2')}; Path=/"),
        ("Set-Cookie", "session=; Path=/old"),
    ]
    stage = opened(lambda call: Told(200, [HTML, SECRET, *cookies[::order]]))
    assert held(stage.visitor().go("/in", "POST"))


def test_who_has_no_second_factor_gets_the_answer_and_a_pass(stage: Stage) -> None:
    visitor = stage.visitor()
    reply = visitor.go("/login-page?user=wendy", "POST")
    assert (reply.status, reply.body) == (200, b"secret page")
    assert visitor.cookie("pass")


def test_an_enforced_role_leads_from_the_log_in_to_the_set_up(open_stage: Open) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles={"use": "static", "users": {"erin": ["Chef"]}})
    reply = stage.visitor().go("/login?user=erin", "POST")
    assert reply.header("location") == "/2fa/setup?next=/home"


def test_a020_roles_that_fail_at_the_log_in_hold_the_answer_back(open_stage: Open) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles=portal.ROLES)
    portal.broken.add("roles")
    reply = stage.visitor().go("/login-page?user=erin", "POST")
    assert (reply.status, b"secret" in reply.body) == (503, False)


@pytest.mark.parametrize(
    ("to", "after"),
    [
        ("/home?a=1", "/home%3Fa%3D1"),
        ("http://localhost:8000/home", "/home"),
        ("HTTP://localhost:8000", "/"),
        ("http://localhost:8001/home", "/"),
        ("https://localhost:8000/home", "/"),
        ("http://localhost:8000@evil.example/x", "/"),
        ("http://localhost:8000.evil.example/x", "/"),
        ("//evil.example/x", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("home", "/"),
        ("", "/"),
    ],
)
def test_a089_where_the_app_wanted_to_go_comes_after_if_it_is_its_own(opened: Any, to: str, after: str) -> None:
    stage = opened(logging_in(status=302, Location=to))
    assert stage.visitor().go("/login", "POST").header("location") == f"/2fa/verify?next={after}"


def test_the_path_of_an_unsafe_request_never_comes_after(opened: Any) -> None:
    stage = opened(logging_in())
    assert stage.visitor().go("/login?delete=7", "POST").header("location") == "/2fa/verify?next=/"


def test_a080_who_logs_in_as_another_user_gets_nothing_of_theirs(opened: Any) -> None:
    stage = opened(logging_in())
    wendy = stage.visitor("wendy")
    assert wendy.go("/home").status == 200
    reply = wendy.go("/in")
    assert (reply.status, held(reply)) == (303, True)
    assert wendy.cookie("pass") == ""


def test_a_session_that_is_rotated_is_another_log_in(opened: Any) -> None:
    stage = opened(logging_in(login="login-3"))
    erin = stage.everybody[0]
    assert erin.go("/home").status == 200
    assert erin.go("/in").status == 303
    assert erin.go("/home").status == 303


def test_a_session_that_is_only_signed_anew_goes_on(opened: Any) -> None:
    stage = opened(logging_in(login="login-1"))
    erin = stage.everybody[0]
    passed = erin.cookie("pass")
    assert erin.go("/in").body == b"secret page of erin"
    assert erin.go("/home").status == 200
    assert erin.cookie("pass") == passed


def test_a_log_in_rule_with_the_same_session_ends_the_pass(opened: Any) -> None:
    stage = opened(logging_in(login="login-1"))
    erin = stage.everybody[0]
    old = erin.cookie("pass")
    reply = erin.go("/login", "POST")
    assert (reply.status, held(reply)) == (303, True)
    erin.cookies["2fa-pass-test-shop"] = old
    assert erin.go("/home").status == 303


def test_a_log_in_rule_ends_the_pass_also_where_no_cookie_is_set(opened: Any) -> None:
    stage = opened(lambda call: Told(200, [HTML, SECRET]))
    reply = stage.everybody[0].go("/login", "POST")
    assert (reply.status, held(reply)) == (303, True)


def test_a_remembered_browser_gets_the_answer_to_its_log_in(opened: Any) -> None:
    stage = opened(logging_in(login="login-3"))
    erin = stage.everybody[0]
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    erin.log_out()
    reply = erin.go("/login", "POST")
    assert reply.body == b"secret page of erin"
    assert erin.go("/home").status == 200


@pytest.mark.parametrize(
    "lines",
    [
        ("session={erin}", "session={wendy}"),
        ("session={wendy}; Path=/", "session={erin}; Path=/app"),
        ("session={wendy}", "session=x"),
    ],
)
def test_a026_an_answer_that_sets_a_session_twice_is_dropped(opened: Any, lines: tuple[str, str]) -> None:
    people = {user: session_cookie(user, "login-2") for user in ("erin", "wendy")}
    cookies = [("Set-Cookie", line.format(**people)) for line in lines]
    stage = opened(lambda call: Told(200, [HTML, SECRET, *cookies]))
    visitor = stage.visitor()
    reply = visitor.go("/in", "POST")
    assert (reply.status, held(reply), visitor.cookies) == (503, True, {})


def test_a026_an_answer_that_makes_two_people_of_a_request_is_dropped(open_stage: Open) -> None:
    portal.sessions["s-1"] = ("wendy", "1")
    stage = open_stage(routes={"/in": logging_in()}, shop={"identity": [SIGNED_COOKIE, portal.SESSIONS]})
    visitor = stage.visitor()
    visitor.cookies["sid"] = "s-1"
    reply = visitor.go("/in", "POST")
    assert (reply.status, held(reply)) == (503, True)
    assert "session" not in visitor.cookies


@pytest.fixture
def passing(opened: Any) -> Stage:
    """The operator says that the answer of a log-in by fetch holds no data."""
    return opened(logging_in(), shop={"login_answer": "pass"})


def test_an_answer_of_a_log_in_without_data_may_go_out_to_a_script(passing: Stage) -> None:
    thief = passing.visitor()
    reply = thief.fetch("/login", "POST")
    assert (reply.body, thief.cookie("pass")) == (b"secret page of erin", "")
    assert thief.fetch("/home").status == 403


def test_a004_but_to_no_navigation_and_from_no_other_path(passing: Stage) -> None:
    assert held(passing.visitor().go("/login", "POST"))
    assert held(passing.visitor().fetch("/in", "POST"))
    assert held(passing.visitor().fetch("/login"))

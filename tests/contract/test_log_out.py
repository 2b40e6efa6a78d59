"""How a pass ends: by rules, by cookies, by an anonymous visit, by our own log-out. Attacks 79, 90."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.realm import session_cookie
from support.spy import HTML, Behaviour, Told
from support.stage import Open, Stage
from support.visitor import Visitor


def setting(line: str) -> Behaviour:
    return lambda call: Told(200, [HTML, ("Set-Cookie", line)])


ROUTES: dict[str, Behaviour] = {
    "/out": setting("session=; Path=/; Max-Age=0"),
    "/out-by-date": setting("session=gone; Path=/; Expires=Thu, 01-Jan-1970 00:00:10 GMT"),
    "/out-by-value": setting("session=; Path=/"),
    "/out-by-rewriting": setting(f"session={session_cookie(None)}; Path=/"),
    "/out-by-rubbish": setting("session=rubbish; Path=/"),
}


@pytest.fixture
def outs(open_stage: Open) -> Stage:
    return open_stage(routes=ROUTES, shop={"logout": ["POST /logout", "GET /bye"]})


def has_ended(visitor: Visitor, cookies: dict[str, str]) -> bool:
    """Whether all cookies of before together do no longer reach the app."""
    visitor.cookies.clear()
    visitor.cookies.update(cookies)
    return visitor.go("/home").status == 303


@pytest.mark.parametrize("path", ["/out", "/out-by-date", "/out-by-value", "/out-by-rewriting", "/out-by-rubbish"])
@pytest.mark.parametrize("ask", ["go", "fetch"])
def test_a079_an_answer_that_logs_out_ends_the_pass(outs: Stage, path: str, ask: str) -> None:
    erin = outs.enrolled()
    before = dict(erin.cookies)
    assert getattr(erin, ask)(path, "POST").body == b"secret page"
    assert erin.cookie("pass") == ""
    assert has_ended(erin, before)


@pytest.mark.parametrize(("method", "path"), [("POST", "/logout"), ("GET", "/bye")])
def test_a079_a_log_out_rule_ends_the_pass_even_if_the_app_keeps_its_session(
    outs: Stage, method: str, path: str
) -> None:
    outs.spies["shop"]._routes |= {"/logout": lambda call: Told()}
    erin = outs.enrolled()
    before = dict(erin.cookies)
    reply = erin.go(path, method)
    assert (reply.status, erin.cookie("pass")) == (200, "")
    assert has_ended(erin, before)


def test_a_log_out_rule_opens_no_door(outs: Stage) -> None:
    outs.enrolled()
    thief = outs.visitor("erin", "login-2")
    assert thief.go("/logout", "POST").status == 403
    assert thief.go("/bye").status == 303
    assert outs.spy.calls == []


def test_a079_an_anonymous_visit_ends_the_pass(outs: Stage) -> None:
    erin = outs.enrolled()
    before = dict(erin.cookies)
    erin.log_out()
    assert erin.go("/welcome").body == b"secret page"
    assert erin.cookie("pass") == ""
    assert has_ended(erin, before)


def _from_another_site(erin: Visitor) -> None:
    headers = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "cross-site")]
    erin.exchange.request("GET", "/home", [*headers, ("Cookie", f"2fa-pass-test-shop={erin.cookie('pass')}")])


VISITS: dict[str, Callable[[Visitor], object]] = {
    "by a script": lambda erin: erin.fetch("/home"),
    "to an exempt path": lambda erin: erin.go("/static/x"),
    "to a page of ours": lambda erin: erin.go("/2fa/account"),
    "from another site": _from_another_site,
}


@pytest.mark.parametrize("visit", VISITS)
def test_a_request_that_says_nothing_about_a_log_out_ends_nothing(outs: Stage, visit: str) -> None:
    erin = outs.enrolled()
    session = erin.cookies.pop("session")
    VISITS[visit](erin)
    erin.cookies["session"] = session
    assert erin.go("/home").status == 200


def test_outside_the_path_of_the_apps_cookie_an_anonymous_visit_says_nothing(open_stage: Open) -> None:
    stage = open_stage(shop={"cookie_path": "/shop"})
    erin = stage.enrolled()
    session = erin.cookies.pop("session")
    erin.go("/shopping")
    erin.cookies["session"] = session
    assert erin.go("/home").status == 200
    erin.cookies.pop("session")
    erin.go("/shop/")
    erin.cookies["session"] = session
    assert erin.go("/home").status == 303


def test_a079_logging_in_again_after_a_log_out_is_asked_again(outs: Stage) -> None:
    erin = outs.enrolled()
    erin.go("/out", "POST")
    erin.log_in(login="login-2")
    assert erin.go("/home").status == 303


def test_our_own_log_out_ends_pass_and_session_and_leads_to_the_log_in(outs: Stage) -> None:
    erin = outs.enrolled()
    before = dict(erin.cookies)
    reply = erin.fill(erin.go("/2fa/account"), "/logout")
    assert (reply.status, reply.header("location")) == (303, "/login")
    assert [name for name in erin.cookies if "browser" not in name] == []
    assert has_ended(erin, before)


def test_our_own_log_out_is_there_for_whoever_has_not_confirmed_yet(outs: Stage) -> None:
    outs.enrolled()
    thief = outs.visitor("erin", "login-2")
    assert thief.fill(thief.go("/2fa/verify"), "/logout").header("location") == "/login"
    assert "session" not in thief.cookies


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_a090_our_own_log_out_needs_its_form(outs: Stage, method: str) -> None:
    erin = outs.enrolled()
    reply = erin.go("/2fa/logout", method)
    assert (reply.status, reply.header("allow")) == (405, "POST")
    assert erin.post("/2fa/logout", {}).status == 403
    assert erin.go("/home").status == 200

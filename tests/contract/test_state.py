"""Apps that know who is logged in on their side alone: the cookie stays the same when somebody logs in. Attacks 3, 4."""

from __future__ import annotations

import pytest

from support import portal
from support.spy import HTML, Behaviour, Call, Told
from support.stage import Open, Stage
from support.visitor import Visitor


def log_in(call: Call) -> Told:
    portal.sessions["s-1"] = ("erin", "login-2")
    return Told(200, [HTML, ("X-Secret", "1")], b"secret page of erin")


def log_out(call: Call) -> Told:
    portal.sessions.pop("s-1", None)
    return Told(200, [HTML], b"bye")


def become(call: Call) -> Told:
    portal.sessions["s-1"] = ("erin", "login-1")
    return Told(200, [HTML, ("X-Secret", "1")], b"secret page of erin")


ROUTES: dict[str, Behaviour] = {"/in": log_in, "/out": log_out, "/become": become}


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    stage = open_stage(
        routes=ROUTES, shop={"identity": [portal.SESSIONS], "login": [], "logout": [], "logout_cookies": ["sid"]}
    )
    portal.sessions["s-0"] = ("erin", "login-1")
    erin = stage.visitor()
    erin.cookies["sid"] = "s-0"
    erin.set_up()
    stage.clock.on(30)
    return stage


@pytest.fixture
def browser(stage: Stage) -> Visitor:
    """A browser that has the app's cookie from before, and nobody is logged in under it."""
    visitor = stage.visitor()
    visitor.cookies["sid"] = "s-1"
    return visitor


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a004_a_log_in_that_no_cookie_shows_is_held_back(browser: Visitor, method: str) -> None:
    reply = browser.go("/in", method)
    assert (reply.status, reply.header("location"), reply.header("x-secret")) == (303, "/2fa/verify?next=/", None)
    assert b"secret" not in reply.body
    assert browser.go("/home").status == 303


def test_a004_a_script_gets_a_problem(browser: Visitor) -> None:
    reply = browser.fetch("/in", "POST", body=b"{}")
    assert (reply.status, b"secret" in reply.body) == (403, False)


def test_who_stays_nobody_gets_the_answer_as_it_is(browser: Visitor) -> None:
    reply = browser.go("/home", "POST")
    assert (reply.body, reply.all("set-cookie")) == (b"secret page", [])


def test_a080_an_unsafe_request_by_which_the_user_changes_is_held_back(browser: Visitor) -> None:
    portal.sessions["s-1"] = ("wendy", "login-1")
    assert browser.go("/home").status == 200
    reply = browser.go("/become", "POST")
    assert (reply.status, b"secret" in reply.body) == (303, False)


def test_a_log_out_that_no_cookie_shows_ends_the_pass(stage: Stage, browser: Visitor) -> None:
    portal.sessions["s-1"] = ("erin", "login-2")
    browser.key = stage.everybody[0].key
    browser.verify()
    before = browser.cookie("pass")
    assert browser.go("/home").status == 200
    assert browser.go("/out", "POST").body == b"bye"
    assert browser.cookie("pass") == ""
    portal.sessions["s-1"] = ("erin", "login-2")
    browser.cookies["2fa-pass-test-shop"] = before
    assert browser.go("/home").status == 303


@pytest.mark.parametrize("body", [b"x", b"x" * 100_000])
def test_a_log_in_beside_a_request_whose_body_is_under_way_stops_the_app(
    stage: Stage, browser: Visitor, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look says nobody; the look at the end of the body says erin."""
    answers = iter([None, portal.Login("erin", "login-2"), portal.Login("erin", "login-2")])
    looks = []

    class Changing(dict):  # type: ignore[type-arg]
        def get(self, key: object, default: object = None) -> object:
            looks.append(key)
            found = next(answers)
            return (found.user, found.session) if found else None

    monkeypatch.setattr(portal, "sessions", Changing())
    with pytest.raises(Exception, match="a log-in appeared while the body was read"):
        browser.go("/home", "POST", body=body)
    assert stage.spy.calls == []
    assert looks == ["s-1", "s-1"]


def test_a020_a_directory_that_fails_after_the_app_was_called_holds_the_answer_back(
    stage: Stage, browser: Visitor
) -> None:
    def breaks(call: Call) -> Told:
        portal.broken.add("sessions")
        return Told()

    stage.spy._routes["/breaks"] = breaks
    reply = browser.go("/breaks", "POST")
    assert (reply.status, b"secret" in reply.body) == (503, False)
    assert browser.go("/home").status == 503


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a004_a_log_in_of_another_user_by_a_second_request_is_held_back_from_the_first(
    stage: Stage, browser: Visitor, method: str
) -> None:
    portal.sessions["s-1"] = ("guest", "login-1")
    assert browser.go("/home").status == 200
    reply = browser.go("/become", method)
    assert (reply.status, reply.header("x-secret")) == (303, None)
    assert b"secret" not in reply.body


def test_a004_the_app_is_stopped_if_somebody_else_is_logged_in_once_the_body_is_read(
    open_stage: Open, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def who(sid: str) -> tuple[str, str] | None:
        calls.append(sid)
        return ("guest" if len(calls) == 1 else "erin"), "login-1"

    class Changing(dict[str, tuple[str, str]]):
        def get(self, key: str, default: object = None) -> tuple[str, str] | None:  # type: ignore[override]
            return who(key)

    stage = open_stage(shop={"identity": [portal.SESSIONS], "login": [], "logout": [], "logout_cookies": ["sid"]})
    visitor = stage.visitor()
    visitor.cookies["sid"] = "s-1"
    before, portal.sessions = portal.sessions, Changing()
    try:
        with pytest.raises(Exception, match="a log-in appeared while the body was read"):
            visitor.fetch("/echo", "POST", body=b"email=mine")
    finally:
        portal.sessions = before
    assert stage.spy.calls == []
    assert "log-in appeared while a body was read" in caplog.text

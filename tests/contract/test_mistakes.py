"""Mistakes in the settings that would leave an app open, or shut, without a word: each is told once a day."""

from __future__ import annotations

from typing import Any

import pytest

from support.exchange import Pairs
from support.realm import SIGNED_COOKIE, session_cookie
from support.spy import HTML, Call, Told
from support.stage import Open, Stage
from support.told import told

FLASK = {"use": "signed_cookie", "cookie": "session", "secret": "env:TWOFA_TEST_SECRET", "user": "user"}


def warnings(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [event for event in told(caplog) if event["severity"] == "warning"]


@pytest.mark.parametrize("wrong", [{"cookie": "sesion"}, {"user": "user_id"}])
def test_a_log_in_that_no_resolver_sees_is_told(
    open_stage: Open, caplog: pytest.LogCaptureFixture, wrong: dict[str, str]
) -> None:
    identity = SIGNED_COOKIE | {"session": None} | wrong
    visitor = open_stage(shop={"identity": [identity]}).visitor()
    for _ in range(2):
        assert visitor.go("/login?user=erin", "POST").status == 303
    [warned] = warnings(caplog)
    assert "this app is NOT protected: check `identity`" in warned["remedy"]
    assert (warned["answered"], warned["sets"]) == ("POST /login with 303", "session")


def test_a_failed_log_in_is_not_told(open_stage: Open, caplog: pytest.LogCaptureFixture) -> None:
    def fails(call: Call) -> Told:
        return Told(401, [HTML, ("Set-Cookie", "csrf=1; Path=/")])

    open_stage(routes={"/login": fails}).visitor().go("/login", "POST")
    assert warnings(caplog) == []


def test_a_session_that_cannot_be_read_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    visitor = stage.visitor()
    for _ in range(2):
        visitor.cookies["session"] = session_cookie("erin") + "x"
        assert visitor.go("/home").status == 200
    [warned] = warnings(caplog)
    assert (warned["event"], warned["app"]) == ("session cookie could not be read", "shop")
    assert warned["cookie"] == "session"


def test_a_second_cookie_of_a_log_in_that_was_held_back_is_told(
    open_stage: Open, caplog: pytest.LogCaptureFixture
) -> None:
    def logs_in(call: Call) -> Told:
        session = f"session={session_cookie('erin', 'login-2')}; Path=/"
        return Told(303, [("Location", "/home"), ("Set-Cookie", session), ("Set-Cookie", "remember=1; Path=/")], b"")

    stage = open_stage(routes={"/login": logs_in})
    stage.enrolled()
    assert stage.visitor().go("/login", "POST").status == 303
    [warned] = warnings(caplog)
    assert "name it in `credential_cookies`" in warned["remedy"]
    assert warned["cookie"] == "remember"


def test_a087_flask_logins_remember_me_is_held_back_by_itself(open_stage: Open) -> None:
    stage = open_stage(shop={"identity": [FLASK], "logout_cookies": None})
    visitor = stage.visitor()
    visitor.cookies |= {"remember_token": "erin|signed", "theme": "dark"}
    assert visitor.go("/home").status == 200
    assert stage.spy.calls[0].headers["cookie"] == "theme=dark"


def test_our_own_log_out_expires_what_the_resolvers_read_where_nothing_else_is_said(open_stage: Open) -> None:
    stage = open_stage(shop={"logout_cookies": None})
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    page = erin.go("/2fa/verify")
    reply = erin.fill(page, "/logout")
    assert any(line.startswith("session=; Path=/; Max-Age=0") for line in reply.all("set-cookie"))


def test_a_form_by_an_address_that_the_settings_do_not_name_is_told_and_says_where_to_go(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = stage.visitor("erin")
    page = visitor.go("/2fa/setup")
    visitor.origin = "http://127.0.0.1:8000"
    reply = visitor.fill(page, "/setup", code="000000")
    assert reply.status == 403
    assert "Open it at http://localhost:8000 and try again there." in reply.text
    [warned] = warnings(caplog)
    assert (warned["event"], warned["origin"]) == ("form of another origin refused", "http://127.0.0.1:8000")
    assert warned["remedy"] == "if people open this app at http://127.0.0.1:8000, add it to `origins` of [apps.shop]"


@pytest.mark.parametrize(
    ("headers", "remedy"),
    [
        ([("Origin", "https://shop.example")], "if people open this app at https://shop.example, add it to `origins`"),
        ([("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")], ""),
        ([("Origin", "http://localhost:9000"), ("Sec-Fetch-Site", "same-site")], ""),
        ([("Origin", "null")], ""),
        ([("Origin", "https://shop.example`]; add nothing")], ""),
    ],
)
def test_a102_a_form_from_elsewhere_is_not_called_out_of_date_and_no_foreign_site_is_recommended(
    stage: Stage, caplog: pytest.LogCaptureFixture, headers: Pairs, remedy: str
) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    reply = erin.send(erin.filled(), headers)
    assert reply.status == 403
    assert "This form came from another address, so nothing has been done." in reply.text
    assert "Open http://localhost:8000 and try again there." in reply.text
    assert "out of date" not in reply.text
    [warned] = warnings(caplog)
    assert warned["event"] == "form of another origin refused"
    assert warned.get("remedy", "").startswith(remedy)
    assert ("remedy" in warned) == bool(remedy)

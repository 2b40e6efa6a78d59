"""The account page, Disable, and what no other door switches off. Attacks 59, 68, 69, 75, 76."""

from __future__ import annotations

from typing import Any

import pytest

from support import portal
from support.realm import session_cookie
from support.stage import Open, Stage
from support.visitor import Visitor, forms_of

ENFORCED: dict[str, Any] = {"enforcement": {"pinned": ["Chef"]}, "roles": portal.ROLES}


def test_the_page_offers_to_enable_and_then_to_disable(stage: Stage) -> None:
    erin = stage.visitor("erin")
    off = erin.go("/2fa/account").text
    assert '<a class="button button-main" href="/2fa/setup">Enable Two-Factor Authentication</a>' in off
    assert "Disable" not in off
    erin.set_up()
    on = erin.go("/2fa/account").text
    assert 'href="/2fa/disable">Disable</a>' in on
    assert "Enable" not in on


def test_the_page_lists_browsers_with_their_days(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    stage.clock.on(86400)
    other = stage.visitor("erin", "login-3", key=erin.key)
    other.verify(remember="1")
    page = other.go("/2fa/account").text
    assert page.count('<bdi class="name">Firefox on Linux</bdi>') == 2
    assert "since today, last used today" in page
    assert "since yesterday, last used yesterday" in page
    assert page.count("this browser") == 1
    stage.clock.on(40 * 86400)
    other.log_in(login="login-4")
    other.go("/home")
    assert "since 16 January, last used today" in other.go("/2fa/account").text
    assert "since 15 January, last used 15 January" in other.go("/2fa/account").text


def test_disable_takes_a_right_code_in_the_same_form(stage: Stage) -> None:
    erin = stage.enrolled()
    assert erin.confirm("disable", erin.wrong_code()).status == 422
    reply = erin.confirm("disable")
    assert (reply.status, reply.header("location")) == (303, "/2fa/account?done=disabled")
    page = erin.go("/2fa/account?done=disabled").text
    assert (
        "It is done. All remembered browsers are forgotten. Whoever is logged in to the app elsewhere stays logged in."
        in page
    )
    assert "is <strong>off</strong>" in page
    assert erin.go("/home").status == 200


def test_disable_takes_a_recovery_code_too(stage: Stage) -> None:
    erin = stage.enrolled()
    page = erin.go("/2fa/disable?with=recovery")
    assert erin.fill(page, "/disable", recovery=erin.codes[0]).status == 303
    assert "is <strong>off</strong>" in erin.go("/2fa/account").text


@pytest.mark.parametrize(
    "fields", [{}, {"code": ""}, {"code": "", "recovery": ""}, {"password": "x"}, {"confirm": "yes"}]
)
def test_a069_a_session_that_has_passed_is_not_enough(stage: Stage, fields: dict[str, str]) -> None:
    erin = stage.enrolled()
    form = forms_of(erin.go("/2fa/disable").text)[0].hidden
    assert erin.post("/2fa/disable", form | fields).status in (400, 422)
    assert "is <strong>on</strong>" in erin.go("/2fa/account").text


def test_a069_nor_is_a_remembered_browser(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    erin.log_in(login="login-3")
    for page in ("disable", "codes"):
        form = forms_of(erin.go(f"/2fa/{page}").text)[0].hidden
        assert erin.post(f"/2fa/{page}", form).status == 400
    assert "is <strong>on</strong>" in erin.go("/2fa/account").text


def test_a069_a_code_that_passed_the_prompt_is_spent_for_disable(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    used = erin.code()
    erin.verify(used)
    assert "has been used already" in erin.confirm("disable", used).text


@pytest.mark.parametrize("path", ["account", "disable", "codes", "browsers"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a059_a069_with_the_password_alone_no_page_of_the_account_is_reached(
    stage: Stage, path: str, method: str
) -> None:
    erin = stage.enrolled()
    thief = stage.visitor("erin", "login-2", key=erin.key)
    token = forms_of(erin.go("/2fa/account").text)[0].hidden["token"]
    thief.cookies["2fa-flow-test-shop"] = erin.cookie("flow")
    form = {"token": token, "code": erin.code(), "browser": "all"}
    reply = thief.go(f"/2fa/{path}") if method == "GET" else thief.post(f"/2fa/{path}", form)
    assert (reply.status, reply.header("allow")) in [(303, None), (405, "POST"), (405, "GET, HEAD")]
    erin.log_in(login="login-1")
    assert "is <strong>on</strong>" in erin.go("/2fa/account").text


def test_disable_where_a_role_enforces_leads_to_the_set_up_at_once(open_stage: Open) -> None:
    stage = open_stage(**ENFORCED)
    portal.roles["erin"] = ["Chef"]
    erin = stage.enrolled()
    page = erin.go("/2fa/disable")
    assert "you will be asked to set it up again at once." in page.text
    reply = erin.fill(page, "/disable", code=erin.code())
    assert (erin.go(reply.header("location") or "").header("location") or "").startswith("/2fa/setup")
    assert erin.go("/home").header("location") == "/2fa/setup?next=/home"
    assert stage.spy.calls == []


def test_only_a_set_up_that_no_role_demands_can_be_called_off(open_stage: Open) -> None:
    stage = open_stage(**ENFORCED)
    portal.roles["erin"] = ["Chef"]
    link = '<a href="/2fa/account">Cancel</a>'
    assert link not in stage.visitor("erin").go("/2fa/setup").text
    assert link in stage.visitor("alice").go("/2fa/setup").text


def test_a020_roles_that_fail_while_disabling_change_nothing(open_stage: Open) -> None:
    stage = open_stage(**ENFORCED)
    erin = stage.enrolled()
    form = forms_of(erin.go("/2fa/disable").text)[0].hidden
    portal.broken.add("roles")
    assert erin.post("/2fa/disable", form | {"code": erin.code()}).status == 503
    portal.broken.clear()
    assert erin.confirm("disable").status == 303


def test_a075_a076_nothing_that_the_app_changes_of_a_user_switches_it_off(stage: Stage) -> None:
    erin = stage.enrolled()
    for path in ("/password-reset", "/profile/email", "/logout"):
        erin.go(path, "POST")
    for number, name in enumerate(["erin@other.example", "Erin Renamed"]):
        thief = stage.visitor("erin")
        thief.cookies["session"] = session_cookie("erin", f"after-reset-{number}", name)
        stage.spy.calls.clear()
        assert thief.go("/home").status == 303
        assert stage.spy.calls == []


def test_a_pending_prompt_is_for_its_own_log_in_alone(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    page = erin.go("/2fa/verify")
    erin.log_in(login="login-3")
    assert erin.fill(page, "/verify", code=erin.code()).status == 303
    assert erin.go("/home").status == 200
    erin.log_in(login="login-2")
    assert erin.go("/home").status == 303


def test_own_pages_are_for_those_who_are_logged_in(stage: Stage) -> None:
    nobody: Visitor = stage.visitor()
    for page in ("account", "setup", "verify", "disable", "codes"):
        reply = nobody.go(f"/2fa/{page}")
        assert (reply.status, reply.header("location"), reply.all("set-cookie")) == (303, "/login", [])
        assert nobody.fetch(f"/2fa/{page}").status == 403
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM setups").fetchone() == (0,)


@pytest.mark.parametrize(
    ("path", "allow"),
    [("account", "GET, HEAD"), ("browsers", "POST"), ("logout", "POST"), ("verify", "GET, HEAD, POST")],
)
def test_a_page_says_what_it_takes(stage: Stage, path: str, allow: str) -> None:
    reply = stage.visitor("erin").go(f"/2fa/{path}", "DELETE")
    assert (reply.status, reply.header("allow")) == (405, allow)

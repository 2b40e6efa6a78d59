"""The table of decisions, row by row: what becomes of a request, and whether the app is called. Attacks 1, 20, 65."""

from __future__ import annotations

from typing import Any

import pytest

from support import portal
from support.realm import SIGNED_COOKIE
from support.stage import Open, Stage

ENFORCED: dict[str, Any] = {
    "enforcement": {"pinned": ["Chef"]},
    "roles": {"use": "static", "users": {"erin": ["Kitchen"]}, "groups": {"Kitchen": ["Chef"]}},
}
NOW: dict[str, Any] = ENFORCED | {"enforcement": {"pinned": ["Chef"], "starts": "now"}}


def test_nobody_logged_in_reaches_the_app_and_gets_no_cookie(stage: Stage) -> None:
    reply = stage.visitor().go("/home")
    assert (reply.status, reply.body, reply.all("set-cookie")) == (200, b"secret page", [])


def test_a_valid_pass_reaches_the_app(stage: Stage) -> None:
    erin = stage.enrolled()
    reply = erin.go("/home")
    assert (reply.body, reply.all("set-cookie")) == (b"secret page", [])


@pytest.mark.parametrize("path", ["/home", "/", "/admin", "/api/tasks", "/login", "/no/such/page", "/favicon.ico"])
def test_a001_with_the_password_alone_no_page_is_reached(stage: Stage, path: str) -> None:
    stage.enrolled()
    thief = stage.visitor("erin", "login-2")
    reply = thief.go(path)
    assert (reply.status, (reply.header("location") or "")[:17]) == (303, "/2fa/verify?next=")
    assert b"secret" not in reply.body
    assert stage.spy.calls == []


def test_a001_a_forged_referer_or_a_visit_to_the_prompt_changes_nothing(stage: Stage) -> None:
    stage.enrolled()
    thief = stage.visitor("erin", "login-2")
    thief.go("/2fa/verify?next=/home")
    assert thief.go("/home", headers=[("Referer", "http://localhost:8000/2fa/verify")]).status == 303
    assert stage.spy.calls == []


def test_a002_what_was_allowed_once_is_asked_again_for_the_next_log_in(stage: Stage) -> None:
    erin = stage.enrolled()
    assert erin.go("/home").status == 200
    erin.log_in(login="login-2")
    assert erin.go("/home").status == 303
    assert erin.fetch("/home").status == 403
    assert len(stage.spy.calls) == 1


def test_a_remembered_browser_reaches_the_app_and_a_pass_is_opened(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    erin.log_in(login="login-3")
    reply = erin.go("/home")
    assert reply.body == b"secret page"
    assert [line.split("=")[0] for line in reply.all("set-cookie")] == ["2fa-pass-test-shop"]
    assert erin.go("/home").all("set-cookie") == []


def test_an_unproven_pass_may_still_be_proven(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    erin.log_in(login="login-3")
    erin.go("/home")
    stage.clock.on(30)
    before = erin.cookie("pass")
    assert erin.verify().status == 303
    assert erin.cookie("pass") != before
    assert erin.go("/2fa/verify").status == 303


def test_a065_an_enforced_role_leads_to_the_set_up_and_nowhere_else(open_stage: Open) -> None:
    stage = open_stage(**ENFORCED)
    erin = stage.visitor("erin")
    for path in ("/home", "/admin", "/2fa/account", "/2fa/disable", "/2fa/codes"):
        assert (erin.go(path).header("location") or "").startswith("/2fa/setup?next="), path
    assert erin.fetch("/api").status == 403
    assert erin.go("/2fa/setup").status == 200
    assert erin.go("/2fa/verify?next=/home").header("location") == "/home"
    assert stage.spy.calls == []


def test_a065_no_field_skips_the_set_up(open_stage: Open) -> None:
    stage = open_stage(**ENFORCED)
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup?skip=1&skip_onboarding=true")
    refused = erin.fill(page, "/setup", code=erin.wrong_code())
    assert refused.status == 422
    assert erin.go("/home?skip=1").status == 303
    assert stage.spy.calls == []


def test_the_set_up_page_names_the_role_that_demands_it(open_stage: Open) -> None:
    page = open_stage(**ENFORCED).visitor("erin").go("/2fa/setup")
    assert 'Your role <bdi class="name">Chef</bdi> requires it.' in page.text


def test_who_has_no_enforced_role_reaches_the_app_and_a_pass_is_opened(open_stage: Open) -> None:
    stage = open_stage(**ENFORCED)
    wendy = stage.visitor("wendy")
    reply = wendy.go("/home")
    assert reply.body == b"secret page"
    assert len(reply.all("set-cookie")) == 1
    assert wendy.go("/home").all("set-cookie") == []


def test_a_client_without_cookies_is_decided_anew_each_time(stage: Stage) -> None:
    for _ in range(3):
        assert stage.visitor("erin").fetch("/api").all("set-cookie") == []
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM passes").fetchone() == (0,)


@pytest.mark.parametrize("ask", ["go", "fetch"])
def test_a020_roles_that_cannot_be_read_are_503_and_never_the_set_up(open_stage: Open, ask: str) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles=portal.ROLES)
    portal.broken.add("roles")
    erin = stage.visitor("erin")
    reply = getattr(erin, ask)("/home")
    assert (reply.status, reply.header("retry-after")) == (503, "10")
    assert erin.go("/2fa/setup").status == 503
    assert stage.spy.calls == []


def test_a020_roles_are_not_asked_for_where_they_do_not_matter(open_stage: Open) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles=portal.ROLES)
    erin = stage.enrolled()
    portal.broken.add("roles")
    assert erin.go("/home").body == b"secret page"


@pytest.mark.parametrize("answer", ["Chef", [7], 5])
def test_a020_roles_that_make_no_sense_are_503(open_stage: Open, answer: Any) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles=portal.ROLES)
    portal.roles["erin"] = answer
    assert stage.visitor("erin").go("/home").status == 503
    assert stage.spy.calls == []


def test_a_role_enforced_now_reaches_a_running_log_in_at_its_next_one(stage: Stage) -> None:
    erin = stage.visitor("erin")
    erin.go("/home")
    erin = stage.changed(**ENFORCED).meets(erin)
    assert erin.go("/home").body == b"secret page"
    erin.log_in(login="login-2")
    assert (erin.go("/home").header("location") or "").startswith("/2fa/setup")


def test_starts_now_reaches_a_running_log_in_at_once(stage: Stage) -> None:
    erin = stage.visitor("erin")
    erin.go("/home")
    erin = stage.changed(**NOW).meets(erin)
    assert (erin.go("/home").header("location") or "").startswith("/2fa/setup")
    assert len(stage.spy.calls) == 1


def test_starts_now_leaves_a_proven_pass_alone(stage: Stage) -> None:
    erin = stage.enrolled()
    assert stage.changed(**NOW).meets(erin).go("/home").body == b"secret page"


def test_where_no_next_log_in_can_be_seen_enforcement_starts_now(open_stage: Open) -> None:
    blind = {"identity": [{k: v for k, v in SIGNED_COOKIE.items() if k != "session"}], "login": [], "logout": []}
    stage = open_stage(shop=blind)
    erin = stage.visitor("erin")
    erin.go("/home")
    erin = stage.changed(shop=blind, **ENFORCED).meets(erin)
    assert (erin.go("/home").header("location") or "").startswith("/2fa/setup")


def test_a065_after_the_set_up_the_app_is_reached(open_stage: Open) -> None:
    erin = open_stage(**ENFORCED).visitor("erin")
    assert erin.set_up().status == 200
    assert erin.go("/home").body == b"secret page"

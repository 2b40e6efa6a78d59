"""Who gets to the administrators' pages: a role, and a factor shown for this log-in, not long ago. Attack 70."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from support import portal
from support.administration import ADMIN, PAGES, administrator, at_user, form_for, is_on, opened, switch_off
from support.exchange import Reply
from support.stage import Open, Stage
from support.visitor import Visitor, forms_of

HOUR = 3600
UNREADABLE: dict[str, Any] = {"roles": portal.ROLES}


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return opened(open_stage)


def asked_at(visitor: Visitor, path: str) -> str:
    """Where a page of the administrators' leads to."""
    reply = visitor.go(path)
    assert reply.status == 303
    return reply.header("location") or ""


def prompt_for(path: str) -> str:
    return f"/2fa/verify?next={quote(path, safe='/')}"


def acts_of(visitor: Visitor) -> list[Reply]:
    """What happens to forms that are sent without a page of ours before: a reset, and a flag."""
    fields = {"token": "x", "generation": "0", "version": "0", "act": "off", "reason": "why", "enforce": "1"}
    return [visitor.post(f"{ADMIN}/user?id=erin", fields), visitor.post(f"{ADMIN}/role?name=Chef", fields)]


@pytest.mark.parametrize("page", PAGES)
def test_an_administrator_with_a_fresh_factor_sees_every_page(stage: Stage, page: str) -> None:
    stage.enrolled("erin")
    reply = administrator(stage).go(page)
    assert reply.status == 200
    assert reply.header("cache-control") == "no-store"
    assert "frame-ancestors 'none'" in (reply.header("content-security-policy") or "")


@pytest.mark.parametrize("page", [*PAGES, f"{ADMIN}/nothing"])
def test_in_an_app_that_is_not_for_administrators_there_is_no_such_page(stage: Stage, page: str) -> None:
    ada = stage.enrolled("ada")
    missing = ada.go("/2fa/nothing")
    assert (missing.status, ada.go(page).status, ada.go(page).text) == (404, 404, missing.text)
    assert [reply.status for reply in acts_of(ada)] == [404, 404]


@pytest.mark.parametrize("page", PAGES)
def test_a070_who_has_not_the_role_is_told_so_whatever_the_factor(stage: Stage, page: str) -> None:
    erin = administrator(stage, "erin")
    reply = erin.go(page)
    assert (reply.status, "your roles are none of theirs" in reply.text) == (403, True)
    assert b"not-administrator" in erin.fetch(page).body
    assert [reply.status for reply in acts_of(erin)] == [403, 403]


def test_nobody_who_is_logged_in_is_sent_to_the_log_in(stage: Stage) -> None:
    assert stage.visitor(app="office").go(ADMIN).header("location") == "/login"


@pytest.mark.parametrize("page", PAGES)
def test_a_password_alone_leads_to_the_set_up_and_back(stage: Stage, page: str) -> None:
    ada = stage.visitor("ada", app="office")
    ada.go("/home")  # a pass that needed nothing is there now
    place = asked_at(ada, page)
    assert place == f"/2fa/setup?next={quote(page, safe='/')}"
    saved = ada.fill(ada.fill(ada.go(place), "/setup", code=ada.code()), "/codes", action="saved", saved="1")
    assert saved.header("location") == page


def test_a070_a_password_alone_does_nothing(stage: Stage) -> None:
    stage.enrolled("erin")
    ada = stage.visitor("ada", app="office")
    assert [reply.header("location") for reply in acts_of(ada)] == [
        "/2fa/setup?next=/2fa/admin/user%3Fid%3Derin",
        "/2fa/setup?next=/2fa/admin/role%3Fname%3DChef",
    ]
    assert is_on(stage)


@pytest.mark.parametrize("page", PAGES)
def test_a070_who_has_not_shown_the_factor_is_prompted_and_led_back(stage: Stage, page: str) -> None:
    stage.enrolled("erin")
    ada = administrator(stage)
    ada.log_in("ada", "login-2")
    place = asked_at(ada, page)
    assert place == prompt_for(page)
    assert ada.fill(ada.go(place), "/verify", code=ada.code()).header("location") == page
    assert ada.go(page).status == 200


def test_a070_a_remembered_browser_is_prompted_all_the_same(stage: Stage) -> None:
    ada = administrator(stage)
    ada.log_in("ada", "login-2")
    ada.verify(remember="1")
    stage.clock.on(30)
    ada.log_in("ada", "login-3")
    assert ada.go("/home").body == b"secret page"
    assert asked_at(ada, ADMIN) == prompt_for(ADMIN)
    assert [reply.status for reply in acts_of(ada)] == [303, 303]


def test_a_recovery_code_is_a_factor(stage: Stage) -> None:
    ada = administrator(stage)
    ada.log_in("ada", "login-2")
    assert ada.recover(ada.codes[0]).status == 303
    assert ada.go(ADMIN).status == 200


def test_a_factor_serves_for_the_minutes_that_the_settings_say(open_stage: Open) -> None:
    stage = opened(open_stage, admin={"fresh_minutes": 5})
    ada = administrator(stage)
    proven_at = stage.clock.now - 30
    stage.clock.now = proven_at + 300
    assert ada.go(ADMIN).status == 200
    stage.clock.now = proven_at + 301
    assert asked_at(ada, ADMIN) == prompt_for(ADMIN)
    assert ada.go("/home").body == b"secret page"


def test_with_a_pass_too_old_the_prompt_asks_again_and_the_new_pass_ends_the_old(stage: Stage) -> None:
    ada = administrator(stage)
    old = dict(ada.cookies)
    stage.clock.on(HOUR)
    page = ada.go(asked_at(ada, f"{ADMIN}/users?q=a%25"))
    assert "Enter the code from your authenticator app" in page.text
    assert ada.fill(page, "/verify", code=ada.code()).header("location") == f"{ADMIN}/users?q=a%25"
    assert ada.go(f"{ADMIN}/users?q=a%25").status == 200
    before = ada.elsewhere()
    before.cookies = old
    assert before.go("/home").header("location") == "/2fa/verify?next=/home"


def test_a_wrong_code_asks_again_and_so_does_the_way_by_recovery_code(stage: Stage) -> None:
    ada = administrator(stage)
    stage.clock.on(HOUR)
    page = ada.go(prompt_for(ADMIN))
    again = ada.fill(page, "/verify", code=ada.wrong_code())
    assert (again.status, forms_of(again.text)[0].hidden["next"]) == (422, ADMIN)
    assert "again=1" in again.text
    by_recovery = ada.go(f"/2fa/verify?with=recovery&next={ADMIN}&again=1")
    assert ada.fill(by_recovery, "/verify", recovery=ada.codes[0]).header("location") == ADMIN
    assert ada.go(ADMIN).status == 200


def test_a_fresh_pass_is_not_asked_again_at_the_prompt(stage: Stage) -> None:
    ada = administrator(stage)
    assert asked_at(ada, prompt_for(ADMIN)) == ADMIN
    stage.clock.on(HOUR)
    assert asked_at(ada, "/2fa/verify?next=/home") == "/home"


def test_a_form_that_comes_with_a_stale_pass_changes_nothing_and_leads_to_the_prompt(stage: Stage) -> None:
    stage.enrolled("erin")
    ada = administrator(stage)
    stage.clock.on(HOUR - 60)
    action, hidden = form_for(at_user(ada), act="off")
    stage.clock.on(60)  # the form is good for an hour, the pass is not any more
    reply = ada.post(action, hidden | {"reason": "lost phone"})
    assert reply.header("location") == prompt_for(f"{ADMIN}/user?id=erin")
    assert is_on(stage)


def test_a_form_that_comes_with_a_remembered_pass_changes_nothing(stage: Stage) -> None:
    stage.enrolled("erin")
    ada = administrator(stage)
    ada.log_in("ada", "login-2")
    ada.verify(remember="1")
    action, hidden = form_for(at_user(ada), act="off")
    ada.log_in("ada", "login-3")
    ada.go("/home")
    assert ada.post(action, hidden | {"reason": "lost phone"}).status == 303
    assert is_on(stage)


def test_a_program_with_a_stale_pass_gets_a_problem_with_the_page_to_open(stage: Stage) -> None:
    ada = administrator(stage)
    stage.clock.on(HOUR)
    reply = ada.fetch(ADMIN)
    assert (reply.status, b"verify-required" in reply.body) == (403, True)


@pytest.mark.parametrize("page", PAGES)
def test_a070_roles_that_cannot_be_read_are_our_fault_and_never_an_administrator(open_stage: Open, page: str) -> None:
    stage = opened(open_stage, **UNREADABLE)
    portal.roles["ada"] = ["Boss"]
    stage.enrolled("erin")
    ada = administrator(stage)
    action, hidden = form_for(at_user(ada), act="off")
    portal.broken.add("roles")
    assert ada.go(page).status == 503
    assert ada.post(action, hidden | {"reason": "lost phone"}).status == 503
    assert ada.go("/2fa/account").status == 503
    assert is_on(stage)


def test_a070_who_loses_the_role_is_no_administrator_from_then_on(open_stage: Open) -> None:
    stage = opened(open_stage, **UNREADABLE)
    portal.roles["ada"] = ["Boss"]
    stage.enrolled("erin")
    ada = administrator(stage)
    action, hidden = form_for(at_user(ada), act="off")
    portal.roles["ada"] = ["boss", "Boss "]
    assert ada.post(action, hidden | {"reason": "lost phone"}).status == 403
    assert is_on(stage)


def test_without_roles_in_the_settings_nobody_is_an_administrator(open_stage: Open) -> None:
    stage = opened(open_stage, admin={"roles": []})
    ada = administrator(stage)
    assert ada.go(ADMIN).status == 403
    assert "Administration" not in ada.go("/2fa/account").text


def test_a070_the_pass_of_another_app_of_the_realm_is_none_here(stage: Stage) -> None:
    ada = stage.meets(stage.enrolled("ada"), "office")
    ada.log_in("ada")
    assert asked_at(ada, ADMIN) == prompt_for(ADMIN)


def test_an_account_that_cannot_be_read_is_no_way_in(stage: Stage) -> None:
    ada = administrator(stage)
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = zeroblob(60)")
    assert ada.go(ADMIN).status == 503


def test_the_account_page_leads_administrators_to_their_pages_and_nobody_else(stage: Stage) -> None:
    link = f'<a href="{ADMIN}">Administration</a>'
    assert link in stage.visitor("ada", app="office").go("/2fa/account").text
    assert link not in stage.visitor("erin", app="office").go("/2fa/account").text
    assert link not in stage.visitor("ada", "login-2").go("/2fa/account").text
    assert '<a href="/2fa/account">' in administrator(stage, "bob").go(ADMIN).text


@pytest.mark.parametrize(
    "wanted",
    ["/2fa/account", "/2fa/logout", "/2fa/adm", "/2fa/administration", "/2fa/admin/../logout", "/2fa/admin/%2e%2e/x"],
)
def test_no_other_page_of_ours_is_a_place_to_go_on_to(stage: Stage, wanted: str) -> None:
    ada = administrator(stage)
    ada.log_in("ada", "login-2")
    assert ada.fill(ada.go(prompt_for(wanted)), "/verify", code=ada.code()).header("location") == "/"


def test_in_other_apps_not_even_the_administrators_pages_are(stage: Stage) -> None:
    ada = stage.enrolled("ada")
    ada.log_in("ada", "login-2")
    assert ada.fill(ada.go(prompt_for(ADMIN)), "/verify", code=ada.code()).header("location") == "/"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_no_other_method(stage: Stage, page: str, method: str) -> None:
    reply = administrator(stage).go(page, method)
    has_form = page.startswith((f"{ADMIN}/user?", f"{ADMIN}/role?"))
    assert (reply.status, reply.header("allow")) == (405, "GET, HEAD, POST" if has_form else "GET, HEAD")


@pytest.mark.parametrize("page", [ADMIN, f"{ADMIN}/users", f"{ADMIN}/roles", f"{ADMIN}/events"])
def test_a_page_without_a_form_takes_no_post(stage: Stage, page: str) -> None:
    assert administrator(stage).post(page, {"token": "x"}).status == 405


def test_in_mode_report_the_pages_ask_for_as_much(open_stage: Open) -> None:
    stage = opened(open_stage, mode="report")
    stage.enrolled("erin")
    ada = administrator(stage)
    assert ada.go(ADMIN).status == 200
    stage.clock.on(HOUR)
    assert asked_at(ada, ADMIN) == prompt_for(ADMIN)
    assert stage.visitor("erin", "login-2", app="office").go(ADMIN).status == 403
    assert [reply.status for reply in acts_of(ada)] == [303, 303]
    assert is_on(stage)


def test_below_a_mount_the_way_to_the_prompt_and_back_stays_below_it(stage: Stage) -> None:
    ada = stage.visitor("ada", app="office")
    ada.root = "/portal"
    ada.set_up()
    stage.clock.on(30)
    ada.log_in("ada", "login-2")
    place = asked_at(ada, f"{ADMIN}/events")
    assert place == "/portal/2fa/verify?next=/portal/2fa/admin/events"
    reply = ada.fill(ada.go(place.removeprefix("/portal")), "/verify", code=ada.code())
    assert reply.header("location") == "/portal/2fa/admin/events"


def test_with_role_and_fresh_factor_the_same_form_does_something(stage: Stage) -> None:
    stage.enrolled("erin")
    assert switch_off(administrator(stage)).status == 303
    assert not is_on(stage)

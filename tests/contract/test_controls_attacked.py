"""Controls in the app's own pages, where page, directory or headers are not as one would like. Attacks 28, 69, 96, 99."""

from __future__ import annotations

import pytest

from contract.test_inserts import (
    HTML,
    INSERTS,
    ROUTES,
    SETTINGS,
    USER_FORM,
    form_page,
    is_on,
    page_of,
    save,
    unticked,
)
from support import administration
from support.spy import Told
from support.stage import Open
from twofa_middleware.accounts.access import look
from twofa_middleware.drive import drive
from twofa_middleware.http import Request
from twofa_middleware.inserts.controls import Scene
from twofa_middleware.inserts.rules import rules_of
from twofa_middleware.inserts.splicing import ControlSplicing, Page
from twofa_middleware.protocol import Flow, Login, Result
from twofa_middleware.runtime import Runtime
from twofa_middleware.wiring import build

UNKNOWN = ["iso-8859-12", "windows-1259", "koi8-zz", "utf-8mb4"]


def test_a069_an_administrator_has_no_control_over_herself_by_another_spelling_of_her_id(open_stage: Open) -> None:
    for table in (administration.people, administration.members, administration.broken):
        table.clear()
    administration.hire("ada")
    administration.hire("erin")
    for user in ("ada", "erin"):  # a directory that takes one person's id in several ways
        administration.people[user.upper()] = administration.people[user]
    routes = ROUTES | {"/users/ADA/edit": form_page, "/users/ERIN/edit": form_page}
    stage = open_stage(routes=routes, directory=administration.STAFF, **SETTINGS)
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    assert "twofa-token" not in page_of(ada, "/users/ADA/edit")
    assert save(ada, "/users/ERIN/edit", unticked(ada, "/users/ERIN/edit")).status == 303
    assert is_on(stage, "ada")
    assert not is_on(stage, "erin")


def test_where_the_page_names_no_role_there_is_no_control(open_stage: Open) -> None:
    inserts = [INSERTS[2] | {"target": "attr:data-role"}]
    stage = open_stage(routes=ROUTES, **SETTINGS | {"shop": {"admin": True, "inserts": inserts}})
    assert "twofa" not in page_of(stage.enrolled("ada"), "/roles/Chef/edit")


@pytest.mark.parametrize("charset", UNKNOWN)
def test_a_page_in_a_charset_that_nobody_knows_goes_on_as_it_came(open_stage: Open, charset: str) -> None:
    kind = ("Content-Type", f"text/html; charset={charset}")
    stage = open_stage(routes={"/profile": lambda call: Told(200, [kind], USER_FORM.encode())}, **SETTINGS)
    reply = stage.visitor("erin").go("/profile")
    assert (reply.status, reply.body) == (200, USER_FORM.encode())


def test_a096_no_header_of_another_name_lets_a_shared_cache_keep_the_page(open_stage: Open) -> None:
    shared = [(name, "max-age=60") for name in ("Surrogate-Control", "CDN-Cache-Control")]
    stage = open_stage(routes={"/profile": lambda call: Told(200, [HTML, *shared], USER_FORM.encode())}, **SETTINGS)
    reply = stage.visitor("erin").go("/profile")
    assert (reply.header("surrogate-control"), reply.header("cdn-cache-control")) == (None, None)


# ---- the form around ------------------------------------------------------------------------------------------------

PATH = "/users/erin/edit"


def in_a_form(open_stage: Open, form: str) -> str:
    """The page that ada gets, whose box stands in this form, or in none."""
    page = f"<!doctype html><p>x{form}<fieldset id=account></fieldset>"
    inserts = [INSERTS[1] | {"selector": "fieldset#account"}]
    settings = SETTINGS | {"shop": {"admin": True, "inserts": inserts}}
    stage = open_stage(routes={PATH: lambda call: Told(200, [HTML], page.encode())}, **settings)
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    return page_of(ada, PATH)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "<form>",
        "<form method=get action='/users/erin/edit'>",
        "<form method=dialog>",
        "<form method=post action=https://evil.example/users/erin/edit>",
        "<form method=post action=//evil.example/users/erin/edit>",
        "<form method=post action='/\\evil.example/users/erin/edit'>",
        "<form method=post action='\t//evil.example/users/erin/edit'>",
        "<form method=post action=https:edit>",
        "<form method=post action='javascript:x'>",
        "<form method=post action='http://localhost:8000@evil.example/users/erin/edit'>",
        "<form method=post action=http://localhost:8001/users/erin/edit>",
        "<form method=post action=/users/wendy/edit>",
        "<form method=post action=/users/erin>",
        "<form method=post action=/users/erin/edit/>",
        "<form method=post action='http://[/users/erin/edit'>",
        "<form method=post></form>",
        "<base href=https://evil.example/users/erin/><form method=post action=edit>",
        "<BASE HREF=//evil.example><form method=post action=/users/erin/edit>",
        "<base target=x><base href='//evil.example'><base href=/><form method=post action=/users/erin/edit>",
        "<base href='/users/wendy/'><form method=post action=edit>",
    ],
)
def test_a_box_is_drawn_in_no_form_but_one_that_posts_to_its_page(
    open_stage: Open, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    assert "twofa" not in in_a_form(open_stage, form)
    [told_of] = [line for line in caplog.messages if "not in a form that posts to the page" in line]
    assert "let the selector name a place in a form" in told_of


@pytest.mark.parametrize(
    "form",
    [
        "<form method=post>",
        "<FORM METHOD=POST ACTION=''>",
        "<form method=post action=edit>",
        "<form method=post action='?tab=1'>",
        "<form method=post action=' /users/erin/edit#top '>",
        "<form method=post action=../erin/edit>",
        "<form method=post action=http://localhost:8000/users/erin/edit>",
        "<form method=post action='&#47;users/erin/edit'>",
        "<base href=https://evil.example/><form method=post action=''>",
        "<base href=/><form method=post action=/users/erin/edit>",
        "<!--<base href=//evil.example>--><form method=post action=edit>",
    ],
)
def test_however_a_form_says_that_it_posts_to_its_page_the_box_is_drawn(open_stage: Open, form: str) -> None:
    assert "twofa-token" in in_a_form(open_stage, form)


def test_beside_a_form_is_not_in_it(open_stage: Open) -> None:
    inserts = [INSERTS[1] | {"selector": "form#user", "position": "before"}]
    stage = open_stage(routes=ROUTES, **SETTINGS | {"shop": {"admin": True, "inserts": inserts}})
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    assert "twofa" not in page_of(ada, PATH)


def test_what_goes_wrong_while_a_page_is_followed_costs_the_controls_alone(
    open_stage: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """No page is known that does it; here it is a charset whose codec refuses the page."""
    stage = open_stage(**SETTINGS)
    runtime = build(stage.realm.settings, "shop", asynchronous=False, clock=stage.clock)
    site = runtime.gate.site
    login, now = Login("erin"), stage.clock.now
    request = Request("http", "GET", "", "/profile", b"/profile", b"", (), {}, now)
    access = runtime_answer(runtime, look(site, login, request))
    rules = rules_of(site.app, "shop", "test", asynchronous=False)[:1]
    splicing = ControlSplicing(Scene(site, request, login, access), rules, Page(is_xml=False, charset="idna"))
    page = USER_FORM.encode()
    chunks = [page[at : at + 40] for at in range(0, len(page), 40)]
    out = b"".join(runtime_answer(runtime, splicing.feed(chunk)) for chunk in chunks)
    assert out + runtime_answer(runtime, splicing.close()) == page
    assert any("a control could not be drawn" in line for line in caplog.messages)
    runtime.close()


def runtime_answer(runtime: Runtime, flow: Flow[Result]) -> Result:
    return drive(flow, runtime.answer)

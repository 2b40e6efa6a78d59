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

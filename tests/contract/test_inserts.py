"""The product's controls in the app's own pages: drawn for whom they are, and done only as they were drawn. S1, S4, S8 to
S10; attacks 29, 68, 70, 71, 99, 105.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest

from support.exchange import Reply, encoded
from support.spy import Behaviour, Call, Told
from support.stage import ADA, Open, Stage
from support.visitor import FORM_TYPE, Visitor, forms_of
from twofa_middleware.accounts.administer import disable, look_at
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow, Person

HTML = ("Content-Type", "text/html; charset=utf-8")
USER_FORM = """<!doctype html><html><body><ul id="menu"><li>Profile</li></ul>
<form id="user" method="post" action="{path}"><input name="name" value="Erin &amp; Co">
<fieldset id="account"><legend>Account</legend></fieldset><button>Save</button></form></body></html>"""
ROLES = """<!doctype html><table><tbody>
<tr id="Chef"><th>Chef</th></tr><tr id="Waiter"><th>Waiter</th></tr></tbody></table>"""
INSERTS: list[dict[str, Any]] = [
    {"path": "/profile", "selector": "#menu", "what": "profile-link", "wrap": "li", "classes": "item"},
    {
        "path": "/users/{user}/edit",
        "selector": "form fieldset#account",
        "what": "user-checkbox",
        "target": "path:user",
        "accepted": {"location": "/users"},
    },
    {
        "path": "/roles/{role}/edit",
        "selector": "form fieldset#account",
        "what": "role-checkbox",
        "target": "path:role",
        "accepted": {"location": "/roles"},
    },
    {"path": "/roles", "selector": "tbody th", "what": "role-mark", "target": "attr:id", "every": True},
]
INSERTS[3] |= {"selector": "tbody tr"}


def form_page(call: Call) -> Told:
    if call.method == "GET":
        return Told(200, [HTML], USER_FORM.format(path=call.path).encode())
    return Told(303, [("Location", "/users" if call.path.startswith("/users") else "/roles?saved=1")], b"")


ROUTES: dict[str, Behaviour] = {
    "/profile": form_page,
    "/users/erin/edit": form_page,
    "/users/ada/edit": form_page,
    "/users/wendy/edit": form_page,
    "/roles/Chef/edit": form_page,
    "/roles/Boss/edit": form_page,
    "/roles": lambda call: Told(200, [HTML], ROLES.encode()),
}
SETTINGS: dict[str, Any] = {
    "roles": {"use": "static", "users": {"ada": ["Boss"], "erin": ["Chef"]}},
    "admin": {"roles": ["Boss"]},
    "shop": {"admin": True, "inserts": INSERTS},
}


@pytest.fixture
def office(open_stage: Open) -> Stage:
    return open_stage(routes=ROUTES, **SETTINGS)


@pytest.fixture
def ada(office: Stage) -> Visitor:
    """An administrator who has shown a factor half a minute ago."""
    return office.enrolled("ada")


@pytest.fixture
def erin(office: Stage, ada: Visitor) -> Visitor:
    """Somebody who has two-factor authentication on; the calls of the app are counted from now on."""
    return office.enrolled("erin")


def page_of(visitor: Visitor, path: str) -> str:
    reply = visitor.go(path)
    assert reply.status == 200
    return reply.text


def fields_of(text: str) -> dict[str, str]:
    """What the form of a page would send, the check box as it stands."""
    form = next(form for form in forms_of(text) if form.action.endswith("/edit"))
    ticked = re.search(r'<input type="checkbox" name="twofa-on"[^>]*checked[^>]*>', text)
    box = {"twofa-on": "1"} if ticked and "disabled" not in ticked[0] else {}
    return {"name": "Erin & Co"} | form.hidden | box


def save(visitor: Visitor, path: str, fields: dict[str, str]) -> Reply:
    return visitor.post(path, fields)


def is_on(stage: Stage, user: str) -> bool:
    seen = stage.administer(lambda desk: look_at(desk, Person(user), stage.clock.now))
    return seen.is_on


def box_of(text: str) -> str:
    found = re.search(r'<input type="checkbox" name="twofa-on"[^>]*>', text)
    assert found is not None
    return found[0]


def reset(desk: Desk, now: int) -> Flow[object]:
    """What another administrator does to erin."""
    seen = yield from look_at(desk, Person("erin"), now)
    return (yield from disable(desk, ADA, seen, "lost", now))


# ---- what is drawn


def test_the_profile_shows_enable_and_once_it_is_on_disable(office: Stage) -> None:
    erin = office.visitor("erin")
    assert (
        '<li><a href="/2fa/setup?next=/profile" class="item">Enable Two-Factor Authentication</a></li></ul>'
        in page_of(erin, "/profile")
    )
    erin.set_up()
    text = page_of(erin, "/profile")
    assert re.search(r'<li><a href="/2fa/disable" class="item"[^>]*>Disable</a></li></ul>', text)


def test_the_rest_of_the_page_is_byte_for_byte_the_apps(office: Stage) -> None:
    text = page_of(office.visitor("erin"), "/profile")
    assert re.sub(r"<li><a href.*?</li>(?=</ul>)", "", text, flags=re.DOTALL) == USER_FORM.format(path="/profile")


def test_a_page_with_a_control_is_for_one_person_and_for_now(office: Stage) -> None:
    reply = office.visitor("erin").go("/profile", headers=[("If-None-Match", '"x"'), ("Accept-Encoding", "br")])
    assert reply.header("cache-control") == "private, no-store"
    assert (reply.header("etag"), reply.header("content-length")) in ((None, None), (None, str(len(reply.body))))
    (call,) = office.spy.calls
    assert call.headers.get("accept-encoding") == "identity"
    assert "if-none-match" not in call.headers


def test_a_user_who_has_it_shows_ticked_and_enabled_and_one_who_has_not_unticked_and_disabled(
    office: Stage, ada: Visitor, erin: Visitor
) -> None:
    on = box_of(page_of(ada, "/users/erin/edit"))
    assert "checked" in on
    assert "disabled" not in on
    office.visitor("wendy").go("/home")
    off = box_of(page_of(ada, "/users/wendy/edit"))
    assert "checked" not in off
    assert "disabled" in off


def test_nobody_else_than_an_administrator_with_a_fresh_factor_gets_a_live_control(
    office: Stage, ada: Visitor, erin: Visitor
) -> None:
    assert "twofa-token" not in page_of(erin, "/users/ada/edit")
    office.clock.on(3601)
    text = page_of(ada, "/users/erin/edit")
    assert "disabled" in box_of(text)
    assert "twofa-token" not in text
    assert 'href="/2fa/verify?next=/users/erin/edit&amp;again=1"' in text


def test_an_administrator_has_no_control_over_herself(office: Stage, ada: Visitor) -> None:
    text = page_of(ada, "/users/ada/edit")
    assert "disabled" in box_of(text)
    assert "twofa-token" not in text


def test_the_list_of_roles_shows_which_are_enforced(office: Stage, ada: Visitor) -> None:
    assert page_of(ada, "/roles").count("enforced") == 0
    office.enforce("Waiter")
    text = page_of(ada, "/roles")
    assert re.findall(r"<th>(\w+)</th><span>Two-factor", text) == ["Waiter"]


# ---- what a form does


def test_unticked_and_saved_switches_it_off_and_the_app_gets_its_form_as_without_us(
    office: Stage, ada: Visitor, erin: Visitor
) -> None:
    fields = fields_of(page_of(ada, "/users/erin/edit"))
    assert fields.pop("twofa-on") == "1"
    reply = save(ada, "/users/erin/edit", fields)
    assert (reply.status, reply.header("location")) == (303, "/users")
    assert parse_qsl(office.spy.calls[-1].body.decode()) == [("name", "Erin & Co")]
    assert not is_on(office, "erin")
    event = next(event for event in office.events() if event.name == "disabled by an administrator")
    assert (event.user, event.facts["actor"]) == ("erin", "ada")
    erin.log_in(login="login-2")
    assert erin.go("/home").body == b"secret page"


def test_left_as_it_was_changes_nothing(office: Stage, ada: Visitor, erin: Visitor) -> None:
    reply = save(ada, "/users/erin/edit", fields_of(page_of(ada, "/users/erin/edit")))
    assert reply.status == 303
    assert is_on(office, "erin")


@pytest.mark.parametrize("forged", [{"twofa-on": "1"}, {"twofa-on": "1", "twofa-token": "x", "other": "y"}])
def test_a070_nothing_can_tick_it(office: Stage, ada: Visitor, forged: dict[str, str]) -> None:
    office.visitor("wendy").go("/home")
    fields = fields_of(page_of(ada, "/users/wendy/edit"))
    save(ada, "/users/wendy/edit", fields | forged)
    assert not is_on(office, "wendy")
    assert all(b"twofa" not in call.body for call in office.spy.calls)


def test_a_role_is_enforced_and_let_go_by_its_form(office: Stage, ada: Visitor, erin: Visitor) -> None:
    fields = fields_of(page_of(ada, "/roles/Chef/edit"))
    assert "twofa-on" not in fields
    assert save(ada, "/roles/Chef/edit", fields | {"twofa-on": "1"}).status == 303
    fields = fields_of(page_of(ada, "/roles/Chef/edit"))
    assert fields.pop("twofa-on") == "1"
    save(ada, "/roles/Chef/edit", fields)
    assert "checked" not in box_of(page_of(ada, "/roles/Chef/edit"))
    names = [event.name for event in office.events() if event.name.startswith("role")]
    assert names == ["role enforced", "role no longer enforced"]


def test_a_pinned_role_cannot_be_let_go(open_stage: Open) -> None:
    stage = open_stage(routes=ROUTES, **SETTINGS, enforcement={"pinned": ["Chef"]})
    text = page_of(stage.enrolled("ada"), "/roles/Chef/edit")
    assert "checked" in box_of(text)
    assert "disabled" in box_of(text)
    assert "twofa-token" not in text


# ---- what it refuses


def refused(stage: Stage, reply: Reply, status: int = 409) -> bool:
    """Nothing has happened: not in the app, and not to erin."""
    assert reply.status == status
    assert [call.method for call in stage.spy.calls].count("POST") == 0
    return is_on(stage, "erin")


def unticked(visitor: Visitor, path: str = "/users/erin/edit") -> dict[str, str]:
    fields = fields_of(page_of(visitor, path))
    fields.pop("twofa-on", None)
    return fields


def test_a071_a_form_without_its_token_changes_nothing(office: Stage, ada: Visitor, erin: Visitor) -> None:
    fields = unticked(ada)
    assert refused(office, save(ada, "/users/erin/edit", {k: v for k, v in fields.items() if k != "twofa-token"}))
    assert save(ada, "/users/erin/edit", {"name": "x"}).status == 303
    assert is_on(office, "erin")


def test_a029_a_token_drawn_for_one_user_does_nothing_to_another(office: Stage, ada: Visitor, erin: Visitor) -> None:
    office.enrolled("wendy")
    assert refused(office, save(ada, "/users/erin/edit", unticked(ada, "/users/wendy/edit")))
    mixed = unticked(ada) | {"twofa-state": unticked(ada, "/users/wendy/edit")["twofa-state"]}
    assert refused(office, save(ada, "/users/erin/edit", mixed))
    assert is_on(office, "wendy")


def test_a_token_of_another_administrator_or_of_an_ended_pass_is_none(open_stage: Open) -> None:
    roles = {"use": "static", "users": {"ada": ["Boss"], "bo": ["Boss"]}}
    stage = open_stage(routes=ROUTES, **SETTINGS | {"roles": roles})
    ada, bo = stage.enrolled("ada"), stage.enrolled("bo")
    stage.enrolled("erin")
    fields = unticked(ada)
    assert refused(stage, save(bo, "/users/erin/edit", fields))
    stage.clock.on(30)
    ada.log_in("ada", "login-2")
    ada.verify()
    assert refused(stage, save(ada, "/users/erin/edit", fields))


def test_a_token_of_another_app_is_none(open_stage: Open) -> None:
    stage = open_stage(routes=ROUTES, **SETTINGS)
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    fields = unticked(ada)
    there = stage.visitor("ada", "login-1", app="office")
    there.key = ada.key
    stage.clock.on(30)
    there.verify()
    assert save(there, "/users/erin/edit", fields).status == 409
    assert [call.method for call in stage.spies["office"].calls].count("POST") == 0
    assert is_on(stage, "erin")


def test_a_form_is_good_for_ten_minutes(office: Stage, ada: Visitor, erin: Visitor) -> None:
    fields = unticked(ada)
    office.clock.on(600)
    assert refused(office, save(ada, "/users/erin/edit", fields))


def test_a_form_works_once(office: Stage, ada: Visitor, erin: Visitor) -> None:
    fields = unticked(ada)
    assert save(ada, "/users/erin/edit", fields).status == 303
    erin.set_up()
    assert save(ada, "/users/erin/edit", fields).status == 409
    assert is_on(office, "erin")


def test_who_turned_it_on_after_the_form_was_drawn_keeps_it(office: Stage, ada: Visitor) -> None:
    erin = office.visitor("erin")
    erin.go("/home")
    fields = fields_of(page_of(ada, "/users/erin/edit"))
    erin.set_up()
    assert save(ada, "/users/erin/edit", fields).status == 303
    assert is_on(office, "erin")


def test_whose_account_has_moved_is_not_switched_off_by_an_older_form(
    office: Stage, ada: Visitor, erin: Visitor
) -> None:
    fields = unticked(ada)
    erin.confirm("codes")
    assert refused(office, save(ada, "/users/erin/edit", fields))


def test_a_flag_that_somebody_else_has_set_is_not_overwritten(office: Stage, ada: Visitor) -> None:
    fields = fields_of(page_of(ada, "/roles/Chef/edit"))
    office.enforce("Chef", grace_days=3)
    assert save(ada, "/roles/Chef/edit", fields | {"twofa-on": "1"}).status == 409


def test_a_factor_that_is_too_old_is_asked_for_before_the_app_is_called(open_stage: Open) -> None:
    stage = open_stage(routes=ROUTES, **SETTINGS | {"admin": {"roles": ["Boss"], "fresh_minutes": 5}})
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    stage.clock.on(240)
    fields = unticked(ada)
    stage.clock.on(120)
    reply = save(ada, "/users/erin/edit", fields)
    assert refused(stage, reply, 403)
    assert "/2fa/verify?next=/users/erin/edit&amp;again=1" in reply.text


@pytest.mark.parametrize(
    ("status", "location"),
    [(200, None), (422, None), (303, "/login"), (303, "/users/erin/edit"), (302, "/users"), (500, None)],
)
def test_what_the_app_has_not_accepted_is_not_done(open_stage: Open, status: int, location: str | None) -> None:
    def answer(call: Call) -> Told:
        if call.method == "GET":
            return form_page(call)
        return Told(status, [HTML, *([("Location", location)] if location else [])], b"no")

    stage = open_stage(routes=ROUTES | {"/users/erin/edit": answer}, **SETTINGS)
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    save(ada, "/users/erin/edit", unticked(ada))
    assert is_on(stage, "erin")


def test_what_moves_while_the_app_works_is_said_to_be_undone(open_stage: Open) -> None:
    def meanwhile(call: Call) -> Told:
        if call.method == "POST":
            stage.administer(lambda desk: reset(desk, stage.clock.now))
        return form_page(call)

    stage = open_stage(routes=ROUTES | {"/users/erin/edit": meanwhile}, **SETTINGS)
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    reply = save(ada, "/users/erin/edit", unticked(ada))
    assert reply.status == 409
    assert "Two-factor authentication was NOT changed" in reply.text
    by = [event.facts["actor"] for event in stage.events() if event.name == "disabled by an administrator"]
    assert by == [ADA.id]


def test_a_store_that_fails_before_stops_the_form_and_one_that_fails_after_is_told(open_stage: Open) -> None:
    def breaks(call: Call) -> Told:
        if call.method == "POST":
            stage.realm.store_file.rename(stage.realm.store_file.with_suffix(".gone"))
        return form_page(call)

    stage = open_stage(routes=ROUTES | {"/users/erin/edit": breaks}, **SETTINGS)
    ada = stage.enrolled("ada")
    stage.enrolled("erin")
    fields = unticked(ada)
    reply = save(ada, "/users/erin/edit", fields)
    assert reply.status == 503
    assert "Two-factor authentication was NOT changed" in reply.text
    calls = len(stage.spy.calls)
    assert save(ada, "/users/erin/edit", fields).status == 503
    assert len(stage.spy.calls) == calls
    stage.realm.store_file.with_suffix(".gone").rename(stage.realm.store_file)
    assert is_on(stage, "erin")


def test_a043_doubled_coded_and_odd_forms_are_refused_before_the_app_is_called(
    office: Stage, ada: Visitor, erin: Visitor
) -> None:
    body = encoded(unticked(ada))

    def sent(content: bytes, *headers: tuple[str, str]) -> int:
        return ada.go("/users/erin/edit", "POST", [("Origin", ada.origin), *headers], content).status

    assert sent(body + b"&twofa-state=x", FORM_TYPE) == 400
    assert sent(body, FORM_TYPE, ("Content-Encoding", "gzip")) == 415
    assert sent(body, ("Content-Type", FORM_TYPE[1] + "; charset=utf-16")) == 400
    assert sent(body, ("Content-Type", "multipart/form-data; boundary=x")) == 400
    assert sent(b"a=" + b"x" * 1024 * 1024, FORM_TYPE) == 413
    assert [call.method for call in office.spy.calls].count("POST") == 0


def test_a105_what_is_no_form_of_a_browser_goes_on_as_it_came(office: Stage, ada: Visitor) -> None:
    body = b'{"twofa-on": 1}'
    ada.fetch("/users/erin/edit", "POST", [("Content-Type", "application/json")], body)
    assert office.spy.calls[-1].body == body


def test_after_a_reset_with_a_code_the_administrator_sees_the_code_once(open_stage: Open) -> None:
    stage = open_stage(routes=ROUTES, **SETTINGS | {"admin": {"roles": ["Boss"], "after_reset": "code"}})
    ada = stage.enrolled("ada")
    erin = stage.enrolled("erin")
    reply = save(ada, "/users/erin/edit", unticked(ada))
    assert reply.status == 200
    code = re.search(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", reply.text)
    assert code is not None
    assert 'href="/users"' in reply.text
    page = erin.go("/2fa/setup")
    assert erin.fill(page, "/setup", code=erin.code(), reset=code[0]).status == 200


def test_a_control_that_cannot_be_drawn_costs_the_control_alone(open_stage: Open) -> None:
    from support import portal

    stage = open_stage(routes=ROUTES, **SETTINGS | {"roles": portal.ROLES})
    portal.roles["ada"] = ["Boss"]
    ada = stage.enrolled("ada")
    portal.broken.add("roles")
    text = page_of(ada, "/users/erin/edit")
    assert "twofa" not in text
    assert text == USER_FORM.format(path="/users/erin/edit")


def test_a099_names_are_escaped_where_they_are_drawn(open_stage: Open) -> None:
    inserts = [INSERTS[2] | {"path": "/roles/{role}/edit"}]
    routes: dict[str, Behaviour] = {'/roles/"><script>/edit': form_page}
    stage = open_stage(routes=routes, **SETTINGS | {"shop": {"admin": True, "inserts": inserts}})
    ada = stage.enrolled("ada")
    assert "<script>" not in ada.go("/roles/%22%3E%3Cscript%3E/edit").text.replace('/roles/"><script>/edit', "")


def test_an_administrators_reset_by_the_pages_makes_an_older_form_worthless(
    office: Stage, ada: Visitor, erin: Visitor
) -> None:
    fields = unticked(ada)

    office.administer(lambda desk: reset(desk, office.clock.now))
    erin.set_up()
    assert save(ada, "/users/erin/edit", fields).status == 409
    assert is_on(office, "erin")

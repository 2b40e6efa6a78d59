"""Roles as administrators see them: whom enforcing one would stop, before it is, and the flag itself. S10, S11."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from support.administration import ADMIN, SETTINGS, STAFF, administrator, at_user, form_for, hire, is_on, opened
from support.exchange import Reply, encoded
from support.stage import Open, Stage
from support.visitor import FORM_TYPE, Visitor, forms_of
from twofa_middleware.accounts.rules import Flag, read_flags

CHEF = f"{ADMIN}/role?name=Chef"
DAY = 86400


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    """A directory in which twelve people are chefs, nine of them through the kitchen, and three have it on."""
    stage = opened(open_stage, directory=STAFF)
    for number in range(12):
        hire(f"u{number:02}", Chef=["Kitchen"] if number < 9 else [])
    hire("ada", Boss=[])
    for number in range(3):
        stage.enrolled(f"u{number:02}")
    return stage


@pytest.fixture
def ada(stage: Stage) -> Visitor:
    return administrator(stage)


def flag(stage: Stage, role: str = "Chef") -> Flag | None:
    return stage.administer(read_flags).get(role)


def save(visitor: Visitor, page: Reply | None = None, role: str = "Chef", **fields: str) -> Reply:
    at = page or visitor.go(f"{ADMIN}/role?name={quote(role)}")
    return visitor.fill(at, f"/role?name={quote(role)}", **fields)


def words(page: Reply) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))


# ---- before, and after ----------------------------------------------------------------------------------------------


def test_before_a_role_is_enforced_the_page_says_whom_it_would_stop(ada: Visitor) -> None:
    page = ada.go(CHEF)
    assert (
        "12 people have it, 9 of them through a group; 3 have two-factor authentication on. "
        "The other 9 will be asked to set it up at their next log-in."
    ) in words(page)
    assert re.findall(r"<bdi>(u\d\d)</bdi></a>", page.text) == [f"u{number:02}" for number in range(3, 12)]
    assert page.text.count("through <bdi>Kitchen</bdi>") == 6


def test_a_role_is_enforced_and_its_people_are_asked_at_their_next_log_in(stage: Stage, ada: Visitor) -> None:
    done = save(ada, enforce="1", grace_days="14")
    assert done.header("location") == f"{CHEF}&done=enforced"
    page = ada.go(done.header("location") or "")
    assert "The role is enforced." in page.text
    assert "with 14 days of grace" in words(page)
    assert "9 of them may still put it off" in words(page)
    enforced = flag(stage)
    assert enforced is not None
    assert (enforced.is_enforced, enforced.grace_days, enforced.version) == (True, 14, 1)
    event = stage.events()[-1]
    assert (event.name, event.app, event.user) == ("role enforced", "office", "")
    assert event.facts == {"role": "Chef", "grace_days": 14, "actor": "ada", "actor_name": "ada"}
    wendy = stage.visitor("wendy")
    assert (wendy.go("/home").header("location") or "").startswith("/2fa/setup")


def test_a_role_is_cleared_again(stage: Stage, ada: Visitor) -> None:
    save(ada, enforce="1", grace_days="0")
    page = ada.go(CHEF)
    assert re.search(r'name="enforce" type="checkbox" value="1" checked', page.text)
    assert save(ada, page, grace_days="0").header("location") == f"{CHEF}&done=cleared"
    cleared = flag(stage)
    assert cleared is not None
    assert (cleared.is_enforced, cleared.version) == (False, 2)
    assert stage.events()[-1].name == "role no longer enforced"


def test_saving_what_is_there_already_changes_nothing(stage: Stage, ada: Visitor) -> None:
    assert save(ada, grace_days="0").header("location") == f"{CHEF}&done=same"
    assert flag(stage) is None
    save(ada, enforce="1", grace_days="7")
    assert save(ada, enforce="1", grace_days="7").header("location") == f"{CHEF}&done=same"
    assert [event.name for event in stage.events()].count("role enforced") == 1


@pytest.mark.parametrize("days", ["-1", "366", "x", "1e1", "1.5", "\uff11", "0x1", "99999999999", "1 0"])
def test_days_of_grace_are_a_number_from_0_to_365(stage: Stage, ada: Visitor, days: str) -> None:
    reply = save(ada, enforce="1", grace_days=days)
    assert (reply.status, "a number from 0 to 365" in reply.text) == (422, True)
    assert flag(stage) is None


@pytest.mark.parametrize(("days", "kept"), [("", 0), (" 7 ", 7), ("365", 365), ("007", 7)])
def test_days_of_grace_may_be_left_out(stage: Stage, ada: Visitor, days: str, kept: int) -> None:
    assert save(ada, enforce="1", grace_days=days).status == 303
    enforced = flag(stage)
    assert enforced is not None
    assert enforced.grace_days == kept


def test_with_starts_now_the_page_says_that_running_sessions_are_asked_too(open_stage: Open) -> None:
    stage = opened(open_stage, directory=STAFF, enforcement={"starts": "now"})
    hire("erin", Chef=[])
    hire("wendy", Chef=[])
    assert "All of them will be asked to set it up at once" in words(administrator(stage).go(CHEF))


def test_the_first_50_are_named(open_stage: Open) -> None:
    stage = opened(open_stage, directory=STAFF)
    for number in range(60):
        hire(f"u{number:02}", Chef=[])
    page = administrator(stage).go(CHEF)
    assert len(re.findall(r"<bdi>u\d\d</bdi></a>", page.text)) == 50
    assert "the first 50 of 60" in words(page)


# ---- at the same time -----------------------------------------------------------------------------------------------


def test_a_flag_that_has_moved_since_is_left_as_it_is(stage: Stage, ada: Visitor) -> None:
    bob = administrator(stage, "bob")
    page, other = ada.go(CHEF), bob.go(CHEF)
    assert save(bob, other, enforce="1", grace_days="30").status == 303
    reply = save(ada, page, enforce="1", grace_days="0")
    assert (reply.status, "changed in the meantime" in reply.text) == (409, True)
    kept = flag(stage)
    assert kept is not None
    assert (kept.version, kept.grace_days) == (1, 30)
    assert 'value="30"' in reply.text
    assert save(ada, reply, enforce="1", grace_days="0").status == 303


def other_role(ada: Visitor) -> dict[str, str]:
    return form_for(ada.go(f"{ADMIN}/role?name=Boss"), version="0")[1]


def other_version(ada: Visitor) -> dict[str, str]:
    return form_for(ada.go(CHEF), version="0")[1] | {"version": "1"}


def user_page(ada: Visitor) -> dict[str, str]:
    return form_for(at_user(ada, "u03"), act="unlock")[1] | {"version": "0"}


@pytest.mark.parametrize("drawn", [other_role, other_version, user_page])
def test_a070_a_token_serves_for_the_role_and_the_version_that_it_was_drawn_for(
    stage: Stage, ada: Visitor, drawn: Callable[[Visitor], dict[str, str]]
) -> None:
    reply = ada.post(CHEF, drawn(ada) | {"enforce": "1", "grace_days": "0"})
    assert (reply.status, "out of date" in reply.text) == (403, True)
    assert flag(stage) is None


def test_a070_a_token_of_another_administrator_is_none(stage: Stage, ada: Visitor) -> None:
    hidden = form_for(administrator(stage, "bob").go(CHEF), version="0")[1]
    assert ada.post(CHEF, hidden | {"enforce": "1"}).status == 403
    assert flag(stage) is None


@pytest.mark.parametrize("name", ["enforce", "version", "grace_days"])
def test_a_doubled_field_is_no_form(stage: Stage, ada: Visitor, name: str) -> None:
    fields = form_for(ada.go(CHEF), version="0")[1] | {"enforce": "1", "grace_days": "0"}
    body = encoded(fields) + b"&" + encoded({name: fields[name]})
    assert ada.go(CHEF, "POST", [FORM_TYPE, ("Origin", ada.origin)], body).status == 400
    assert flag(stage) is None


def test_looking_changes_nothing_whatever_the_address_says(stage: Stage, ada: Visitor) -> None:
    fields = form_for(ada.go(CHEF), version="0")[1] | {"enforce": "1", "grace_days": "0", "name": "Chef"}
    assert ada.go(f"{ADMIN}/role?{encoded(fields).decode()}").status == 200
    assert flag(stage) is None


# ---- pinned ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pinned(open_stage: Open) -> Stage:
    stage = opened(open_stage, directory=STAFF, enforcement={"pinned": ["Chef"]})
    hire("erin", Chef=[])
    return stage


def test_a_pinned_role_has_no_form_and_says_why(pinned: Stage) -> None:
    page = administrator(pinned).go(CHEF)
    assert "The settings pin this role" in page.text
    assert [form.action for form in forms_of(page.text)] == ["/2fa/logout"]
    assert "Pinned" in administrator(pinned, "bob").go(f"{ADMIN}/roles").text


def test_a070_a_pinned_role_cannot_be_changed_by_a_form_from_before(stage: Stage, ada: Visitor) -> None:
    hidden = form_for(ada.go(CHEF), version="0")[1]
    pinned = stage.changed(**SETTINGS, directory=STAFF, enforcement={"pinned": ["Chef"]})
    at_pinned = pinned.meets(ada, "office")
    reply = at_pinned.post(CHEF, hidden | {"grace_days": "365", "enforce": "1"})
    assert (reply.status, "The settings pin this role" in reply.text) == (409, True)
    assert flag(pinned) is None


# ---- which roles there are ------------------------------------------------------------------------------------------


def test_the_list_shows_each_role_with_its_people(stage: Stage, ada: Visitor) -> None:
    stage.enforce("Chef", grace_days=7)
    shown = words(ada.go(f"{ADMIN}/roles"))
    assert re.search(r"Boss Not enforced 1 0 1 \(100%\)", shown)
    assert re.search(r"Chef Enforced since 15 January 2027 7 days of grace 12 9 3 \(25%\)", shown)


def test_without_a_directory_the_page_says_that_people_are_those_last_seen(open_stage: Open) -> None:
    stage = opened(open_stage)
    stage.enforce("Boss")
    ada = administrator(stage)
    ada.go("/home")
    page = ada.go(f"{ADMIN}/roles")
    assert "People who were last seen with a role" in page.text
    assert [role in page.text for role in (">Boss<", ">Chef<", ">Kitchen<")] == [True, True, True]
    assert "Nobody was seen with this role so far" in ada.go(CHEF).text


def test_without_a_directory_a_role_can_be_enforced_that_nobody_was_seen_with(open_stage: Open) -> None:
    stage = opened(open_stage)
    ada = administrator(stage)
    page = ada.go(f"{ADMIN}/role?name=Waiter")
    assert "No role of this name is known so far." in page.text
    assert save(ada, page, "Waiter", enforce="1").status == 303
    waiter = flag(stage, "Waiter")
    assert waiter is not None
    assert waiter.is_enforced


def test_with_a_directory_a_role_that_it_does_not_know_is_none(stage: Stage, ada: Visitor) -> None:
    assert ada.go(f"{ADMIN}/role?name=Waiter").status == 404
    hidden = form_for(ada.go(CHEF), version="0")[1]
    assert ada.post(f"{ADMIN}/role?name=Waiter", hidden | {"enforce": "1"}).status in (403, 404)
    assert flag(stage, "Waiter") is None


@pytest.mark.parametrize("query", ["", "name=", "name=Chef&name=Chef", f"name={'x' * 256}", "name=%ff", "Name=Chef"])
def test_an_odd_address_names_no_role(stage: Stage, ada: Visitor, query: str) -> None:
    hidden = form_for(ada.go(CHEF), version="0")[1]
    assert ada.go(f"{ADMIN}/role?{query}").status == 400
    assert ada.post(f"{ADMIN}/role?{query}", hidden | {"enforce": "1"}).status == 400
    assert flag(stage) is None


@pytest.mark.parametrize("role", ["Chef & Co", "a/b?c#d", "<b>Chef</b>", '"><script>', " Chef ", "Köchin", "100%"])
def test_any_name_of_a_role_is_text_and_can_be_enforced(open_stage: Open, role: str) -> None:
    stage = opened(open_stage, directory=STAFF)
    hire("erin", "<i>erin</i>", **{role: ["<u>Kitchen</u>"]})
    ada = administrator(stage)
    listed = ada.go(f"{ADMIN}/roles").text
    href = re.search(r'class="who" href="([^"]*)"', listed)
    assert href is not None
    page = ada.go(href[1])
    for text in (listed, page.text):
        assert "<script>" not in text
        assert not re.search(r"<[biu]>", text.replace("<b>Enforce", ""))
    action, hidden = form_for(page, version="0")
    assert ada.post(action, hidden | {"enforce": "1", "grace_days": "3"}).status == 303
    enforced = flag(stage, role)
    assert enforced is not None
    assert enforced.is_enforced
    assert not is_on(stage)


def test_a_flag_that_somebody_else_has_written_is_our_fault(stage: Stage, ada: Visitor) -> None:
    stage.enforce("Chef")
    with stage.database() as db:
        db.execute("UPDATE roles SET record = zeroblob(40)")
    assert [ada.go(path).status for path in (f"{ADMIN}/roles", CHEF)] == [503, 503]

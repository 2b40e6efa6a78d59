"""People as administrators find and see them: lists, one person, odd addresses and odd names. Attacks 99, 107."""

from __future__ import annotations

import re

import pytest

from support.administration import (
    ADMIN,
    STAFF,
    acts,
    administrator,
    at_user,
    broken,
    form_for,
    hire,
    is_on,
    opened,
    stop,
    switch_off,
)
from support.exchange import Reply
from support.realm import session_cookie
from support.stage import Open, Stage
from support.visitor import Visitor
from twofa_middleware.keys_and_store import sealer_of


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    stage = opened(open_stage)
    stage.enrolled("erin")
    return stage


@pytest.fixture
def ada(stage: Stage) -> Visitor:
    return administrator(stage)


# ---- odd records, odd addresses, odd names --------------------------------------------------------------------------


def test_an_account_that_cannot_be_read_can_be_switched_off_and_nothing_else_helps(stage: Stage, ada: Visitor) -> None:
    key = sealer_of(stage.realm.settings).user_key("erin")
    with stage.database() as db:
        db.execute("UPDATE accounts SET roster = zeroblob(60) WHERE user = ?", (key,))
    assert "Unreadable" in ada.go(f"{ADMIN}/users").text
    assert "<strong>cannot be read</strong>" in at_user(ada).text
    assert switch_off(ada).status == 303
    assert stage.visitor("erin", "login-2").go("/home").body == b"secret page"


@pytest.mark.parametrize(
    "query",
    ["", "id=", "id=%20erin", "id=a&id=b", "id=erin&id=erin", f"id={'x' * 256}", "id=%ff", "id=a%00b", "id=%0d%0aX:1",
     "id=e%CC%81", "ID=erin", "id=" + "%41" * 3000, "&".join(f"f{n}=1" for n in range(40)) + "&id=erin", "id=\u202e"],
)  # fmt: skip
def test_an_odd_address_names_nobody_and_does_not_crash(stage: Stage, ada: Visitor, query: str) -> None:
    target = f"{ADMIN}/user?{query.encode().decode('latin-1')}"
    assert ada.go(target).status == 400
    assert ada.post(target, form_for(at_user(ada), act="off")[1] | {"reason": "x"}).status in (400, 403)
    assert is_on(stage)


@pytest.mark.parametrize("query", ["q=a&q=b", f"q={'x' * 256}", "q=%ff", "q=%00", f"after={'x' * 300}"])
@pytest.mark.parametrize("page", ["users"])
def test_an_odd_search_is_400(ada: Visitor, page: str, query: str) -> None:
    assert ada.go(f"{ADMIN}/{page}?{query}").status == 400


def test_nobody_is_known_by_an_id_that_was_never_seen(ada: Visitor) -> None:
    for user in ("nobody", "%2A", "a%2Fb", "%E2%98%83"):
        assert ada.go(f"{ADMIN}/user?id={user}").status == 404


@pytest.mark.parametrize("user", ["a/b?c=d&e#f", "Erïn Ω", "100%", "a+b", "<i>x</i>", '"><script>', "{{7*7}}"])
def test_any_user_id_can_be_looked_up_and_acted_on(open_stage: Open, user: str) -> None:
    stage = opened(open_stage)
    stage.enrolled(user)
    ada = administrator(stage)
    page = ada.go(f"{ADMIN}/users")
    (href,) = re.findall(r'href="(/2fa/admin/user\?id=[^"]*)"', re.sub(r'href="[^"]*id=ada"', "", page.text))
    shown = ada.go(href)
    assert shown.status == 200
    assert "<script>" not in shown.text.replace("<script src=", "")
    assert "<i>" not in shown.text
    action, hidden = form_for(shown, act="off")
    assert ada.post(action, hidden | {"reason": "<b>lost</b>"}).status == 303
    assert not is_on(stage, user)
    assert "<b>lost" not in ada.go(f"{ADMIN}/events").text


def test_a_name_is_text_in_a_bdi_and_nothing_else(stage: Stage, ada: Visitor) -> None:
    evil = "<img src=x onerror=alert(1)>"
    named = stage.visitor()
    named.cookies["session"] = session_cookie("17", "login-1", evil)
    named.go("/home")
    for path in (f"{ADMIN}/users", f"{ADMIN}/user?id=17", f"{ADMIN}/events"):
        page = ada.go(path).text
        assert "<img" not in page
    assert "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>" in ada.go(f"{ADMIN}/users").text
    assert "<h1>User <bdi>&lt;img src=x onerror=alert(1)&gt;</bdi></h1>" in ada.go(f"{ADMIN}/user?id=17").text


# ---- the list -------------------------------------------------------------------------------------------------------


def listed(page: Reply) -> list[str]:
    return re.findall(r'class="who" href="[^"]*"><bdi>([^<]*)</bdi>', page.text)


def test_people_are_found_by_the_beginning_of_a_name_and_by_what_stands_for_any_letters(stage: Stage) -> None:
    for user in ("wendy", "wilma"):
        stage.visitor(user).go("/home")
    ada = administrator(stage)
    assert set(listed(ada.go(f"{ADMIN}/users"))) == {"ada", "erin", "wendy", "wilma"}
    assert set(listed(ada.go(f"{ADMIN}/users?q=w"))) == {"wendy", "wilma"}
    assert listed(ada.go(f"{ADMIN}/users?q=%25ndy")) == ["wendy"]
    assert "Nobody fits" in ada.go(f"{ADMIN}/users?q=nobody").text


def test_each_is_listed_with_what_the_store_knows(stage: Stage, ada: Visitor) -> None:
    stop(stage)
    page = ada.go(f"{ADMIN}/users?q=erin").text
    assert "since 15 January 2027" in page
    assert ">Stopped</span>" in page
    assert ">today</div>" in page


def test_a_page_has_25_and_leads_to_the_next(open_stage: Open) -> None:
    stage = opened(open_stage, directory=STAFF)
    for number in range(60):
        hire(f"u{number:02}", name=f"No {number}", email=f"u{number}@example.com")
    ada = administrator(stage)
    seen, target = [], f"{ADMIN}/users?q=u"
    while target:
        page = ada.go(target)
        seen.append(listed(page))
        found = re.search(r'href="([^"]*)">Next page', page.text)
        target = found[1].replace("&amp;", "&") if found else ""
    assert [len(one) for one in seen] == [25, 25, 10]
    assert sorted(label for one in seen for label in one) == [f"u{number:02}" for number in range(60)]


def test_without_a_directory_pages_follow_each_other_too(open_stage: Open) -> None:
    stage = opened(open_stage)
    for number in range(30):
        stage.visitor(f"u{number:02}").go("/home")
    ada = administrator(stage)
    first = ada.go(f"{ADMIN}/users?q=u")
    more = re.search(r'href="([^"]*)">Next page', first.text)
    assert more is not None
    second = ada.go(more[1].replace("&amp;", "&"))
    assert sorted(listed(first) + listed(second)) == [f"u{number:02}" for number in range(30)]


def test_a_page_that_is_none_of_the_stores_shows_nobody_or_somebody_and_does_not_crash(stage: Stage) -> None:
    ada = administrator(stage)
    for after in ("x", "%2A", "-1", "9" * 30, "%E2%98%83"):
        assert ada.go(f"{ADMIN}/users?after={after}").status == 200


def test_the_directory_knows_people_who_were_never_here(open_stage: Open) -> None:
    stage = opened(open_stage, directory=STAFF)
    hire("42", "nora", "Nora Vale", "nora@example.com")
    ada = administrator(stage)
    page = at_user(ada, "42")
    assert "Nora Vale" in page.text
    assert "nora@example.com" in page.text
    assert acts(page) == {"unlock"}


def test_a_directory_that_is_down_is_our_fault_on_its_pages_and_nowhere_else(open_stage: Open) -> None:
    stage = opened(open_stage, directory=STAFF)
    hire("42", "nora")
    ada = administrator(stage)
    broken.update({"find", "person", "roles", "members"})
    assert [ada.go(f"{ADMIN}/{page}").status for page in ("users", "user?id=42", "roles")] == [503, 503, 503]
    assert [ada.go(page).status for page in (ADMIN, f"{ADMIN}/events", "/home")] == [200, 200, 200]


def test_the_roles_that_demand_it_stand_with_the_person(open_stage: Open) -> None:
    stage = opened(open_stage, directory=STAFF)
    hire("erin", Chef=["Kitchen"])
    hire("wendy")
    stage.enforce("Chef")
    ada = administrator(stage)
    assert "This role demands it:" in at_user(ada).text
    assert "This role demands it:" not in at_user(ada, "wendy").text


def test_without_a_directory_the_roles_are_those_last_seen(stage: Stage, ada: Visitor) -> None:
    assert "This role demands it:" not in at_user(ada).text
    stage.enforce("Chef")
    stage.visitor("wendy").go("/home")
    stage.visitor("dora").go("/home")
    ada.go("/home")
    assert "This role demands it:" not in at_user(ada, "dora").text


def test_recent_events_are_those_about_this_person(stage: Stage) -> None:
    stage.enrolled("wendy")
    ada = administrator(stage)
    page = at_user(ada, "wendy").text
    assert page.count("Turned two-factor authentication on") == 1
    assert f'href="{ADMIN}/events?who=wendy"' in page

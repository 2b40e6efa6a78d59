"""Manage: groups, their roles and their members."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

import portal_people
from demos.visitors import add_user, enter_as_clerk, enter_manage
from portal_people import Group

SITE = {"name": "Site Operations", "email": "site@example.com", "roles": ["End User"]}


def group(group_id: int) -> Group:
    found = portal_people.group(group_id)
    assert found is not None
    return found


def members(group_id: int) -> list[str]:
    return [person.user_name for person in portal_people.members_of_group(group_id, 99)]


def test_the_list_shows_every_group_with_what_it_gives(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    page = manage.get("/manage/groups").text
    team = page[page.index('id="group-2"') :].partition("</tr>")[0]
    for shown in ("Workflow Team", "workflow@example.com", "Workflow Administrator", 'href="/manage/groups/2/edit"'):
        assert shown in team
    assert len(re.findall(r'<tr id="group-\d+"', page)) == 2


def test_a_new_group_has_what_was_chosen_for_it(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    sent = {"csrf": csrf, "name": "  Night   shift ", "email": "n@example.com", "auto_assign": "on"}
    sent |= {"roles": ["End User", "No such role"], "add": "guest, wendy"}
    answer = manage.post("/manage/groups/new", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/groups?notice=group-saved")
    assert "The group is saved." in manage.get(answer.headers["Location"]).text
    assert group(3) == Group(3, "Night shift", "n@example.com", True, ["End User"], 2)
    assert members(3) == ["guest", "wendy"]


def test_an_edited_group_gives_its_roles_to_those_who_come_and_none_to_those_who_go(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    sent = SITE | {"csrf": csrf, "name": "Site", "roles": ["Impersonate Users"], "add": "guest", "out": ["erin"]}
    answer = manage.post("/manage/groups/1/edit", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/groups?notice=group-saved")
    assert group(1) == Group(1, "Site", "site@example.com", False, ["Impersonate Users"], 1)
    assert members(1) == ["guest"]
    assert portal_people.roles_of(4) == ["End User", "Impersonate Users"]
    assert portal_people.roles_of(3) == ["End User"]


def test_the_flag_of_auto_assign_is_shown_and_can_be_taken_away(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    manage.post("/manage/groups/1/edit", data=SITE | {"csrf": csrf, "auto_assign": "on"})
    assert re.search(r'name="auto_assign" checked', manage.get("/manage/groups/1/edit").text)
    manage.post("/manage/groups/1/edit", data=SITE | {"csrf": csrf})
    assert group(1).auto_assign is False


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": " "}, "Please give a name."),
        ({"name": "x" * 51}, "Please give a name of 50 characters at most."),
        ({"name": "a\u202eb"}, "Please leave out the characters that cannot be seen."),
        ({"name": "workflow team"}, "Another group has this name."),
        ({"email": "nowhere"}, "Please give an e-mail address"),
        ({"add": "erin, nobody"}, "There is no user with this name: nobody."),
    ],
)
@pytest.mark.parametrize("path", ["/manage/groups/1/edit", "/manage/groups/new"])
def test_a_group_form_with_a_fault_saves_nothing_and_says_why(
    manage: TestClient, path: str, sent: dict[str, Any], message: str
) -> None:
    csrf = enter_manage(manage, "admin")
    before = portal_people.every_group()
    answer = manage.post(path, data=SITE | {"name": "Other"} | sent | {"csrf": csrf})
    assert answer.status_code == 422
    assert message in answer.text
    assert portal_people.every_group() == before


def test_nobody_takes_the_right_to_edit_groups_from_themselves(manage: TestClient) -> None:
    csrf = enter_as_clerk(manage, "edit_groups_and_roles")
    with portal_people.database(write=True) as db:
        portal_people.put_into(db, 2, [], ["Site Operations"])
        db.execute("INSERT INTO group_roles SELECT 1, id FROM roles WHERE name = 'Clerk'")
    for sent in ({"roles": ["Clerk"], "out": ["wendy"]}, {"roles": ["End User"]}):
        answer = manage.post("/manage/groups/1/edit", data=SITE | sent | {"csrf": csrf})
        assert answer.status_code == 422
        assert "You cannot take this right from yourself: Edit groups and roles." in answer.text
    assert "Clerk" in group(1).roles
    assert "wendy" in members(1)


def test_the_form_stays_small_however_many_are_in_the_group(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    for number in range(120):
        add_user(f"mira-{number:03}", groups=["Site Operations"])
    page = manage.get("/manage/groups/1/edit").text
    assert page.count('name="out"') == 100
    assert "These are the first 100" in page
    ticked = re.findall(r'name="out" value="([^"]+)"', page)
    assert manage.post("/manage/groups/1/edit", data=SITE | {"csrf": csrf, "out": ticked}).status_code == 303
    assert group(1).size == 21


def test_who_may_edit_users_only_edits_no_group(manage: TestClient) -> None:
    csrf = enter_as_clerk(manage, "edit_users", "edit_settings", "see_audit")
    page = manage.get("/manage/groups").text
    assert "Site Operations" in page
    assert "/manage/groups/" not in page
    for path in ("/manage/groups/1/edit", "/manage/groups/new"):
        assert manage.get(path).status_code == 403
        assert manage.post(path, data=SITE | {"csrf": csrf, "name": "Mine"}).status_code == 403
    assert portal_people.all_groups() == ["Site Operations", "Workflow Team"]

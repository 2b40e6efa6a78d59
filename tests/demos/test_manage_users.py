"""Manage: who is found, made and edited, and who may do it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient
from werkzeug.test import Client

import portal_people
from demos.visitors import enter_as_clerk, enter_manage, enter_produce
from portal_people import DEMO_PASSWORDS

ERIN = {
    "user_name": "erin",
    "first_name": "Erin",
    "last_name": "Castle",
    "email": "erin.castle@example.com",
    "roles": ["End User"],
    "groups": ["Site Operations"],
}
ADMIN = {"user_name": "admin", "email": "ada@example.com", "roles": ["Global Administrator"]}


def test_the_list_shows_everybody_with_roles_and_groups(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    page = manage.get("/manage/users").text
    wendy = page[page.index('id="user-2"') :].partition("</tr>")[0]
    assert "End User, Workflow Administrator" in wendy
    assert "Workflow Team" in wendy
    assert 'href="/manage/users/2/edit"' in wendy
    assert len(re.findall(r'<tr id="user-\d+"', page)) == 5


def test_an_edited_user_is_saved_and_the_list_says_so(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    sent = ERIN | {"csrf": csrf, "last_name": "Ö'Castle", "roles": ["End User", "Workflow Administrator"], "groups": []}
    answer = manage.post("/manage/users/3/edit", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/users?notice=user-saved")
    page = manage.get(answer.headers["Location"]).text
    assert "The user is saved." in page
    assert "Ö&#39;Castle" in page
    assert portal_people.roles_of(3) == ["End User", "Workflow Administrator"]
    assert portal_people.groups_of(3) == []


def test_a_user_disabled_here_is_shut_out_of_produce(manage: TestClient, produce: Client) -> None:
    enter_produce(produce, "erin")
    csrf = enter_manage(manage, "admin")
    assert manage.post("/manage/users/3/edit", data=ERIN | {"csrf": csrf, "disabled": "on"}).status_code == 303
    assert produce.get("/produce/").status_code == 303
    assert manage.post("/manage/users/3/edit", data=ERIN | {"csrf": csrf}).status_code == 303
    assert produce.get("/produce/").status_code == 200


def test_a_user_who_is_renamed_keeps_the_id(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    assert manage.post("/manage/users/3/edit", data=ERIN | {"csrf": csrf, "user_name": "erin.c"}).status_code == 303
    person = portal_people.check_password("erin.c", DEMO_PASSWORDS["erin"])
    assert person is not None
    assert person.user_id == 3


@pytest.mark.parametrize(
    ("user_id", "sent", "message"),
    [
        (3, ERIN | {"user_name": "wendy"}, "Another user has this name."),
        (3, ERIN | {"user_name": " "}, "Please give a user name."),
        (3, ERIN | {"email": "nowhere"}, "Please give an e-mail address"),
        (1, ADMIN | {"disabled": "on"}, "You cannot disable yourself."),
        (1, ADMIN | {"roles": ["End User"]}, "You cannot take this right from yourself: Edit users."),
    ],
)
def test_a_user_form_with_a_fault_saves_nothing_and_says_why(
    manage: TestClient, user_id: int, sent: dict[str, Any], message: str
) -> None:
    csrf = enter_manage(manage, "admin")
    before = portal_people.person(user_id), portal_people.roles_of(user_id)
    answer = manage.post(f"/manage/users/{user_id}/edit", data=sent | {"csrf": csrf})
    assert answer.status_code == 422
    assert message in answer.text
    assert (portal_people.person(user_id), portal_people.roles_of(user_id)) == before


def test_a_workflow_administrator_sees_the_users_and_edits_none(manage: TestClient) -> None:
    csrf = enter_manage(manage, "wendy")
    assert "/edit" not in manage.get("/manage/users").text
    assert manage.get("/manage/users/2/edit").status_code == 403
    sent = ERIN | {"csrf": csrf, "roles": ["Global Administrator"]}
    assert manage.post("/manage/users/3/edit", data=sent).status_code == 403
    assert portal_people.roles_of(3) == ["End User"]


def test_who_may_edit_users_but_no_roles_gives_none(manage: TestClient) -> None:
    csrf = enter_as_clerk(manage, "edit_users")
    assert "Your own roles do not let you change roles and groups." in manage.get("/manage/users/4/edit").text
    sent = {"csrf": csrf, "email": "g@example.com", "roles": ["Global Administrator"], "groups": ["Workflow Team"]}
    assert manage.post("/manage/users/4/edit", data=sent | {"user_name": "guest-2"}).status_code == 303
    assert manage.post("/manage/users/new", data=sent | {"user_name": "nora"}).status_code == 201
    nora = portal_people.ids_of(["nora"])["nora"]
    assert (portal_people.roles_of(4), portal_people.groups_of(4)) == (["End User"], [])
    assert (portal_people.roles_of(nora), portal_people.groups_of(nora)) == ([], [])


def test_who_may_do_less_disables_nobody_who_may_do_more(manage: TestClient) -> None:
    csrf = enter_as_clerk(manage, "edit_users")
    sent = {"csrf": csrf, "user_name": "admin", "email": "a@example.com", "disabled": "on"}
    answer = manage.post("/manage/users/1/edit", data=sent)
    assert answer.status_code == 422
    assert "You cannot disable somebody who may do more than you." in answer.text
    assert manage.post("/manage/users/3/edit", data=sent | {"user_name": "erin"}).status_code == 303
    assert portal_people.check_password("admin", DEMO_PASSWORDS["admin"]) is not None
    assert portal_people.check_password("erin", DEMO_PASSWORDS["erin"]) is None


def test_a_right_that_stays_by_another_way_can_be_taken_from_oneself(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    with portal_people.database(write=True) as db:
        db.execute("INSERT INTO group_roles SELECT 1, id FROM roles WHERE name = 'Global Administrator'")
    sent = ADMIN | {"csrf": csrf, "roles": [], "groups": ["Site Operations"]}
    assert manage.post("/manage/users/1/edit", data=sent).status_code == 303
    assert portal_people.own_roles_of(1) == []

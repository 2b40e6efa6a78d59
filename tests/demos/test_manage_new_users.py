"""Manage: new users, their start passwords, and the groups that take them in."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient
from werkzeug.test import Client

import portal_people
from demos.visitors import enter_manage


def test_a_new_user_gets_a_start_password_that_is_shown_once_and_works(manage: TestClient, produce: Client) -> None:
    csrf = enter_manage(manage, "admin")
    sent = {"csrf": csrf, "user_name": "nora", "first_name": "Nora", "email": "n@example.com", "roles": ["End User"]}
    answer = manage.post("/manage/users/new", data=sent)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'id="start-password">([^<]+)<', answer.text)
    assert found
    assert produce.post("/produce/login", data={"username": "nora", "password": found[1]}).status_code == 303
    assert portal_people.roles_of(portal_people.ids_of(["nora"])["nora"]) == ["End User"]
    assert all(found[1] not in manage.get(path).text for path in ("/manage/users", "/manage/audit"))


def test_a_new_user_is_put_into_the_groups_with_auto_assign_and_an_edited_one_is_not(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    with portal_people.database(write=True) as db:
        db.execute("UPDATE groups SET auto_assign = 1 WHERE name = 'Site Operations'")
    sent = {"csrf": csrf, "user_name": "nora", "email": "n@example.com", "groups": ["Workflow Team"]}
    assert "Site Operations, Workflow Team" in manage.post("/manage/users/new", data=sent).text
    nora = portal_people.ids_of(["nora"])["nora"]
    assert portal_people.groups_of(nora) == ["Site Operations", "Workflow Team"]
    assert manage.post(f"/manage/users/{nora}/edit", data=sent).status_code == 303
    assert portal_people.groups_of(nora) == ["Workflow Team"]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"user_name": "erin", "email": "e@example.com"}, "Another user has this name."),
        ({"user_name": "", "email": "e@example.com"}, "Please give a user name."),
        ({"user_name": "a,b", "email": "e@example.com"}, "Please choose a user name without commas."),
        ({"user_name": "nora", "email": "nowhere"}, "Please give an e-mail address"),
    ],
)
def test_a_new_user_with_a_fault_is_not_made(manage: TestClient, sent: dict[str, str], message: str) -> None:
    csrf = enter_manage(manage, "admin")
    answer = manage.post("/manage/users/new", data=sent | {"csrf": csrf})
    assert answer.status_code == 422
    assert message in answer.text
    assert portal_people.count_people("") == 5


def test_a_workflow_administrator_makes_no_user(manage: TestClient) -> None:
    csrf = enter_manage(manage, "wendy")
    assert "/manage/users/new" not in manage.get("/manage/users").text
    assert manage.get("/manage/users/new").status_code == 403
    sent = {"csrf": csrf, "user_name": "nora", "email": "n@example.com"}
    assert manage.post("/manage/users/new", data=sent).status_code == 403
    assert portal_people.count_people("") == 5

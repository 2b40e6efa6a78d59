"""Manage, through its own doors."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import TimestampSigner
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import portal_people
from demos.visitors import SECRET, enter_manage, files_that_name_the_toolkit, import_without_the_toolkit
from portal_people import DEMO_PASSWORDS

PAGES = [
    "/manage/",
    "/manage/users",
    "/manage/users/new",
    "/manage/users/3/edit",
    "/manage/groups",
    "/manage/groups/new",
    "/manage/groups/1/edit",
    "/manage/roles",
    "/manage/roles/new",
    "/manage/roles/1/edit",
    "/manage/settings/security",
    "/manage/audit",
    "/manage/password",
]
SENDS = [path for path in PAGES if path.endswith(("/new", "/edit", "/security", "/password"))] + [
    "/manage/roles/4/delete",
    "/manage/logout",
]


def session_of(client: TestClient) -> dict[str, Any]:
    signed = client.cookies["manage_session"]
    facts: dict[str, Any] = json.loads(b64decode(TimestampSigner(SECRET).unsign(signed)))
    return facts


# Log-in and log-out


def test_the_root_leads_to_the_portal(manage: TestClient) -> None:
    answer = manage.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_login_page_and_back_afterwards(manage: TestClient, path: str) -> None:
    answer = manage.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/manage/login?next={path.replace('/', '%2F')}"
    page = manage.get(answer.headers["Location"])
    assert f'name="next" value="{path}"' in page.text
    sent = {"username": "admin", "password": DEMO_PASSWORDS["admin"], "next": path}
    answer = manage.post("/manage/login", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\r\nX: y"])
def test_a_next_that_leaves_the_site_is_dropped(manage: TestClient, target: str) -> None:
    sent = {"username": "admin", "password": DEMO_PASSWORDS["admin"], "next": target}
    answer = manage.post("/manage/login", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/")


@pytest.mark.parametrize(("user_name", "password"), [("admin", "wrong"), ("nobody", "wrong"), ("svc-mail", "")])
def test_a_wrong_login_shows_the_page_with_a_message_and_sets_no_cookie(
    manage: TestClient, user_name: str, password: str
) -> None:
    answer = manage.post("/manage/login", data={"username": user_name, "password": password})
    assert answer.status_code == 401
    assert "The user name or the password is not right." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("user_name", ["erin", "guest"])
def test_who_is_no_administrator_is_told_so_and_stays_outside(manage: TestClient, user_name: str) -> None:
    answer = manage.post("/manage/login", data={"username": user_name, "password": DEMO_PASSWORDS[user_name]})
    assert answer.status_code == 403
    assert "Manage is for administrators" in answer.text
    assert "set-cookie" not in answer.headers
    assert manage.get("/manage/").status_code == 303


def test_an_administrator_through_a_group_gets_in(manage: TestClient) -> None:
    enter_manage(manage, "wendy")
    assert manage.get("/manage/").status_code == 200


def test_the_session_cookie_says_who_it_is_and_is_new_at_each_login(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    first = session_of(manage)
    assert set(first) == {"user_id", "login_id", "user_name", "csrf"}
    assert (first["user_id"], first["user_name"]) == (1, "admin")
    enter_manage(manage, "admin")
    assert session_of(manage)["login_id"] != first["login_id"]


def test_the_session_cookie_is_http_only_lax_and_valid_for_twelve_hours(manage: TestClient) -> None:
    answer = manage.post("/manage/login", data={"username": "admin", "password": DEMO_PASSWORDS["admin"]})
    attributes = answer.headers["Set-Cookie"].lower().split("; ")
    assert {"httponly", "path=/", "samesite=lax", "max-age=43200"} <= set(attributes)
    assert "secure" not in attributes


def test_log_out_takes_the_cookie_away(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    answer = manage.post("/manage/logout", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/login?notice=logged-out")
    assert "manage_session" not in manage.cookies
    assert manage.get("/manage/").status_code == 303


def test_an_administrator_who_loses_the_role_loses_the_running_session(manage: TestClient) -> None:
    enter_manage(manage, "wendy")
    with portal_people.database(write=True) as db:
        db.execute("DELETE FROM group_members WHERE user_id = 2")
    assert manage.get("/manage/").status_code == 303


def test_who_has_the_permission_by_another_role_gets_in(manage: TestClient) -> None:
    with portal_people.database(write=True) as db:
        db.execute("INSERT INTO role_permissions SELECT id, 'enter_manage' FROM roles WHERE name = 'End User'")
    enter_manage(manage, "erin")
    assert manage.get("/manage/users").status_code == 200


def test_a_disabled_administrator_cannot_log_in_and_loses_a_running_session(manage: TestClient) -> None:
    enter_manage(manage, "wendy")
    with portal_people.database(write=True) as db:
        db.execute("UPDATE users SET disabled = 1 WHERE id = 2")
    assert manage.get("/manage/").status_code == 303
    answer = manage.post("/manage/login", data={"username": "wendy", "password": DEMO_PASSWORDS["wendy"]})
    assert answer.status_code == 401


# Forms and addresses


@pytest.mark.parametrize("csrf", ["", "guessed", "ü"])
def test_a_form_without_the_sessions_token_is_refused(manage: TestClient, csrf: str) -> None:
    enter_manage(manage, "admin")
    sent = {"csrf": csrf, "user_name": "erin", "email": "e@example.com", "name": "X", "disabled": "on"}
    for path in SENDS:
        assert manage.post(path, data=sent).status_code == 403, path
    assert portal_people.check_password("erin", DEMO_PASSWORDS["erin"]) is not None
    assert portal_people.count_people("") == 5


@pytest.mark.parametrize(
    "path",
    [
        "/manage/users/99/edit",
        "/manage/users/x/edit",
        "/manage/groups/99/edit",
        "/manage/roles/99/edit",
        "/manage/nope",
    ],
)
def test_what_does_not_exist_is_a_404_in_the_portals_look(manage: TestClient, path: str) -> None:
    enter_manage(manage, "admin")
    answer = manage.get(path)
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text


@pytest.mark.parametrize("path", [*PAGES, "/manage/login"])
def test_a_head_is_answered_like_a_get_and_sends_no_form(manage: TestClient, path: str) -> None:
    enter_manage(manage, "admin")
    answer = manage.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_oversized_form_is_refused(manage: TestClient) -> None:
    assert manage.post("/manage/login", data={"username": "x" * 70_000}).status_code == 413


# The live counter


def test_the_counter_pushes_the_open_tasks_and_follows_them(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    with manage.websocket_connect("/manage/ws/tasks") as socket:
        assert socket.receive_json() == {"open": 7, "overdue": 1}
        with portal_people.database(write=True) as db:
            db.execute("UPDATE tasks SET done = 1 WHERE due < date('now')")
        assert socket.receive_json()["overdue"] == 0


def test_a_stranger_gets_no_socket(manage: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, manage.websocket_connect("/manage/ws/tasks"):
        pass  # never reached: a refusal raises before
    assert refused.value.code == 1008


def test_a_socket_ends_when_its_administrator_is_disabled(manage: TestClient) -> None:
    enter_manage(manage, "wendy")
    with manage.websocket_connect("/manage/ws/tasks") as socket:
        socket.receive_json()
        with portal_people.database(write=True) as db:
            db.execute("UPDATE users SET disabled = 1 WHERE id = 2")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == 1008


# The house around it


def test_links_and_redirects_respect_the_prefix_that_it_is_mounted_under(manage: TestClient) -> None:
    with TestClient(manage.app, root_path="/desk", follow_redirects=False) as client:
        answer = client.get("/desk/manage/users")
        assert answer.headers["Location"] == "/desk/manage/login?next=%2Fdesk%2Fmanage%2Fusers"
        page = client.get("/desk/manage/login").text
        assert 'action="/desk/manage/login"' in page
        assert not re.search(r'(?:href|src|action)="/manage', page)
        assert client.get("/desk/manage/static/portal.css").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_no_inline_script_or_style_and_every_link_leads_somewhere(manage: TestClient, path: str) -> None:
    enter_manage(manage, "admin")
    page = manage.get(path)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?://", page.text)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for link in set(re.findall(r'(?:href|src)="(/[^"]+)"', page.text)):
        assert manage.get(link).status_code == 200, link


def test_manage_starts_where_the_toolkit_cannot_be_imported(tmp_path: Path) -> None:
    ran = import_without_the_toolkit("manage_demo.app", tmp_path)
    assert (ran.stdout, ran.returncode) == ("imported\n", 0), ran.stderr
    assert (tmp_path / "alone.db").exists()


def test_no_file_of_manage_or_of_the_shared_people_names_the_toolkit() -> None:
    assert files_that_name_the_toolkit("manage_demo") == []
    assert files_that_name_the_toolkit("portal_people") == []

"""Produce, through its own doors."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from werkzeug.test import Client

import portal_people
from demos.visitors import SECRET, csrf_in, enter_produce, files_that_name_the_toolkit, import_without_the_toolkit
from portal_people import DEMO_PASSWORDS


def session_of(client: Client) -> dict[str, Any]:
    cookie = client.get_cookie("produce_session")
    assert cookie is not None
    facts: dict[str, Any] = URLSafeTimedSerializer(SECRET, salt="produce-session").loads(cookie.value)
    return facts


def disable(user_id: int) -> None:
    with portal_people.database(write=True) as db:
        db.execute("UPDATE users SET disabled = 1 WHERE id = ?", (user_id,))


def token_of(client: Client, user_name: str) -> str:
    sent = {"username": user_name, "password": DEMO_PASSWORDS[user_name]}
    answer = client.post("/produce/api/v1/client/login/", json=sent)
    assert answer.status_code == 200
    return str(answer.json["token"])


# The people


def test_a_second_start_keeps_what_the_first_one_seeded_and_people_changed(produce: Client) -> None:
    portal_people.save_profile(3, first_name="Erina", last_name="Castle", email="e@example.com", phone="")
    portal_people.prepare()
    assert [person.user_name for person in portal_people.everybody()] == ["admin", "erin", "guest", "svc-mail", "wendy"]
    erin = portal_people.person(3)
    assert erin is not None
    assert erin.first_name == "Erina"


def test_eight_starts_at_once_seed_the_database_once(fresh_database: None) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: portal_people.prepare(), range(8)))
    assert len(portal_people.everybody()) == 5
    assert portal_people.all_groups() == ["Site Operations", "Workflow Team"]


@pytest.mark.parametrize(
    ("user_id", "roles"),
    [
        (1, ["Global Administrator"]),
        (2, ["End User", "Workflow Administrator"]),
        (3, ["End User"]),
        (4, ["End User"]),
        (5, ["Impersonate Users"]),
    ],
)
def test_roles_are_those_given_directly_and_those_of_the_groups(
    produce: Client, user_id: int, roles: list[str]
) -> None:
    assert portal_people.roles_of(user_id) == roles


def test_wendy_is_an_administrator_only_through_her_group(produce: Client) -> None:
    assert portal_people.own_roles_of(2) == ["End User"]
    assert portal_people.groups_of(2) == ["Workflow Team"]


def test_passwords_and_tokens_are_not_kept_in_the_clear(produce: Client, tmp_path: Path) -> None:
    token, _ = portal_people.issue_token(5)
    stored = (tmp_path / "var" / "portal.db").read_bytes()
    assert token.encode() not in stored
    assert not [password for password in DEMO_PASSWORDS.values() if password.encode() in stored]


# Log-in and log-out


def test_the_root_leads_to_the_portal(produce: Client) -> None:
    answer = produce.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/produce/")


@pytest.mark.parametrize("path", ["/produce/", "/produce/profile", "/produce/forms/leave-request"])
def test_a_stranger_is_sent_to_the_login_page_and_back_afterwards(produce: Client, path: str) -> None:
    answer = produce.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/produce/login?next={path}")
    page = produce.get(answer.headers["Location"])
    assert f'name="next" value="{path}"' in page.text
    sent = {"username": "erin", "password": DEMO_PASSWORDS["erin"], "next": path}
    answer = produce.post("/produce/login", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
)
def test_a_next_that_leaves_the_site_is_dropped(produce: Client, target: str) -> None:
    sent = {"username": "erin", "password": DEMO_PASSWORDS["erin"], "next": target}
    answer = produce.post("/produce/login", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/produce/")


@pytest.mark.parametrize(
    ("user_name", "password"), [("erin", "wrong"), ("nobody", "wrong"), ("svc-mail", ""), ("erin", ""), ("", "")]
)
def test_a_wrong_login_shows_the_page_with_a_message_and_sets_no_cookie(
    produce: Client, user_name: str, password: str
) -> None:
    answer = produce.post("/produce/login", data={"username": user_name, "password": password})
    assert answer.status_code == 401
    assert "The user name or the password is not right." in answer.text
    assert "Set-Cookie" not in answer.headers


def test_a_disabled_user_cannot_log_in_and_loses_a_running_session(produce: Client) -> None:
    enter_produce(produce, "erin")
    disable(3)
    assert produce.get("/produce/").status_code == 303
    answer = produce.post("/produce/login", data={"username": "erin", "password": DEMO_PASSWORDS["erin"]})
    assert answer.status_code == 401


def test_the_session_cookie_says_who_it_is_and_is_new_at_each_login(produce: Client) -> None:
    enter_produce(produce, "erin")
    first = session_of(produce)
    assert set(first) == {"user_id", "login_id", "user_name", "csrf"}
    assert (first["user_id"], first["user_name"]) == (3, "erin")
    enter_produce(produce, "erin")
    second = session_of(produce)
    assert second["user_id"] == 3
    assert second["login_id"] != first["login_id"]
    assert second["csrf"] != first["csrf"]


def test_the_session_cookie_is_http_only_lax_and_valid_for_twelve_hours(produce: Client) -> None:
    answer = produce.post("/produce/login", data={"username": "erin", "password": DEMO_PASSWORDS["erin"]})
    attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=43200"} <= set(attributes)
    assert "Secure" not in attributes


def test_a_session_signed_by_another_secret_is_nobody(produce: Client) -> None:
    facts = {"user_id": 1, "login_id": "x", "user_name": "admin", "csrf": "x"}
    forged = URLSafeTimedSerializer("another secret", salt="produce-session").dumps(facts)
    produce.set_cookie("produce_session", str(forged))
    assert produce.get("/produce/").status_code == 303


@pytest.mark.parametrize(("age_seconds", "status"), [(12 * 3600 - 60, 200), (12 * 3600 + 60, 303)])
def test_a_session_is_valid_for_twelve_hours(produce: Client, age_seconds: int, status: int) -> None:
    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - age_seconds

    facts = {"user_id": 3, "login_id": "x", "user_name": "erin", "csrf": "x"}
    signed = URLSafeTimedSerializer(SECRET, salt="produce-session", signer=Earlier).dumps(facts)
    produce.set_cookie("produce_session", str(signed))
    assert produce.get("/produce/").status_code == status


def test_log_out_takes_the_cookie_away(produce: Client) -> None:
    csrf = enter_produce(produce, "erin")
    answer = produce.post("/produce/logout", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/produce/login?notice=logged-out")
    assert produce.get_cookie("produce_session") is None
    assert "You are logged out." in produce.get(answer.headers["Location"]).text


@pytest.mark.parametrize("path", ["/produce/logout", "/produce/profile", "/produce/profile/password"])
@pytest.mark.parametrize("csrf", ["", "guessed", "ü"])
def test_a_form_without_the_sessions_token_is_refused(produce: Client, path: str, csrf: str) -> None:
    enter_produce(produce, "erin")
    answer = produce.post(path, data={"csrf": csrf, "first_name": "M", "last_name": "M", "email": "m@example.com"})
    assert answer.status_code == 403
    assert produce.get("/produce/").status_code == 200
    assert portal_people.person(3) == portal_people.check_password("erin", DEMO_PASSWORDS["erin"])


def test_log_out_is_no_link(produce: Client) -> None:
    enter_produce(produce, "erin")
    answer = produce.get("/produce/logout")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


# Forms and tasks


def test_home_shows_the_forms_and_the_persons_own_tasks(produce: Client) -> None:
    enter_produce(produce, "erin")
    home = produce.get("/produce/").text
    assert "Leave request" in home
    assert "Expense claim" in home
    assert "Weekly safety check: loading bay" in home
    assert "Approve leave" not in home
    assert 'href="/produce/profile">Profile<' in home


def test_a_draft_is_kept_and_a_submitted_form_is_gone_from_it(produce: Client) -> None:
    csrf = enter_produce(produce, "erin")
    path, sent = "/produce/forms/leave-request", {"csrf": csrf, "kind": "Study leave", "first_day": "2030-05-01"}
    answer = produce.post(path, data=sent | {"action": "save"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?notice=saved")
    assert 'value="2030-05-01"' in produce.get(path).text
    answer = produce.post(path, data=sent | {"action": "submit"})
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    answer = produce.post(path, data=sent | {"action": "submit", "last_day": "2030-05-03"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/produce/?notice=submitted")
    assert "2030-05-01" not in produce.get(path).text


def test_a_submitted_task_is_done(produce: Client) -> None:
    csrf = enter_produce(produce, "erin")
    link = re.search(r'href="(/produce/forms/site-check\?task=\d+)"', produce.get("/produce/").text)
    assert link
    task = link[1].rpartition("=")[2]
    sent = {"csrf": csrf, "task": task, "action": "submit", "area": "Yard", "exits": "Yes", "findings": ""}
    assert produce.post("/produce/forms/site-check", data=sent).status_code == 303
    assert link[0] not in produce.get("/produce/").text
    assert produce.get(link[1]).status_code == 404


@pytest.mark.parametrize("path", ["forms/approval", "forms/approval?task=4", "forms/site-check", "forms/none", "nope"])
def test_a_form_that_is_not_offered_to_this_person_does_not_exist(produce: Client, path: str) -> None:
    enter_produce(produce, "erin")
    assert produce.get(f"/produce/{path}").status_code == 404


def test_an_open_form_keeps_the_session_company(produce: Client) -> None:
    assert produce.post("/produce/keepalive").status_code == 401
    enter_produce(produce, "erin")
    page = produce.get("/produce/forms/leave-request").text
    assert 'src="/produce/static/keepalive.js" data-url="/produce/keepalive"' in page
    with produce.get("/produce/static/keepalive.js") as script:
        assert "fetch(" in script.text
    answer = produce.post("/produce/keepalive")
    assert (answer.status_code, answer.json) == (200, {"ok": True})


def test_a_guest_sends_feedback_without_a_login(produce: Client) -> None:
    page = produce.get("/produce/guest/feedback")
    assert page.status_code == 200
    assert "csrf" not in page.text
    assert produce.post("/produce/guest/feedback", data={"message": ""}).status_code == 422
    answer = produce.post("/produce/guest/feedback", data={"message": "<b>Friendly</b> & quick"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/produce/guest/feedback?notice=submitted")
    with portal_people.database() as db:
        row = db.execute("SELECT user_id, answers FROM submissions").fetchone()
    assert row["user_id"] is None
    assert "Friendly" in row["answers"]


def test_what_people_type_comes_back_as_text_and_never_as_markup(produce: Client) -> None:
    answer = produce.post("/produce/guest/feedback", data={"name": '"><script>x</script>', "message": ""})
    assert "<script>x" not in answer.text
    assert "&lt;script&gt;x" in answer.text


# Profile


def test_a_profile_is_saved(produce: Client) -> None:
    csrf = enter_produce(produce, "erin")
    sent = {"first_name": "Erin", "last_name": "Castell", "email": "erin@example.org", "phone": "9"}
    assert produce.post("/produce/profile", data=sent | {"csrf": csrf}).status_code == 303
    page = produce.get("/produce/profile").text
    assert 'value="Castell"' in page
    assert 'value="erin@example.org"' in page


def test_a_password_changes_only_with_the_present_one_and_ends_the_tokens(produce: Client) -> None:
    csrf, token = enter_produce(produce, "erin"), token_of(produce, "erin")
    new = {"csrf": csrf, "new": "Copper-Tulip-88", "again": "Copper-Tulip-88"}
    assert produce.post("/produce/profile/password", data=new | {"current": "wrong"}).status_code == 422
    right = new | {"current": DEMO_PASSWORDS["erin"]}
    assert produce.post("/produce/profile/password", data=right | {"again": "other"}).status_code == 422
    assert produce.post("/produce/profile/password", data=right).status_code == 303
    assert portal_people.check_password("erin", DEMO_PASSWORDS["erin"]) is None
    assert portal_people.check_password("erin", "Copper-Tulip-88") is not None
    assert portal_people.user_of_token(token) is None


# The API


def test_a_token_reads_the_tasks_of_its_owner(produce: Client) -> None:
    token = token_of(produce, "wendy")
    answer = produce.get("/produce/api/v1/tasks", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.json["user"] == 2
    assert [task["form"] for task in answer.json["tasks"]] == ["approval", "approval"]


@pytest.mark.parametrize("sent", [{"username": "erin", "password": "wrong"}, {"username": "svc-mail", "password": ""}])
def test_a_wrong_api_login_is_a_401_in_json(produce: Client, sent: dict[str, str]) -> None:
    answer = produce.post("/produce/api/v1/client/login/", json=sent)
    assert (answer.status_code, answer.mimetype) == (401, "application/json")
    assert "token" not in answer.json


@pytest.mark.parametrize("sent", [[], {}, {"username": 3, "password": None}, "erin"])
def test_an_odd_api_login_is_a_400_in_json(produce: Client, sent: object) -> None:
    answer = produce.post("/produce/api/v1/client/login/", json=sent)
    assert (answer.status_code, answer.mimetype) == (400, "application/json")


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", "Basic ZXJpbjp4", "Bearer a b"])
def test_the_api_takes_no_session_and_no_unknown_token(produce: Client, authorization: str | None) -> None:
    enter_produce(produce, "erin")
    headers = {"Authorization": authorization} if authorization else {}
    answer = produce.get("/produce/api/v1/tasks", headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/json")
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


def test_a_token_opens_no_page(produce: Client) -> None:
    headers = {"Authorization": f"Bearer {token_of(produce, 'erin')}"}
    assert produce.get("/produce/", headers=headers).status_code == 303


def test_a_token_ends_with_its_time_and_with_its_user(produce: Client) -> None:
    ended, _ = portal_people.issue_token(3, hours=0)
    assert portal_people.user_of_token(ended) is None
    token, _ = portal_people.issue_token(3)
    assert portal_people.user_of_token(token) is not None
    disable(3)
    assert portal_people.user_of_token(token) is None


def test_only_who_may_impersonate_users_reads_the_tasks_of_others(produce: Client) -> None:
    service, _ = portal_people.issue_token(5)
    answer = produce.get("/produce/api/v1/tasks?user=3", headers={"Authorization": f"Bearer {service}"})
    assert (answer.status_code, answer.json["user"], len(answer.json["tasks"])) == (200, 3, 3)
    own = {"Authorization": f"Bearer {token_of(produce, 'erin')}"}
    assert produce.get("/produce/api/v1/tasks?user=2", headers=own).status_code == 403


# The house around it


def test_links_and_redirects_respect_the_prefix_that_it_is_mounted_under(produce: Client) -> None:
    answer = produce.get("/produce/profile?x=1", base_url="http://localhost/desk")
    assert answer.headers["Location"] == "/desk/produce/login?next=/desk/produce/profile?x%3D1"
    page = produce.get("/produce/login", base_url="http://localhost/desk").text
    assert 'action="/desk/produce/login"' in page
    assert 'href="/desk/produce/static/portal.css"' in page
    assert not re.search(r'(?:href|src|action)="/produce', page)


@pytest.mark.parametrize("path", ["/produce/", "/produce/profile", "/produce/forms/expense-claim"])
def test_pages_hold_no_inline_script_or_style_and_load_nothing_from_elsewhere(produce: Client, path: str) -> None:
    enter_produce(produce, "erin")
    page = produce.get(path)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?://", page.text)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_every_visible_control_has_a_label(produce: Client) -> None:
    enter_produce(produce, "erin")
    for path in ("/produce/profile", "/produce/forms/expense-claim", "/produce/guest/feedback"):
        page = produce.get(path).text
        named = set(re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', page))
        assert named
        assert named == set(re.findall(r'<label for="([^"]+)"', page))


def test_produce_starts_where_the_toolkit_cannot_be_imported(tmp_path: Path) -> None:
    ran = import_without_the_toolkit("produce_demo.app", tmp_path)
    assert (ran.stdout, ran.returncode) == ("imported\n", 0), ran.stderr
    assert (tmp_path / "alone.db").exists()


def test_no_file_of_produce_names_the_toolkit() -> None:
    assert files_that_name_the_toolkit("produce_demo") == []


def test_csrf_tokens_differ_between_people(produce: Client) -> None:
    first = enter_produce(produce, "erin")
    assert csrf_in(produce.get("/produce/profile").text) == first
    assert enter_produce(produce, "wendy") != first

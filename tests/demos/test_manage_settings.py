"""Manage: the settings for security, administrators' own passwords, and the record of what was done."""

from __future__ import annotations

import re
import sqlite3
import time

import pytest
from starlette.testclient import TestClient

import portal_people
from demos.visitors import enter_as_clerk, enter_manage
from portal_people import DEMO_PASSWORDS, Security

CHOSEN = {"password_length": "14", "audit_days": "90", "login_notice": "Only for <staff>."}
CHANGED = {"user_name": "erin", "first_name": "Erin", "last_name": "Castle", "email": "new@example.com"}


def told(client: TestClient, text: str = "") -> list[str]:
    """What the record says, newest first."""
    page = client.get("/manage/audit", params={"q": text}).text
    return re.findall(r'data-label="What">([^<]*)<', page)


# Settings


def test_saved_settings_count_and_are_shown(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    answer = manage.post("/manage/settings/security", data=CHOSEN | {"csrf": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/settings/security?notice=security-saved")
    page = manage.get(answer.headers["Location"]).text
    assert "The settings are saved." in page
    assert 'name="password_length" value="14"' in page
    assert portal_people.security_settings() == Security(14, "Only for <staff>.", 90)
    assert "Only for &lt;staff&gt;." in manage.get("/manage/login").text


def test_the_session_hours_that_are_shown_are_those_of_the_cookie(manage: TestClient) -> None:
    answer = manage.post("/manage/login", data={"username": "admin", "password": DEMO_PASSWORDS["admin"]})
    assert f"Max-Age={12 * 3600};" in answer.headers["Set-Cookie"]
    assert "<dt>A session in Manage ends after</dt><dd>12 hours</dd>" in manage.get("/manage/settings/security").text


@pytest.mark.parametrize(
    "sent",
    [
        {"password_length": "7"},
        {"password_length": "65"},
        {"password_length": "many"},
        {"password_length": ""},
        {"password_length": "9" * 5000},
        {"audit_days": "29"},
        {"audit_days": "3651"},
        {"login_notice": "x" * 301},
    ],
)
def test_settings_beyond_their_limits_are_not_saved(manage: TestClient, sent: dict[str, str]) -> None:
    csrf = enter_manage(manage, "admin")
    answer = manage.post("/manage/settings/security", data=CHOSEN | sent | {"csrf": csrf})
    assert answer.status_code == 422
    assert 'class="fault"' in answer.text
    assert portal_people.security_settings() == Security(10, "", 365)


def test_a_workflow_administrator_sees_the_settings_and_changes_none(manage: TestClient) -> None:
    csrf = enter_manage(manage, "wendy")
    page = manage.get("/manage/settings/security").text
    assert "<dt>Minimum password length</dt><dd>10 characters</dd>" in page
    assert "security-form" not in page
    assert manage.post("/manage/settings/security", data=CHOSEN | {"csrf": csrf}).status_code == 403
    assert portal_people.security_settings() == Security(10, "", 365)


def test_ones_own_password_is_changed_and_must_have_the_minimum_length(manage: TestClient) -> None:
    csrf = enter_manage(manage, "wendy")
    with portal_people.database(write=True) as db:
        portal_people.save_security(db, Security(14, "", 365))
    sent = {"csrf": csrf, "current": DEMO_PASSWORDS["wendy"], "new": "Thirteen-long", "again": "Thirteen-long"}
    answer = manage.post("/manage/password", data=sent)
    assert answer.status_code == 422
    assert "Please choose at least 14 characters." in answer.text
    answer = manage.post("/manage/password", data=sent | {"new": "Fourteen-long.", "again": "Fourteen-long."})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/?notice=password-changed")
    assert portal_people.check_password("wendy", "Fourteen-long.") is not None


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"current": "wrong"}, "This is not your present password."),
        ({"again": "Fourteen-longer"}, "The two new passwords differ."),
    ],
)
def test_a_password_form_with_a_fault_changes_nothing(manage: TestClient, sent: dict[str, str], message: str) -> None:
    csrf = enter_manage(manage, "wendy")
    right = {"current": DEMO_PASSWORDS["wendy"], "new": "Fourteen-long.", "again": "Fourteen-long."}
    answer = manage.post("/manage/password", data=right | sent | {"csrf": csrf})
    assert answer.status_code == 422
    assert message in answer.text
    assert portal_people.check_password("wendy", DEMO_PASSWORDS["wendy"]) is not None


@pytest.mark.parametrize("length", [8, 19, 20, 64])
def test_a_start_password_is_as_long_as_the_settings_demand(manage: TestClient, length: int) -> None:
    with portal_people.database(write=True) as db:
        portal_people.save_security(db, Security(length, "", 365))
    assert len(portal_people.start_password()) >= max(length, 19)


# The record


def test_the_record_says_who_did_what_newest_first(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    made = {"user_name": "nora", "email": "n@example.com", "groups": ["Site Operations"]}
    manage.post("/manage/users/new", data=made | {"csrf": csrf})
    manage.post("/manage/users/3/edit", data=CHANGED | {"csrf": csrf, "roles": ["Impersonate Users"]})
    manage.post("/manage/groups/new", data={"csrf": csrf, "name": "Night", "auto_assign": "on", "add": "erin"})
    manage.post("/manage/roles/new", data={"csrf": csrf, "name": "Judge", "permissions": ["see_audit"]})
    manage.post("/manage/roles/5/edit", data={"csrf": csrf, "name": "Referee", "permissions": ["edit_users"]})
    manage.post("/manage/roles/5/delete", data={"csrf": csrf})
    manage.post("/manage/settings/security", data=CHOSEN | {"csrf": csrf, "login_notice": ""})
    manage.post("/manage/logout", data={"csrf": csrf})
    enter_manage(manage, "wendy")
    assert told(manage) == [
        "Logged in",
        "Logged out",
        "Changed security settings: minimum password length: “10” → “14”; days in the audit: “365” → “90”",
        "Deleted role Referee",
        "Changed role Judge: name: “Judge” → “Referee”; permissions added: Edit users;"
        " permissions taken away: See the audit",
        "Created role Judge: permissions added: See the audit",
        "Created group Night: auto assign: yes; members added: erin",
        "Changed user erin: e-mail: “erin.castle@example.com” → “new@example.com”; roles added: Impersonate Users;"
        " roles taken away: End User; groups taken away: Site Operations",
        "Created user nora (number 6): e-mail: nothing → “n@example.com”; groups added: Site Operations",
        "Logged in",
    ]
    assert re.findall(r'data-label="Who">([^<]*)<', manage.get("/manage/audit").text) == ["wendy"] + ["admin"] * 9


def test_what_changes_nothing_leaves_no_row(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    same = CHANGED | {
        "csrf": csrf,
        "email": "erin.castle@example.com",
        "roles": "End User",
        "groups": "Site Operations",
    }
    assert manage.post("/manage/users/3/edit", data=same).status_code == 303
    site = {"csrf": csrf, "name": "Site Operations", "email": "site@example.com", "roles": "End User", "add": "erin"}
    assert manage.post("/manage/groups/1/edit", data=site).status_code == 303
    assert told(manage) == ["Logged in"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/manage/users/3/edit", CHANGED),
        ("/manage/users/new", CHANGED | {"user_name": "nora"}),
        ("/manage/groups/1/edit", {"name": "Other"}),
        ("/manage/roles/2/edit", {"name": "Workflow Administrator"}),
        ("/manage/settings/security", CHOSEN),
        ("/manage/password", {"current": DEMO_PASSWORDS["admin"], "new": "Fourteen-long.", "again": "Fourteen-long."}),
    ],
)
def test_a_change_whose_row_cannot_be_written_is_not_made(manage: TestClient, path: str, sent: dict[str, str]) -> None:
    csrf = enter_manage(manage, "admin")
    with portal_people.database(write=True) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    before = contents()
    with pytest.raises(sqlite3.IntegrityError, match="the disk is full"):
        manage.post(path, data=sent | {"csrf": csrf})
    assert contents() == before


def contents() -> list[str]:
    with portal_people.database() as db:
        return list(db.iterdump())


def test_a_change_that_fails_leaves_no_row(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    assert manage.post("/manage/users/1/edit", data=CHANGED | {"csrf": csrf, "user_name": "admin"}).status_code == 422
    assert manage.post("/manage/users/3/edit", data=CHANGED | {"csrf": csrf, "user_name": "wendy"}).status_code == 422
    assert manage.post("/manage/roles/new", data={"csrf": csrf, "name": "End User"}).status_code == 422
    assert told(manage) == ["Logged in"]


def test_the_record_is_filtered_by_words_anywhere_in_it(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    for name in ("Night_shift", "Day shift"):
        manage.post("/manage/groups/new", data={"csrf": csrf, "name": name})
    assert told(manage, "NIGHT") == ["Created group Night_shift"]
    assert told(manage, "_") == ["Created group Night_shift"]
    assert told(manage, "created%day") == ["Created group Day shift"]
    assert told(manage, "admin logged") == ["Logged in"]
    assert told(manage, "dawn") == []


def test_a_long_record_comes_in_pages(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    with portal_people.database(write=True) as db:
        rows = [(int(time.time()), 1, "admin", f"Did {number}") for number in range(30)]
        db.executemany("INSERT INTO audit (at, user_id, user_name, what) VALUES (?, ?, ?, ?)", rows)
    assert told(manage) == [f"Did {number}" for number in range(29, 4, -1)]
    assert "Page 2 of 2" in manage.get("/manage/audit?page=2").text


def test_rows_older_than_the_settings_say_are_deleted(manage: TestClient) -> None:
    with portal_people.database(write=True) as db:
        for days in (364, 366):
            row = (int(time.time()) - days * 86400, 1, "admin", f"Did something {days} days ago")
            db.execute("INSERT INTO audit (at, user_id, user_name, what) VALUES (?, ?, ?, ?)", row)
    enter_manage(manage, "admin")
    assert told(manage) == ["Logged in", "Did something 364 days ago"]


def test_only_those_with_the_permission_see_the_record(manage: TestClient) -> None:
    enter_as_clerk(manage, "edit_users")
    assert "/manage/audit" not in manage.get("/manage/").text
    assert manage.get("/manage/audit").status_code == 403

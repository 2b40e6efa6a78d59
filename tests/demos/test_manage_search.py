"""Manage: how users are found in a long list."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

import portal_people
from demos.visitors import add_user, enter_manage


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["admin", "erin", "guest", "svc-mail", "wendy"]),
        ("WEN", ["wendy"]),  # user name
        ("ada", ["admin"]),  # first name
        ("cast", ["erin"]),  # last name
        ("Mail Ser", ["svc-mail"]),  # full name
        ("svc-mail@", ["svc-mail"]),  # e-mail
        ("stle", []),  # only beginnings
        ("%stle", ["erin"]),
        ("%a%w%@example.com", ["admin"]),
        ("wendy%okafor", ["wendy"]),
        ("e%", ["erin"]),  # neither her last name alone nor anybody's first
        ("%", ["admin", "erin", "guest", "svc-mail", "wendy"]),
        ("_rin", []),
        ("_%", []),
        ("\\%", []),
        ("%'--", []),
    ],
)
def test_the_search_finds_beginnings_and_patterns_in_whatever_case(
    manage: TestClient, text: str, found: list[str]
) -> None:
    enter_manage(manage, "admin")
    page = manage.get("/manage/users", params={"q": text}).text
    assert re.findall(r'<tr id="user-\d+">\s*<th scope="row">([^<]*)', page) == found


@pytest.mark.parametrize(
    ("text", "found"), [("a_", ["a_b"]), ("%\\%", ["c\\d"]), ("öz", ["ÖZGÜR"]), ("%GÜR", ["ÖZGÜR"])]
)
def test_underscore_and_backslash_stand_for_themselves_and_letters_for_both_their_forms(
    manage: TestClient, text: str, found: list[str]
) -> None:
    for name in ("a_b", "axb", "c\\d", "ÖZGÜR"):
        add_user(name)
    assert [person.user_name for person in portal_people.find_people(text, 0, 9)] == found
    assert portal_people.count_people(text) == len(found)


def test_a_page_holds_twenty_five_users_and_leads_to_the_others(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    for number in range(30):
        add_user(f"mira_{number:02}")
    first = manage.get("/manage/users?q=mira_").text
    assert "Found: 1 to 25 of 30." in first
    assert len(re.findall(r'<tr id="user-', first)) == 25
    assert 'rel="prev"' not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = manage.get(following[1].replace("&amp;", "&")).text
    assert "Found: 26 to 30 of 30." in second
    assert len(re.findall(r'<tr id="user-', second)) == 5
    assert 'rel="next"' not in second


@pytest.mark.parametrize(("asked", "page"), [("0", 1), ("-1", 1), ("x", 1), ("99", 2), ("9" * 40, 1), ("²", 1)])
def test_a_page_that_is_not_there_becomes_one_that_is(manage: TestClient, asked: str, page: int) -> None:
    enter_manage(manage, "admin")
    for number in range(25):
        add_user(f"mira{number}")
    assert f"Page {page} of 2" in manage.get("/manage/users", params={"page": asked}).text

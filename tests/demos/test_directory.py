"""What the portals' directory tells whoever asks it."""

from __future__ import annotations

import pytest

import portal_directory
import portal_people
from demos.visitors import add_user
from portal_people import Account

ERIN = {"user": "3", "label": "erin", "name": "Erin Castle", "email": "erin.castle@example.com"}
WENDY = {"user": "2", "label": "wendy", "name": "Wendy Okafor", "email": "wendy.okafor@example.com"}


@pytest.fixture(autouse=True)
def seeded(fresh_database: None) -> None:
    portal_people.prepare()


def labels(pattern: str, offset: int = 0, limit: int = 50) -> list[str]:
    return [found["label"] for found in portal_directory.find_people(pattern, offset, limit)]


def test_people_are_found_by_pattern_in_the_order_of_their_user_names() -> None:
    assert portal_directory.find_people("erin", 0, 5) == [ERIN]
    assert labels("%") == ["admin", "erin", "guest", "svc-mail", "wendy"]
    assert labels("") == labels("%")
    assert labels("%OKAFOR") == ["wendy"]


def test_an_underscore_and_a_backslash_stand_for_themselves() -> None:
    for name in ("a_b", "axb", "a\\b"):
        add_user(name)
    assert labels("a_%") == ["a_b"]
    assert labels("a\\") == ["a\\b"]


def test_people_come_in_portions() -> None:
    assert labels("%", 1, 2) == ["erin", "guest"]
    assert labels("%", 4, 2) == ["wendy"]
    assert labels("%", 5, 2) == []


def test_somebody_is_known_by_the_number() -> None:
    assert portal_directory.person("3") == ERIN


@pytest.mark.parametrize("user", ["99", "03", " 3", "-3", "erin", "", "³", "9" * 30])
def test_what_is_nobodys_number_is_nobody(user: str) -> None:
    assert portal_directory.person(user) is None


def test_the_number_stays_when_the_user_name_changes() -> None:
    with portal_people.database(write=True) as db:
        portal_people.change_user(db, 3, Account("e.castle", "", "", "e@example.com", disabled=False))
    known = {"user": "3", "label": "e.castle", "name": "e.castle", "email": "e@example.com"}
    assert portal_directory.person("3") == known


def test_every_role_is_named() -> None:
    assert portal_directory.roles() == portal_people.all_roles()
    assert "Workflow Administrator" in portal_directory.roles()


def test_members_are_told_with_the_groups_that_give_them_the_role() -> None:
    assert portal_directory.members("Workflow Administrator") == [WENDY | {"through": ["Workflow Team"]}]


def test_who_has_a_role_directly_needs_no_group_for_it() -> None:
    through = {member["label"]: member["through"] for member in portal_directory.members("End User")}
    assert through == {"erin": [], "guest": [], "wendy": []}  # erin also through Site Operations


def test_who_has_a_role_through_two_groups_is_told_once_with_both() -> None:
    with portal_people.database(write=True) as db:
        db.execute("INSERT INTO group_roles VALUES (1, 2)")
        db.execute("INSERT INTO group_members VALUES (1, 2)")
    members = {member["label"]: member["through"] for member in portal_directory.members("Workflow Administrator")}
    assert members == {"erin": ["Site Operations"], "wendy": ["Site Operations", "Workflow Team"]}


def test_a_role_that_does_not_exist_has_no_members() -> None:
    assert portal_directory.members("No such role") == []

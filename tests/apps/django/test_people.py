"""Roles and people out of Django's own tables."""

from __future__ import annotations

from typing import Any

import pytest

from apps.django.asking import request, told
from twofa_middleware.directory.django import DjangoDirectory, DjangoDirectoryOptions
from twofa_middleware.errors import ConfigError
from twofa_middleware.protocol import Login, PluginContext
from twofa_middleware.roles.django import DjangoRoles, DjangoRolesOptions

ROLES: dict[str, Any] = {
    "staff": "Staff",
    "superuser": "Administrator",
    "groups": {"Editors": ["Approver"], "Approver": ["Reader"]},
}


@pytest.fixture
def roles(people: Any, context: PluginContext) -> DjangoRoles:
    return DjangoRoles(DjangoRolesOptions(**ROLES), context)


@pytest.fixture
def directory(people: Any, context: PluginContext) -> DjangoDirectory:
    return DjangoDirectory(DjangoDirectoryOptions(**ROLES), context)


def login(people: Any, name: str) -> Login:
    return Login(str(people.get(username=name).pk))


def labels(directory: DjangoDirectory, pattern: str, offset: int = 0, limit: int = 50) -> list[str]:
    return [person.label for person in told(directory.find(pattern, offset, limit))]


def test_groups_are_roles_and_flags_are_if_they_are_named(people: Any, context: PluginContext) -> None:
    plain = DjangoRoles(DjangoRolesOptions(), context)
    assert told(plain.roles_of(login(people, "erin"), request())) == {"Editors"}
    assert told(plain.roles_of(login(people, "ada"), request())) == frozenset()


def test_groups_lead_to_the_roles_that_they_have(roles: DjangoRoles, people: Any) -> None:
    assert told(roles.roles_of(login(people, "erin"), request())) == {"Editors", "Approver", "Reader", "Staff"}
    assert told(roles.roles_of(login(people, "ada"), request())) == {"Staff", "Administrator"}


def test_roles_are_those_of_now(roles: DjangoRoles, people: Any) -> None:
    erin = people.get(username="erin")
    erin.groups.clear()
    people.filter(pk=erin.pk).update(is_staff=False)
    assert told(roles.roles_of(Login(str(erin.pk)), request())) == frozenset()


@pytest.mark.parametrize("user", ["999999", "erin", "", "9" * 40])
def test_the_roles_of_nobody_cannot_be_told(roles: DjangoRoles, user: str) -> None:
    with pytest.raises(LookupError):
        told(roles.roles_of(Login(user), request()))


def test_people_are_found_by_how_a_name_begins_or_by_pattern(directory: DjangoDirectory) -> None:
    assert labels(directory, "") == labels(directory, "%") == ["ada", "erin", "frank"]
    assert labels(directory, "ERI") == ["erin"]
    assert labels(directory, "castle") == labels(directory, "Erin Cas") == labels(directory, "%rin%stl%") == ["erin"]
    assert labels(directory, "%@example.org") == ["ada", "erin"]
    assert labels(directory, "rin") == []
    assert labels(directory, "%tle%Cas%") == []


@pytest.mark.parametrize("odd", ["_rin", "e_in", "%e_i%", "\\", "%\\%", "'", "%' OR 1=1 --", "[e]%", ".*", "\0"])
def test_nothing_but_the_percent_sign_stands_for_anything_else(directory: DjangoDirectory, odd: str) -> None:
    assert labels(directory, odd) == []


def test_what_is_odd_is_found_where_it_is_in_a_name(directory: DjangoDirectory, people: Any) -> None:
    people.create_user("a_b+c@x")
    people.create_user("axb")
    assert labels(directory, "a_b") == ["a_b+c@x"]


def test_people_come_in_portions_in_an_order_that_stays(directory: DjangoDirectory, people: Any) -> None:
    for number in range(25):
        people.create_user(f"p{number:02}")
    found = [label for start in range(0, 30, 10) for label in labels(directory, "p", start, 10)]
    assert found == [f"p{number:02}" for number in range(25)]


def test_only_the_portion_is_read(directory: DjangoDirectory, people: Any, settings: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        connection.ensure_connection()
        labels(directory, "%", 1, 1)
    assert [query["sql"].endswith("LIMIT 1 OFFSET 1") for query in asked if "auth_user" in query["sql"]] == [True]


def test_somebody_is_known_by_the_id_that_a_login_has(directory: DjangoDirectory, people: Any) -> None:
    user = str(people.get(username="erin").pk)
    found = told(directory.person(user))
    assert found is not None
    assert (found.user, found.label, found.name, found.email) == (user, "erin", "Erin Castle", "erin@example.org")
    for odd in (f"0{user}", f" {user}", f"+{user}", "erin", "", "9" * 40, "²"):
        assert told(directory.person(odd)) is None


def test_roles_are_groups_flags_and_what_groups_have(directory: DjangoDirectory) -> None:
    assert told(directory.roles()) == ("Administrator", "Approver", "Editors", "Nobody’s", "Reader", "Staff")


def members(directory: DjangoDirectory, role: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(member.person.label, member.through) for member in told(directory.members(role))]


def test_members_have_a_role_themselves_or_through_groups(directory: DjangoDirectory) -> None:
    assert members(directory, "Editors") == [("erin", ())]
    assert members(directory, "Approver") == members(directory, "Reader") == [("erin", ("Editors",))]
    assert members(directory, "Administrator") == [("ada", ())]
    assert members(directory, "Staff") == [("ada", ()), ("erin", ()), ("frank", ())]
    assert members(directory, "Nobody’s") == members(directory, "no such role") == []


def test_a_member_by_two_groups_is_one(directory: DjangoDirectory, people: Any) -> None:
    from django.contrib.auth.models import Group

    people.get(username="erin").groups.add(Group.objects.create(name="Approver"))
    assert members(directory, "Reader") == [("erin", ("Approver", "Editors"))]
    assert members(directory, "Approver") == [("erin", ())]


def test_a_model_of_users_without_groups_stops_the_start(
    people: Any, context: PluginContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.sessions.models import Session

    monkeypatch.setattr("django.contrib.auth.get_user_model", lambda: Session)
    with pytest.raises(ConfigError, match="Session, the AUTH_USER_MODEL of the project, has no groups"):
        DjangoRoles(DjangoRolesOptions(), context)

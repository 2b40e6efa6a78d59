"""Manage: roles, what they allow, and who has them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

import portal_people
from demos.visitors import add_user, enter_as_clerk, enter_manage
from portal_people import PERMISSIONS, Role

WORKFLOW = 2
NAME = "Workflow Administrator"
KEPT = {"name": NAME, "permissions": ["enter_manage", "approve_requests", "see_audit"]}


def role(role_id: int) -> Role:
    found = portal_people.role(role_id)
    assert found is not None
    return found


def reviewer() -> int:
    """A role that nobody has yet."""
    with portal_people.database(write=True) as db:
        return portal_people.add_role(db, "Reviewer")


def test_the_seeded_roles_are_built_in_and_allow_what_their_names_say(manage: TestClient) -> None:
    assert {role.name: set(role.permissions) for role in portal_people.every_role() if role.built_in} == {
        "Global Administrator": set(PERMISSIONS),
        "Workflow Administrator": {"enter_manage", "approve_requests", "see_audit"},
        "End User": set(),
        "Impersonate Users": {"impersonate_users"},
    }


def test_the_list_shows_every_role_with_permissions_and_who_has_it(manage: TestClient) -> None:
    enter_manage(manage, "wendy")
    page = manage.get("/manage/roles").text
    shown = page[page.index('id="role-2"') :].partition("</tr>")[0]
    for words in (NAME, "Built in", "Log in to Manage, See the audit, Approve requests", "to 0 users", "Workflow Team"):
        assert words in shown


def test_the_form_is_plain_and_posts_to_its_own_path(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    path = f"/manage/roles/{reviewer()}/edit"
    form = manage.get(path).text.partition('<form class="card" id="role-form"')[2].partition("</form>")[0]
    assert form.startswith(f' method="post" action="{path}">')
    assert re.search(r'name="name" value="Reviewer"[^>]* maxlength="50"', form)
    assert "readonly" not in form


def test_a_new_role_allows_what_was_ticked_and_goes_to_whom_was_named(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    sent = {"csrf": csrf, "name": "é" * 50, "permissions": ["see_audit", "enter_manage", "made_up"], "add": "erin"}
    answer = manage.post("/manage/roles/new", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/roles?notice=role-saved")
    assert "The role is saved." in manage.get(answer.headers["Location"]).text
    assert role(5) == Role(5, "é" * 50, False, ["enter_manage", "see_audit"], [], 1)
    assert portal_people.permissions_of(3) == {"enter_manage", "see_audit"}


def test_an_edited_role_is_saved_and_changes_what_its_people_may_do(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    answer = manage.post("/manage/roles/2/edit", data=KEPT | {"csrf": csrf, "permissions": ["edit_users"]})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/roles?notice=role-saved")
    assert role(WORKFLOW).permissions == ["edit_users"]
    assert portal_people.permissions_of(2) == {"edit_users"}


def test_a_role_of_ones_own_can_be_renamed(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    role_id = reviewer()
    assert manage.post(f"/manage/roles/{role_id}/edit", data={"csrf": csrf, "name": "Judge"}).status_code == 303
    assert role(role_id).name == "Judge"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": ""}, "Please give a name."),
        ({"name": "é" * 51}, "Please give a name of 50 characters at most."),
        ({"name": "end user"}, "Another role has this name."),
        ({"add": "nobody"}, "There is no user with this name: nobody."),
    ],
)
@pytest.mark.parametrize("path", ["/manage/roles/5/edit", "/manage/roles/new"])
def test_a_role_form_with_a_fault_saves_nothing_and_says_why(
    manage: TestClient, path: str, sent: dict[str, Any], message: str
) -> None:
    reviewer()
    csrf = enter_manage(manage, "admin")
    before = portal_people.every_role()
    answer = manage.post(path, data={"name": "Other", "permissions": ["see_audit"]} | sent | {"csrf": csrf})
    assert answer.status_code == 422
    assert message in answer.text
    assert portal_people.every_role() == before


def test_a_built_in_role_keeps_its_name(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    assert re.search(
        r'name="name" value="Workflow Administrator"[^>]* readonly', manage.get("/manage/roles/2/edit").text
    )
    answer = manage.post("/manage/roles/2/edit", data=KEPT | {"csrf": csrf, "name": "Boss"})
    assert answer.status_code == 422
    assert "The name of a built-in role is fixed: Workflow Administrator." in answer.text
    assert role(WORKFLOW).name == NAME


def test_the_global_administrator_keeps_every_permission(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    sent = {"csrf": csrf, "name": "Global Administrator", "add": "guest"}
    assert manage.post("/manage/roles/1/edit", data=sent).status_code == 303
    assert set(role(1).permissions) == set(PERMISSIONS)
    assert portal_people.permissions_of(4) == set(PERMISSIONS)


@pytest.mark.parametrize("sent", [{"permissions": ["enter_manage"]}, {"out": ["wendy"]}])
def test_nobody_takes_the_right_to_edit_roles_from_themselves(manage: TestClient, sent: dict[str, Any]) -> None:
    csrf = enter_as_clerk(manage, "edit_groups_and_roles")
    kept = {"name": "Clerk", "permissions": ["enter_manage", "edit_groups_and_roles"], "csrf": csrf}
    answer = manage.post("/manage/roles/5/edit", data=kept | sent)
    assert answer.status_code == 422
    assert "You cannot take this right from yourself: Edit groups and roles." in answer.text
    assert "edit_groups_and_roles" in portal_people.permissions_of(2)


def test_of_two_who_take_each_others_rights_the_later_one_fails(manage: TestClient) -> None:
    csrf = enter_as_clerk(manage, "edit_groups_and_roles")
    read = portal_people.role

    def read_and_lose(role_id: int) -> Role | None:
        """The other administrator is served between the check of the right and the change."""
        patch.undo()
        with portal_people.database(write=True) as db:
            db.execute("DELETE FROM user_roles WHERE user_id = 2")
        return read(role_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portal_people, "role", read_and_lose)
        sent = {"csrf": csrf, "name": "Global Administrator", "out": ["admin"]}
        assert manage.post("/manage/roles/1/edit", data=sent).status_code == 422
    assert portal_people.permissions_of(1) == set(PERMISSIONS)


# Who has it


def test_members_by_themselves_and_members_through_groups_are_shown_apart(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    page = manage.get("/manage/roles/3/edit").text  # End User
    direct, _, through = page.partition('id="through-title"')
    assert re.findall(r'name="out" value="([^"]+)"', direct) == ["erin", "guest", "wendy"]
    assert re.findall(r"<li>(\S+) <small>through ([^<]+)</small>", through) == [("erin", "Site Operations")]


def test_who_has_a_role_through_two_groups_is_shown_once_with_both(manage: TestClient) -> None:
    enter_manage(manage, "admin")
    with portal_people.database(write=True) as db:
        db.execute("INSERT INTO group_roles VALUES (1, 2)")
        db.execute("INSERT INTO group_members VALUES (1, 2)")
    page = manage.get("/manage/roles/2/edit").text
    assert page.count("through Site Operations, Workflow Team") == 1


def test_a_role_is_given_to_some_and_taken_from_others(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    assert manage.post("/manage/roles/2/edit", data=KEPT | {"csrf": csrf, "add": "erin,guest"}).status_code == 303
    assert (portal_people.own_roles_of(3), portal_people.own_roles_of(4)) == (["End User", NAME], ["End User", NAME])
    assert manage.post("/manage/roles/2/edit", data=KEPT | {"csrf": csrf, "out": ["erin"]}).status_code == 303
    assert (portal_people.own_roles_of(3), portal_people.own_roles_of(4)) == (["End User"], ["End User", NAME])


# Deleting


def test_a_role_that_nobody_has_can_be_deleted(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    role_id = reviewer()
    assert f'action="/manage/roles/{role_id}/delete"' in manage.get(f"/manage/roles/{role_id}/edit").text
    answer = manage.post(f"/manage/roles/{role_id}/delete", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/roles?notice=role-deleted")
    assert "Reviewer" not in portal_people.all_roles()


def test_a_role_that_somebody_has_stays(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    role_id = reviewer()
    add_user("nora", roles=["Reviewer"])
    assert f'action="/manage/roles/{role_id}/delete"' not in manage.get(f"/manage/roles/{role_id}/edit").text
    assert manage.post(f"/manage/roles/{role_id}/delete", data={"csrf": csrf}).status_code == 409
    assert "Reviewer" in portal_people.all_roles()


def test_a_role_that_only_a_group_has_stays(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    role_id = reviewer()
    with portal_people.database(write=True) as db:
        db.execute("INSERT INTO group_roles VALUES (1, ?)", (role_id,))
    assert manage.post(f"/manage/roles/{role_id}/delete", data={"csrf": csrf}).status_code == 409
    assert "Reviewer" in portal_people.all_roles()


def test_a_built_in_role_stays_though_nobody_has_it(manage: TestClient) -> None:
    csrf = enter_manage(manage, "admin")
    with portal_people.database(write=True) as db:
        db.execute("DELETE FROM group_roles WHERE role_id = 2")
    assert "/delete" not in manage.get("/manage/roles/2/edit").text
    assert manage.post("/manage/roles/2/delete", data={"csrf": csrf}).status_code == 409
    assert NAME in portal_people.all_roles()


def test_a_workflow_administrator_sees_the_roles_and_edits_none(manage: TestClient) -> None:
    csrf = enter_manage(manage, "wendy")
    before = portal_people.every_role()
    assert "/manage/roles/" not in manage.get("/manage/roles").text
    for path in ("/manage/roles/2/edit", "/manage/roles/new"):
        assert manage.get(path).status_code == 403
        assert manage.post(path, data=KEPT | {"csrf": csrf, "permissions": list(PERMISSIONS)}).status_code == 403
    assert manage.post("/manage/roles/2/delete", data={"csrf": csrf}).status_code == 403
    assert portal_people.every_role() == before

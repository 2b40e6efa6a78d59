"""The pages of Manage: log-in, overview, the list of users and the form that edits one."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import portal_people
from portal_people import GLOBAL_ADMINISTRATOR, NameTaken

from . import work
from .web import Visit, is_administrator, is_local


def front(visit: Visit) -> Response:
    return visit.go("overview")


def login(visit: Visit) -> Response:
    target = visit.sent("next") or visit.request.query_params.get("next", "")
    target = target if is_local(target) else ""
    if visit.request.method == "GET":
        return visit.page("login.html", next=target)

    user_name, password = visit.sent("username"), visit.form.get("password", [""])[0]
    person = portal_people.check_password(user_name, password)
    if person is None:
        fault = "The user name or the password is not right."
        return visit.page("login.html", 401, next=target, user_name=user_name, fault=fault)
    if not is_administrator(person.user_id):
        return visit.page("login.html", 403, next=target, not_for_you=person)
    visit.request.session.clear()
    visit.request.session.update(
        user_id=person.user_id,
        login_id=secrets.token_urlsafe(16),  # new at each log-in
        user_name=person.user_name,
        csrf=secrets.token_urlsafe(32),
    )
    return RedirectResponse(target or visit.url("overview"), 303)


def logout(visit: Visit) -> Response:
    visit.request.session.clear()
    return visit.go("login", notice="logged-out")


def overview(visit: Visit) -> Response:
    people = portal_people.everybody()
    return visit.page(
        "overview.html",
        here="overview",
        people=people,
        disabled=[person for person in people if person.disabled],
        submissions=work.latest_submissions(),
    )


def users(visit: Visit) -> Response:
    listed = [
        {
            "person": person,
            "roles": portal_people.roles_of(person.user_id),
            "groups": portal_people.groups_of(person.user_id),
        }
        for person in portal_people.everybody()
    ]
    return visit.page("users.html", here="users", listed=listed)


def edit_user(visit: Visit) -> Response:
    if not visit.may_edit_users:
        raise HTTPException(403, "Only a Global Administrator can edit users.")
    person = portal_people.person(visit.request.path_params["user_id"])
    if person is None:
        raise HTTPException(404)
    user_id = person.user_id
    if visit.request.method == "GET":
        given = portal_people.own_roles_of(user_id), portal_people.groups_of(user_id)
        return _user_form(visit, user_id, shown=person, roles=given[0], groups=given[1])

    names = ("user_name", "first_name", "last_name", "email")
    sent: dict[str, Any] = {name: visit.sent(name)[:200] for name in names}
    sent["disabled"] = "disabled" in visit.form
    roles, groups = visit.form.get("roles", []), visit.form.get("groups", [])
    faults = _faults(visit, user_id, sent, roles)
    if not faults:
        try:
            portal_people.save_user(user_id, **sent, roles=roles, groups=groups)
            return visit.go("users", notice="saved")
        except NameTaken:
            faults["user_name"] = "Another user has this name."
    return _user_form(visit, user_id, 422, shown=sent, roles=roles, groups=groups, faults=faults)


def _faults(visit: Visit, user_id: int, sent: dict[str, Any], roles: list[str]) -> dict[str, str]:
    faults = {}
    if not sent["user_name"]:
        faults["user_name"] = "Please give a user name."
    if "@" not in sent["email"]:
        faults["email"] = "Please give an e-mail address, like name@example.com."
    if user_id == visit.me.user_id and sent["disabled"]:
        faults["disabled"] = "You cannot disable yourself."
    if user_id == visit.me.user_id and GLOBAL_ADMINISTRATOR not in roles:
        faults["roles"] = "You cannot take this role from yourself: Global Administrator."
    return faults


def _user_form(visit: Visit, user_id: int, status: int = 200, **context: Any) -> Response:
    return visit.page(
        "user.html",
        status,
        here="users",
        user_id=user_id,
        all_roles=portal_people.all_roles(),
        all_groups=portal_people.all_groups(),
        group_roles=portal_people.GROUP_ROLES,
        **context,
    )


def trouble(request: Request, error: Exception) -> Response:
    """The page for a 403, 404, 405 and the like."""
    if not isinstance(error, HTTPException):
        raise error
    response = Visit(request).page("error.html", error.status_code, error=error)
    response.headers.update(error.headers or {})
    return response

"""The list of users, and the forms that make and edit one."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

import portal_people
from portal_people import EDIT_GROUPS_AND_ROLES, EDIT_USERS, Account, NameTaken, Person

from .audit import RightLost, changing, differences
from .listing import PAGE_SIZE, Listing
from .web import Visit


def users(visit: Visit) -> Response:
    text = visit.asked("q")
    listing = Listing.of(visit, text, portal_people.count_people(text))
    listed = [
        {
            "person": person,
            "roles": portal_people.roles_of(person.user_id),
            "groups": portal_people.groups_of(person.user_id),
        }
        for person in portal_people.find_people(text, listing.offset, PAGE_SIZE)
    ]
    return visit.page("users.html", here="users", listed=listed, listing=listing)


def new_user(visit: Visit) -> Response:
    visit.need(EDIT_USERS)
    if not visit.is_sent:
        return _form(visit, None, shown=Account("", "", "", "", False), roles=[], groups=[])
    account, roles, groups = _sent(visit, [], [])
    faults = _faults(account)
    if not faults:
        try:
            return _created(visit, account, roles, groups)
        except NameTaken:
            faults["user_name"] = "Another user has this name."
    return _form(visit, None, 422, shown=account, roles=roles, groups=groups, faults=faults)


def _created(visit: Visit, account: Account, roles: list[str], groups: list[str]) -> Response:
    """Answers with the page itself: a redirect would have to keep the password somewhere for a while."""
    password = portal_people.start_password()
    with changing(visit.me, *_rights_used(visit)) as change:
        user_id = portal_people.add_user(change.db, account, roles, groups)
        portal_people.set_password(change.db, user_id, password)
        given = differences(
            {"e-mail": "", "disabled": False, "roles": [], "groups": []},
            {"e-mail": account.email, "disabled": account.disabled, "roles": roles, "groups": groups},
        )
        change.note(f"Created user {account.user_name} (number {user_id})", given)
    made = portal_people.person(user_id)
    in_groups = portal_people.groups_of(user_id)
    response = visit.page("user_created.html", 201, here="users", made=made, password=password, in_groups=in_groups)
    response.headers["Cache-Control"] = "no-store"
    return response


def edit_user(visit: Visit) -> Response:
    visit.need(EDIT_USERS)
    person = _asked_for(visit)
    user_id = person.user_id
    given = portal_people.own_roles_of(user_id), portal_people.groups_of(user_id)
    if not visit.is_sent:
        return _form(visit, user_id, shown=person, roles=given[0], groups=given[1])

    account, roles, groups = _sent(visit, *given)
    faults = _faults(account)
    if user_id == visit.me.user_id and account.disabled:
        faults["disabled"] = "You cannot disable yourself."
    if account.disabled and not portal_people.permissions_of(user_id) <= visit.may:
        faults["disabled"] = "You cannot disable somebody who may do more than you."
    if not faults:
        try:
            _save(visit, account, roles, groups)
            return visit.go("users", notice="user-saved")
        except NameTaken:
            faults["user_name"] = "Another user has this name."
        except RightLost as lost:
            faults["roles"] = lost.detail
    return _form(visit, user_id, 422, shown=account, roles=roles, groups=groups, faults=faults)


def _save(visit: Visit, account: Account, roles: list[str], groups: list[str]) -> None:
    with changing(visit.me, *_rights_used(visit)) as change:
        person = _asked_for(visit)  # again: what the record says has changed is what this transaction has changed
        user_id = person.user_id
        told = [differences(_facts(person), _facts(account))]
        portal_people.change_user(change.db, user_id, account)
        if EDIT_GROUPS_AND_ROLES in visit.may:
            given = {"roles": portal_people.own_roles_of(user_id), "groups": portal_people.groups_of(user_id)}
            told.append(differences(given, {"roles": roles, "groups": groups}))
            portal_people.put_into(change.db, user_id, roles, groups)
        if any(told):
            change.note(f"Changed user {person.user_name}", *told)


def _rights_used(visit: Visit) -> list[str]:
    return [right for right in (EDIT_USERS, EDIT_GROUPS_AND_ROLES) if right in visit.may]


def _asked_for(visit: Visit) -> Person:
    person = portal_people.person(visit.request.path_params["user_id"])
    if person is None:
        raise HTTPException(404)
    return person


def _facts(of: Account | Person) -> dict[str, object]:
    return {
        "user name": of.user_name,
        "first name": of.first_name,
        "last name": of.last_name,
        "e-mail": of.email,
        "disabled": of.disabled,
    }


def _sent(visit: Visit, roles: list[str], groups: list[str]) -> tuple[Account, list[str], list[str]]:
    """What the form says; roles and groups stay as they are unless this administrator may give them."""
    account = Account(
        user_name=visit.sent("user_name")[:200],
        first_name=visit.sent("first_name")[:200],
        last_name=visit.sent("last_name")[:200],
        email=visit.sent("email")[:200],
        disabled="disabled" in visit.form,
    )
    if EDIT_GROUPS_AND_ROLES in visit.may:
        roles = [name for name in portal_people.all_roles() if name in visit.form.get("roles", [])]
        groups = [name for name in portal_people.all_groups() if name in visit.form.get("groups", [])]
    return account, roles, groups


def _faults(account: Account) -> dict[str, str]:
    faults = {}
    if not account.user_name:
        faults["user_name"] = "Please give a user name."
    elif "," in account.user_name:
        faults["user_name"] = "Please choose a user name without commas."
    if "@" not in account.email:
        faults["email"] = "Please give an e-mail address, like name@example.com."
    return faults


def _form(visit: Visit, user_id: int | None, status: int = 200, **context: Any) -> Response:
    return visit.page(
        "user.html",
        status,
        here="users",
        user_id=user_id,
        all_roles=portal_people.all_roles(),
        all_groups=portal_people.every_group(),
        **context,
    )

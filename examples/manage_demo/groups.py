"""The list of groups, and the forms that make and edit one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

import portal_people
from portal_people import EDIT_GROUPS_AND_ROLES, Group, NameTaken

from .audit import Change, RightLost, changing, differences
from .members import SHOWN, Moves
from .web import NAME_LENGTH, Visit, name_fault, one_line


@dataclass(frozen=True)
class Shown:
    """What stands in the form."""

    name: str = ""
    email: str = ""
    auto_assign: bool = False
    roles: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, group: Group) -> Shown:
        return cls(group.name, group.email, group.auto_assign, group.roles)

    @classmethod
    def sent_in(cls, visit: Visit) -> Shown:
        roles = [name for name in portal_people.all_roles() if name in visit.form.get("roles", [])]
        return cls(one_line(visit.sent("name")), visit.sent("email")[:200], "auto_assign" in visit.form, roles)

    def facts(self) -> dict[str, object]:
        return {"name": self.name, "e-mail": self.email, "auto assign": self.auto_assign, "roles": self.roles}


def groups(visit: Visit) -> Response:
    return visit.page("groups.html", here="groups", groups=portal_people.every_group())


def new_group(visit: Visit) -> Response:
    visit.need(EDIT_GROUPS_AND_ROLES)
    return _take(visit, None) if visit.is_sent else _form(visit, None, shown=Shown())


def edit_group(visit: Visit) -> Response:
    group = _asked_for(visit)
    return _take(visit, group) if visit.is_sent else _form(visit, group, shown=Shown.of(group))


def _asked_for(visit: Visit) -> Group:
    visit.need(EDIT_GROUPS_AND_ROLES)
    group = portal_people.group(visit.request.path_params["group_id"])
    if group is None:
        raise HTTPException(404)
    return group


def _take(visit: Visit, group: Group | None) -> Response:
    sent, moves = Shown.sent_in(visit), Moves.sent_in(visit)
    faults = {"name": name_fault(sent.name), "add": moves.fault, "email": None}
    if sent.email and "@" not in sent.email:
        faults["email"] = "Please give an e-mail address, like team@example.com, or none."
    if not any(faults.values()):
        try:
            with changing(visit.me, EDIT_GROUPS_AND_ROLES) as change:
                _save(visit, change, sent, moves)
            return visit.go("groups", notice="group-saved")
        except NameTaken:
            faults["name"] = "Another group has this name."
        except RightLost as lost:
            faults["form"] = lost.detail
    return _form(visit, group, 422, shown=sent, moves=moves, faults=faults)


def _save(visit: Visit, change: Change, sent: Shown, moves: Moves) -> None:
    # Read again: what the record says has changed is what this transaction has changed.
    before = _asked_for(visit) if "group_id" in visit.request.path_params else None
    group_id = before.group_id if before else portal_people.add_group(change.db, sent.name)
    told = differences((Shown.of(before) if before else Shown(sent.name)).facts(), sent.facts())
    portal_people.change_group(
        change.db, group_id, name=sent.name, email=sent.email, auto_assign=sent.auto_assign, roles=sent.roles
    )
    moved = moves.make(portal_people.move_group_members, change.db, group_id)
    if before is None:
        change.note(f"Created group {sent.name}", told, moved)
    elif told or moved:
        change.note(f"Changed group {before.name}", told, moved)


def _form(visit: Visit, group: Group | None, status: int = 200, **context: Any) -> Response:
    return visit.page(
        "group.html",
        status,
        here="groups",
        group=group,
        name_length=NAME_LENGTH,
        all_roles=portal_people.all_roles(),
        members=portal_people.members_of_group(group.group_id, SHOWN) if group else [],
        **context,
    )

"""The list of roles, and the forms that make, edit and delete one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

import portal_people
from portal_people import EDIT_GROUPS_AND_ROLES, GLOBAL_ADMINISTRATOR, PERMISSIONS, NameTaken, Role, RoleInUse

from .audit import Change, RightLost, changing, differences
from .members import SHOWN, Moves
from .web import NAME_LENGTH, Visit, name_fault, one_line


@dataclass(frozen=True)
class Shown:
    """What stands in the form."""

    name: str = ""
    permissions: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, role: Role) -> Shown:
        return cls(role.name, role.permissions)

    @classmethod
    def sent_in(cls, visit: Visit, role: Role | None) -> Shown:
        permissions = [name for name in PERMISSIONS if name in visit.form.get("permissions", [])]
        if role and role.name == GLOBAL_ADMINISTRATOR:
            permissions = list(PERMISSIONS)  # its boxes are greyed, and browsers send nothing of those
        return cls(one_line(visit.sent("name")), permissions)

    def facts(self) -> dict[str, object]:
        return {"name": self.name, "permissions": [PERMISSIONS[name] for name in self.permissions]}


def roles(visit: Visit) -> Response:
    return visit.page("roles.html", here="roles", roles=portal_people.every_role(), permissions=PERMISSIONS)


def new_role(visit: Visit) -> Response:
    visit.need(EDIT_GROUPS_AND_ROLES)
    return _take(visit, None) if visit.is_sent else _form(visit, None, shown=Shown())


def edit_role(visit: Visit) -> Response:
    role = _asked_for(visit)
    return _take(visit, role) if visit.is_sent else _form(visit, role, shown=Shown.of(role))


def delete_role(visit: Visit) -> Response:
    role = _asked_for(visit)
    try:
        with changing(visit.me, EDIT_GROUPS_AND_ROLES) as change:
            portal_people.delete_role(change.db, role.role_id)
            change.note(f"Deleted role {role.name}")
    except RoleInUse:
        fault = "This role cannot be deleted: it is built in, or somebody or a group has it."
        return _form(visit, role, 409, shown=Shown.of(role), faults={"form": fault})
    return visit.go("roles", notice="role-deleted")


def _asked_for(visit: Visit) -> Role:
    visit.need(EDIT_GROUPS_AND_ROLES)
    role = portal_people.role(visit.request.path_params["role_id"])
    if role is None:
        raise HTTPException(404)
    return role


def _take(visit: Visit, role: Role | None) -> Response:
    sent, moves = Shown.sent_in(visit, role), Moves.sent_in(visit)
    faults = {"name": name_fault(sent.name), "add": moves.fault}
    if role and role.built_in and sent.name != role.name:
        faults["name"] = f"The name of a built-in role is fixed: {role.name}."
    if not any(faults.values()):
        try:
            with changing(visit.me, EDIT_GROUPS_AND_ROLES) as change:
                _save(visit, change, sent, moves)
            return visit.go("roles", notice="role-saved")
        except NameTaken:
            faults["name"] = "Another role has this name."
        except RightLost as lost:
            faults["form"] = lost.detail
    return _form(visit, role, 422, shown=sent, moves=moves, faults=faults)


def _save(visit: Visit, change: Change, sent: Shown, moves: Moves) -> None:
    # Read again: what the record says has changed is what this transaction has changed.
    before = _asked_for(visit) if "role_id" in visit.request.path_params else None
    role_id = before.role_id if before else portal_people.add_role(change.db, sent.name)
    told = differences((Shown.of(before) if before else Shown(sent.name)).facts(), sent.facts())
    portal_people.change_role(change.db, role_id, name=sent.name, permissions=sent.permissions)
    moved = moves.make(portal_people.move_role_holders, change.db, role_id)
    if before is None:
        change.note(f"Created role {sent.name}", told, moved)
    elif told or moved:
        change.note(f"Changed role {before.name}", told, moved)


def _form(visit: Visit, role: Role | None, status: int = 200, **context: Any) -> Response:
    holders = portal_people.holders_of(role.name) if role else []
    direct = [holder.person for holder in holders if holder.direct]
    indirect = [holder for holder in holders if holder.through]
    return visit.page(
        "role.html",
        status,
        here="roles",
        role=role,
        name_length=NAME_LENGTH,
        all_permissions=PERMISSIONS,
        has_all=role is not None and role.name == GLOBAL_ADMINISTRATOR,
        members=direct[:SHOWN],
        indirect=indirect[:SHOWN],
        indirect_count=len(indirect),
        **context,
    )

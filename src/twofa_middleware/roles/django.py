"""``django``: the groups of Django's users, asked anew each time.

roles = { use = "django", superuser = "Administrator", groups = { Editors = ["Approver"] } }
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec

from ..asks import Call
from ..django_project import asked, refuse_without_groups, set_up, user_by_id, users
from ..http import Request
from ..protocol import Flow, Login, PluginContext
from .groups import with_groups


class DjangoRolesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``staff``, ``superuser``: the role of whoever has that flag; not set: none. ``groups``: group → roles, and groups
    again. ``settings_module``: what DJANGO_SETTINGS_MODULE says, where it is not set."""

    settings_module: str | None = None
    staff: str | None = None
    superuser: str | None = None
    groups: dict[str, list[str]] = {}


class DjangoRoles:
    """Reads groups and flags of the user; LookupError where there is none any more."""

    Options: ClassVar[type] = DjangoRolesOptions

    def __init__(self, options: DjangoRolesOptions, context: PluginContext) -> None:
        where = "roles (django)"
        set_up(options.settings_module, where)
        refuse_without_groups(where)
        self._options = options

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        names: Iterable[str] = yield from Call(asked, (self._names, login.user))
        return with_groups(names, self._options.groups)

    def _names(self, user: str) -> list[str]:
        found: Any = user_by_id(users(), user)
        if found is None:
            raise LookupError("the user who is logged in is not among the users of the project")
        names = list(found.groups.values_list("name", flat=True))
        for role, flag in ((self._options.staff, "is_staff"), (self._options.superuser, "is_superuser")):
            if role and getattr(found, flag):
                names.append(role)
        return names

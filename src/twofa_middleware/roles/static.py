"""``static``: roles that stand in the settings.

    roles = { use = "static", users = { "17" = ["Managers"] }, groups = { Managers = ["Approver", "End User"] } }

For small installations and for tests. Who is not listed has no role.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ..errors import ConfigError
from ..http import Request
from ..protocol import Flow, Login, PluginContext, user_id
from .groups import with_groups


class StaticRolesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``users``: user id → roles and groups. ``groups``: group → roles, and groups again."""

    users: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}


class StaticRoles:
    """Looks a user up among those that the settings list."""

    Options: ClassVar[type] = StaticRolesOptions

    def __init__(self, options: StaticRolesOptions, context: PluginContext) -> None:
        for user in options.users:
            try:
                user_id(user)
            except ValueError as error:
                # It would match nobody, and a role that enforces would silently not be there.
                raise ConfigError(f"roles (static): users has {user!r}, which no user can have: {error}") from None
        self.all_roles = frozenset[str]().union(*options.groups, *options.groups.values(), *options.users.values())
        self._roles = {user: with_groups(names, options.groups) for user, names in options.users.items()}

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        return self._roles.get(login.user, frozenset())
        yield  # makes it a flow

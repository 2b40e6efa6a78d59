"""``callable``: a function of the operator's knows a user's roles and groups.

roles = { use = "callable", callable = "portal_directory:roles_of", groups = { Managers = ["Approver"] } }
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ..asks import Call
from ..http import Request
from ..protocol import Flow, Login, PluginContext
from ..references import load_callable
from .groups import with_groups


class CallableRolesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``callable``: ``module:function``, which gets the Login and answers the names of its roles and groups.

    ``groups``: group → roles, and groups again, for functions that know groups alone.
    """

    callable: str
    groups: dict[str, list[str]] = {}


class CallableRoles:
    """Asks the operator's function. What it raises, or answers and is no list of names, refuses the request."""

    Options: ClassVar[type] = CallableRolesOptions

    def __init__(self, options: CallableRolesOptions, context: PluginContext) -> None:
        self._function = load_callable(options.callable, "roles (callable)", asynchronous=context.asynchronous)
        self._reference = options.callable
        self._groups = options.groups

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        """The roles; raises TypeError for an answer that is no iterable of strings (a single string is none)."""
        answer = yield from Call(self._function, (login,))
        if isinstance(answer, str | bytes):
            raise TypeError(f"{self._reference} answered one name; roles come as a list, even one")
        names = list(answer)
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"{self._reference} answered something else than names of roles")
        return with_groups(names, self._groups)

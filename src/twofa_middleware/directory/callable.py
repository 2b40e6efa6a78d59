"""``callable``: the operator's functions list people and roles for administrators.

    directory = { use = "callable", find = "portal_directory:find_people", person = "portal_directory:person",
                  roles = "portal_directory:roles", members = "portal_directory:members" }

A person is a dict with ``user`` (the id that the resolvers say), and ``label``, ``name`` and ``email`` where there are
any; a member has ``through`` too, the groups by which. Coroutine functions will do where the app is served by ASGI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from ..asks import Call
from ..protocol import Flow, Member, Person, PluginContext, user_id
from ..references import load_callable

_TEXTS = ("label", "name", "email")


class CallableDirectoryOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Each is ``module:function``.

    ``find(pattern, offset, limit)`` lists people whose names fit the pattern, in which ``%`` stands for any run of
    characters; ``person(user)`` is one person or None; ``roles()`` lists names; ``members(role)`` lists members.
    """

    find: str
    person: str
    roles: str
    members: str


class CallableDirectory:
    """Asks the operator's functions. What they raise, or answer and is no list of people, is an error of that page."""

    Options: ClassVar[type] = CallableDirectoryOptions

    def __init__(self, options: CallableDirectoryOptions, context: PluginContext) -> None:
        self._find, self._person, self._roles, self._members = (
            load_callable(getattr(options, name), f"directory (callable): {name}", asynchronous=context.asynchronous)
            for name in ("find", "person", "roles", "members")
        )

    def find(self, pattern: str, offset: int, limit: int) -> Flow[tuple[Person, ...]]:
        found: Iterable[Mapping[str, Any]] = yield from Call(self._find, (pattern, offset, limit))
        return tuple(map(_person, found))

    def person(self, user: str) -> Flow[Person | None]:
        found: Mapping[str, Any] | None = yield from Call(self._person, (user,))
        return None if found is None else _person(found)

    def roles(self) -> Flow[tuple[str, ...]]:
        found: Iterable[str] = yield from Call(self._roles, ())
        return tuple(found)

    def members(self, role: str) -> Flow[tuple[Member, ...]]:
        found: Iterable[Mapping[str, Any]] = yield from Call(self._members, (role,))
        return tuple(Member(_person(one), tuple(one.get("through", ()))) for one in found)


def _person(found: Mapping[str, Any]) -> Person:
    """The person; ValueError for an id that no user can have, since it would be nobody's account."""
    return Person(user_id(found["user"]), **{key: str(found.get(key) or "") for key in _TEXTS})

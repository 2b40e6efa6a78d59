"""``django``: Django's users and groups, for administrators.

    directory = { use = "django", superuser = "Administrator", groups = { Editors = ["Approver"] } }

Its options are those of ``roles``, so that both say the same.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, ClassVar

import msgspec

from ..asks import Call
from ..django_project import asked, refuse_without_groups, set_up, user_by_id, users
from ..protocol import Flow, Member, Person, PluginContext, user_id


class DjangoDirectoryOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As of the roles: ``staff``, ``superuser``: the role of whoever has that flag. ``groups``: group → roles, and groups
    again. ``settings_module``: what DJANGO_SETTINGS_MODULE says, where it is not set."""

    settings_module: str | None = None
    staff: str | None = None
    superuser: str | None = None
    groups: dict[str, list[str]] = {}


class DjangoDirectory:
    """Lists the users of AUTH_USER_MODEL by user name. What Django raises is an error of that page."""

    Options: ClassVar[type] = DjangoDirectoryOptions

    def __init__(self, options: DjangoDirectoryOptions, context: PluginContext) -> None:
        set_up(options.settings_module, "directory (django)")
        refuse_without_groups("directory (django)")
        self._groups = options.groups
        self._flags = {
            role: flag for role, flag in ((options.staff, "is_staff"), (options.superuser, "is_superuser")) if role
        }

    def find(self, pattern: str, offset: int, limit: int) -> Flow[tuple[Person, ...]]:
        found: tuple[Person, ...] = yield from Call(asked, (_find, pattern, offset, limit))
        return found

    def person(self, user: str) -> Flow[Person | None]:
        found: Person | None = yield from Call(asked, (_look_up, user))
        return found

    def roles(self) -> Flow[tuple[str, ...]]:
        named: list[str] = yield from Call(asked, (_group_names,))
        return tuple(sorted({*named, *self._flags, *self._groups, *chain(*self._groups.values())}))

    def members(self, role: str) -> Flow[tuple[Member, ...]]:
        found: tuple[Member, ...] = yield from Call(asked, (self._members, role))
        return found

    def _members(self, role: str) -> tuple[Member, ...]:
        from django.db.models import Q

        leading = self._leading_to(role)
        has_it = Q(groups__name__in=leading)
        for named, flag in self._flags.items():
            if named in leading:
                has_it |= Q(**{flag: True})
        # A user in two of the groups comes twice out of the join.
        found = _in_order(users().filter(pk__in=users().filter(has_it).values("pk"))).prefetch_related("groups")
        return tuple(Member(_person(user), self._through(user, role, leading)) for user in found)

    def _through(self, user: Any, role: str, leading: set[str]) -> tuple[str, ...]:
        """The groups by which somebody has the role; none if it is their own."""
        own = {group.name for group in user.groups.all()}
        own |= {named for named, flag in self._flags.items() if getattr(user, flag)}
        return () if role in own else tuple(sorted(own & leading))

    def _leading_to(self, role: str) -> set[str]:
        """The role, and the groups that have it, be it through other groups."""
        found = {role}
        while more := {group for group, has in self._groups.items() if not found.isdisjoint(has)} - found:
            found |= more
        return found


def _find(pattern: str, offset: int, limit: int) -> tuple[Person, ...]:
    if "\0" in pattern:  # no name has one; SQLite would take it for the pattern's end, PostgreSQL for an error
        return ()
    found = _in_order(users().filter(_named_like(pattern)))
    return tuple(map(_person, found[offset : offset + limit]))


def _named_like(pattern: str) -> Any:
    """User name, e-mail, first, last and full name, as far as the model has them, by LIKE, with nothing in the pattern
    but ``%`` standing for anything else than itself. Without one it is how a name begins, as in our own list."""
    from django.db.models import CharField, F, Q, Value
    from django.db.models.functions import Concat
    from django.db.models.lookups import IContains, PatternLookup

    parts = (pattern if "%" in pattern else pattern + "%").split("%")

    class Fits(IContains):  # type: ignore[misc]  # Django has no types
        def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, list[str]]:
            sql, _ = super(PatternLookup, self).process_rhs(compiler, connection)
            return sql, ["%".join(map(connection.ops.prep_for_like_query, parts))]

    model = users().model
    fields = {field.name for field in model._meta.concrete_fields}
    names = [F(name) for name in (model.USERNAME_FIELD, model.get_email_field_name()) if name in fields]
    if {"first_name", "last_name"} <= fields:
        full = Concat(F("first_name"), Value(" "), F("last_name"), output_field=CharField())
        names += [F("first_name"), F("last_name"), full]
    fits = Q()
    for name in names:
        fits |= Q(Fits(name, pattern))
    return fits


def _in_order(found: Any) -> Any:
    """By user name; the key keeps those apart whose names are the same."""
    return found.order_by(found.model.USERNAME_FIELD, "pk")


def _look_up(user: str) -> Person | None:
    found = user_by_id(users(), user)
    return None if found is None else _person(found)


def _group_names() -> list[str]:
    from django.contrib.auth.models import Group

    return list(Group.objects.values_list("name", flat=True))


def _person(user: Any) -> Person:
    """ValueError for an id that no log-in can have, since it would be nobody's account."""
    name = user.get_full_name() if hasattr(user, "get_full_name") else ""
    email = getattr(user, user.get_email_field_name(), "")
    return Person(user_id(user._meta.pk.value_to_string(user)), user.get_username(), name or "", email or "")

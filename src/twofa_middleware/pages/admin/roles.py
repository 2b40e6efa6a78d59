"""Roles: who has each, how many of them have a second factor, and which demand one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...accounts.forecast import Forecast, forecasts, roles_known
from ...accounts.rules import Flag, key_of, read_flags
from ...desk import Desk
from ...http import Answer
from ...policy.enforcement import Rule
from ...protocol import Flow
from ..texts import day
from ..visit import Visit
from .asked import address


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it stands: its flag, and whether the settings pin it."""

    flag: Flag
    is_pinned: bool

    @property
    def name(self) -> str:
        return self.flag.role

    @property
    def demands(self) -> bool:
        return self.is_pinned or self.flag.is_enforced

    def rule(self, now: int) -> Rule:
        """The rule that is in force, or that would be from now on if it were enforced without grace."""
        if self.is_pinned:
            return Rule(self.name, self.flag.key)
        if self.flag.is_enforced:
            return Rule(self.name, self.flag.key, self.flag.since, self.flag.grace_days)
        return Rule(self.name, self.flag.key, now)


@dataclass(frozen=True, slots=True)
class _Row:
    """``share``: how many in a hundred of those who have the role have a second factor; None if nobody has it."""

    name: str
    href: str
    people: int
    through_groups: int
    enrolled: int
    share: int | None
    left_out: int
    is_pinned: bool
    demands: bool
    since: str
    grace_days: int


def show(visit: Visit) -> Flow[Answer]:
    desk, now = visit.site.desk, visit.request.now
    flags = yield from read_flags(desk)
    known = [role_of(desk, flags, name) for name in (yield from known_roles(visit))]
    expected = yield from forecasts(desk, [role.rule(now) for role in known], now)
    return visit.page(
        "admin_roles.html",
        here="roles",
        rows=[_row(visit, role, found) for role, found in zip(known, expected, strict=True)],
        has_directory=desk.directory is not None,
    )


def known_roles(visit: Visit) -> Flow[tuple[str, ...]]:
    """Every role that there is to show. Without a directory also those that the settings give to people."""
    site = visit.site
    known = set((yield from roles_known(site.desk)))
    if site.desk.directory is None:
        known |= getattr(site.roles, "all_roles", frozenset())
    return tuple(sorted(known, key=str.casefold))


def role_of(desk: Desk, flags: Mapping[str, Flag], name: str) -> Role:
    return Role(flags.get(name, Flag(name, key_of(desk, name))), name in desk.pinned)


def _row(visit: Visit, role: Role, found: Forecast) -> _Row:
    people = len(found.people)
    return _Row(
        name=role.name,
        href=address(f"{visit.urls.admin}/role", name=role.name),
        people=people + found.left_out,
        through_groups=found.through_groups,
        enrolled=found.enrolled,
        share=found.enrolled * 100 // people if people else None,
        left_out=found.left_out,
        is_pinned=role.is_pinned,
        demands=role.demands,
        since=day(role.flag.since) if role.flag.is_enforced and role.flag.since and not role.is_pinned else "",
        grace_days=role.flag.grace_days if role.flag.is_enforced and not role.is_pinned else 0,
    )

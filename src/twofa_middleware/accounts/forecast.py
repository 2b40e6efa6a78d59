"""Whom a role would stop, before it is enforced: who has it, by which groups, and who has a second factor today."""

from __future__ import annotations

from dataclasses import dataclass

from ..asks import ReadSummary
from ..desk import Desk
from ..errors import UnreadableRecord
from ..policy.enforcement import Rule
from ..protocol import Flow, Member
from .account import open_account
from .people import seen_members, seen_roles
from .rules import read_flags

MOST_MEMBERS = 2000
"""So many people of a role are looked at one by one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody who has the role. ``until``: when their grace would be over, 0 for none."""

    member: Member
    is_enrolled: bool
    until: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """``left_out``: how many more have the role than were looked at."""

    people: tuple[Standing, ...]
    left_out: int = 0

    @property
    def through_groups(self) -> int:
        return sum(bool(one.member.through) for one in self.people)

    @property
    def enrolled(self) -> int:
        return sum(one.is_enrolled for one in self.people)

    def stopped(self, now: int) -> tuple[Standing, ...]:
        """Those who would be stopped now, at their next log-in."""
        return tuple(one for one in self.people if not one.is_enrolled and now >= one.until)


def roles_known(desk: Desk) -> Flow[tuple[str, ...]]:
    """Every role that there is to show: of the directory, pinned, flagged, or last seen."""
    known = set(desk.pinned) | set((yield from read_flags(desk)))
    known |= set((yield from desk.directory.roles()) if desk.directory else (yield from seen_roles(desk)))
    return tuple(sorted(known, key=str.casefold))


def members_of(desk: Desk, role: str) -> Flow[tuple[Member, ...]]:
    """Who has a role, directly or through groups; without a directory, who was last seen with it."""
    if desk.directory is not None:
        return tuple((yield from desk.directory.members(role)))
    return (yield from seen_members(desk, role))


def forecast(desk: Desk, rule: Rule, now: int) -> Flow[Forecast]:
    """What the rule does, or would do, to those who have its role."""
    members = yield from members_of(desk, rule.role)
    people = []
    for member in members[:MOST_MEMBERS]:
        user = desk.user_key(member.person.user)
        summary = yield from ReadSummary(user, now)
        try:
            is_enrolled = open_account(desk.sealer, user, summary.account).is_enrolled
        except UnreadableRecord:
            is_enrolled = True  # it lets nobody in, and asks nobody to set up either
        until = rule.ends(summary.met.get(rule.key, now)) if rule.grace_days else 0
        people.append(Standing(member, is_enrolled, until))
    return Forecast(tuple(people), max(0, len(members) - MOST_MEMBERS))

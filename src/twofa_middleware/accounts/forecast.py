"""Whom a role would stop, before it is enforced: who has it, by which groups, and who has a second factor today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..asks import ReadSummary, Summary
from ..desk import Desk
from ..errors import UnreadableRecord
from ..policy.enforcement import Rule
from ..protocol import Flow, Member, UserKey
from .account import open_account
from .people import seen_members
from .rules import read_flags

MOST_MEMBERS = 2000
"""So many people are looked at one by one."""


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
    known |= set((yield from desk.directory.roles()) if desk.directory else (yield from seen_members(desk)))
    return tuple(sorted(known, key=str.casefold))


def forecast(desk: Desk, rule: Rule, now: int) -> Flow[Forecast]:
    """What the rule does, or would do, to those who have its role."""
    (found,) = yield from forecasts(desk, (rule,), now)
    return found


def forecasts(desk: Desk, rules: Sequence[Rule], now: int) -> Flow[tuple[Forecast, ...]]:
    """The same of several rules, each for itself. Whoever has several of the roles is looked at once.

    Who has a role, directly or through groups, says the directory; without one, it is those last seen with it.
    """
    seen = {} if desk.directory else (yield from seen_members(desk))
    looked_at: dict[UserKey, tuple[Summary, bool]] = {}
    found = []
    for rule in rules:
        members = (yield from desk.directory.members(rule.role)) if desk.directory else seen.get(rule.role, ())
        people, left_out = [], 0
        for member in members:
            user = desk.user_key(member.person.user)
            if user not in looked_at:
                if len(looked_at) == MOST_MEMBERS:
                    left_out += 1
                    continue
                looked_at[user] = yield from _look(desk, user, now)
            summary, is_enrolled = looked_at[user]
            until = rule.ends(summary.met.get(rule.key, now)) if rule.grace_days else 0
            people.append(Standing(member, is_enrolled, until))
        found.append(Forecast(tuple(people), left_out))
    return tuple(found)


def _look(desk: Desk, user: UserKey, now: int) -> Flow[tuple[Summary, bool]]:
    """What is known of somebody, and whether they have a second factor."""
    summary = yield from ReadSummary(user, now)
    try:
        return summary, open_account(desk.sealer, user, summary.account).is_enrolled
    except UnreadableRecord:
        return summary, True  # it lets nobody in, and asks nobody to set up either

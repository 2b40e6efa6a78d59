"""Which of a login's roles asks for a second factor, and until when it may be put off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DAY_SECONDS = 86400
MOST_GRACE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Rule:
    """A role that must have a second factor. ``since``: when that was set, 0 for one that the settings pin.

    ``key`` is the name under which the store keeps the flag, and when somebody first met it.
    """

    role: str
    key: str
    since: int = 0
    grace_days: int = 0

    def ends(self, first_met: int) -> int:
        """When the grace of somebody is over who first met the rule then; grace of an earlier rule does not count."""
        return max(first_met, self.since) + self.grace_days * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Demand:
    """A role demands a second factor, at the latest from ``until`` on (seconds since 1970; 0: from now on)."""

    role: str
    until: int = 0

    def may_wait(self, now: int) -> bool:
        return now < self.until

    def days_left(self, now: int) -> int:
        """Whole days, the one that has begun included."""
        return max(0, -((now - self.until) // DAY_SECONDS))


def rules_of(roles: Iterable[str], rules: Mapping[str, Rule]) -> tuple[Rule, ...]:
    """The rules that hold for somebody who has these roles, by the alphabet of the roles."""
    return tuple(rules[role] for role in sorted(roles) if role in rules)


def demand_of(rules: Iterable[Rule], first_met: Mapping[str, int], now: int) -> Demand | None:
    """What the strictest of the rules demands: the one whose grace ends first, or did; None without a rule.

    A rule that nobody knows when it was first met, has been met just now.
    """
    ends = [(rule.ends(first_met.get(rule.key, now)) if rule.grace_days else 0, rule.role) for rule in rules]
    if not ends:
        return None
    until, role = min(ends)
    return Demand(role, until)

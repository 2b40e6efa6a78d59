"""Which role demands a second factor, and until when it may be put off. Design §1, S10 to S12; the product's own grace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flows.people import site
from support.realm import NOW
from twofa_middleware.policy.enforcement import DAY_SECONDS, Demand, Rule, demand_of, rules_of

MANAGER = Rule("Manager", "m", since=NOW)
AUDITOR = Rule("Auditor", "a", since=NOW, grace_days=7)
RULES = {rule.role: rule for rule in (MANAGER, AUDITOR)}


def day(days: float) -> int:
    return NOW + int(days * DAY_SECONDS)


def test_only_the_rules_of_ones_own_roles_hold_by_their_alphabet() -> None:
    assert rules_of(["Zoo", "Manager", "Auditor"], RULES) == (AUDITOR, MANAGER)
    assert rules_of(["manager", "Manager "], RULES) == ()
    assert rules_of([], RULES) == ()


def test_who_has_no_rule_has_nothing_to_do() -> None:
    assert demand_of((), {}, NOW) is None


def test_a_rule_without_grace_demands_at_once() -> None:
    demand = demand_of([MANAGER], {"m": NOW - 5}, NOW)
    assert demand == Demand("Manager", 0)
    assert not demand.may_wait(NOW)


def test_grace_counts_from_when_the_user_first_met_the_rule() -> None:
    demand = demand_of([AUDITOR], {"a": day(3)}, day(4))
    assert demand == Demand("Auditor", day(10))
    assert demand.may_wait(day(10) - 1)
    assert not demand.may_wait(day(10))


def test_a_rule_that_nobody_has_noted_is_met_now() -> None:
    assert demand_of([AUDITOR], {}, day(2)) == Demand("Auditor", day(9))


def test_a_meeting_with_an_earlier_rule_on_the_same_role_does_not_use_up_the_grace() -> None:
    assert demand_of([AUDITOR], {"a": day(-400)}, NOW) == Demand("Auditor", day(7))


@pytest.mark.parametrize(("grace_days", "ends"), [(14, day(14)), (1, day(1)), (0, 0)])
def test_lengthened_shortened_and_taken_away_grace_comes_out_from_the_same_beginning(
    grace_days: int, ends: int
) -> None:
    rule = Rule("Auditor", "a", since=NOW, grace_days=grace_days)
    assert demand_of([rule], {"a": NOW}, day(3)) == Demand("Auditor", ends)


def test_the_strictest_of_several_rules_counts() -> None:
    assert demand_of([AUDITOR, MANAGER], {"a": NOW}, NOW) == Demand("Manager", 0)
    later = Rule("Clerk", "c", since=NOW, grace_days=30)
    assert demand_of([later, AUDITOR], {"a": day(1), "c": NOW}, day(2)) == Demand("Auditor", day(8))


@pytest.mark.parametrize(
    ("now", "days"), [(NOW, 7), (day(0.5), 7), (day(1), 6), (day(6.99), 1), (day(7) - 1, 1), (day(7), 0), (day(9), 0)]
)
def test_the_day_that_has_begun_counts_among_those_that_are_left(now: int, days: int) -> None:
    assert Demand("Auditor", day(7)).days_left(now) == days


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(-500, 500)), min_size=1, max_size=5), st.integers(0, 500))
def test_more_rules_never_give_more_time(rules: list[tuple[int, int]], later: int) -> None:
    made = [Rule(f"r{number}", str(number), NOW, grace) for number, (grace, _) in enumerate(rules)]
    met = {str(number): day(first) for number, (_, first) in enumerate(rules)}
    alone = [demand_of([rule], met, day(later)) for rule in made]
    together = demand_of(made, met, day(later))
    assert together is not None
    assert together.until == min(one.until for one in alone if one is not None)


@pytest.mark.parametrize(
    ("shows_session", "app", "starts", "now"),
    [
        (True, {}, "next-login", False),
        (True, {}, "now", True),
        (True, {"login": [], "logout": []}, "next-login", False),
        (False, {}, "next-login", False),
        (False, {"login": []}, "next-login", True),
        (False, {"logout": []}, "next-login", True),
        (False, {"login": [], "logout": []}, "next-login", True),
    ],
)
def test_a066_enforcement_starts_at_once_where_a_next_login_cannot_be_seen(
    shows_session: bool, app: dict[str, Any], starts: str, now: bool
) -> None:
    made = site(shows_session=shows_session, shop=app, enforcement={"starts": starts, "pinned": ["Manager"]})
    assert made.starts_now is now

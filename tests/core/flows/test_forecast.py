"""Whom a role would stop: who has it, by which groups, who has a second factor today, and how much time they have."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.administering import COOKS, DESK, LISTED, desk, summary
from core.flows.enforcing import DAY, NO_FLAGS, flagged, key
from core.flows.people import NOW, SITE, account_row, disabled_row
from core.flows.stepping import Stepped, step
from twofa_middleware.accounts.forecast import MOST_MEMBERS, Forecast, forecast, forecasts, roles_known
from twofa_middleware.asks import AccountRow, Call, ReadPeople, ReadRoles, ReadSummary, RoleRow
from twofa_middleware.errors import StoreUnavailable, UnreadableRecord
from twofa_middleware.policy.enforcement import Rule
from twofa_middleware.protocol import Member, Person

AT_ONCE = Rule("Cook", key("Cook"), since=NOW)
IN_A_WEEK = Rule("Cook", key("Cook"), since=NOW, grace_days=7)
ERIN = Member(Person("5", "erin"))
BEA = Member(Person("6", "bea"), through=("Kitchen",))
BROKEN = AccountRow(3, 0, bytes(60), {}, frozenset())


def foreseen(rule: Rule, *people: tuple[Member, Any]) -> Stepped[Forecast]:
    members = tuple(member for member, _ in people)
    return step(forecast(LISTED, rule, NOW), (Call, members), *((ReadSummary, known) for _, known in people))


def test_each_member_is_looked_at_once_and_nothing_is_changed() -> None:
    done = foreseen(AT_ONCE, (ERIN, summary()), (BEA, summary()))
    assert done.kinds == [Call, ReadSummary, ReadSummary]
    assert done.one(Call).arguments == ("Cook",)
    assert done.asked[1:] == [ReadSummary(SITE.sealer.user_key(user), NOW) for user in ("5", "6")]


def test_who_has_a_second_factor_is_not_stopped_and_who_has_none_is() -> None:
    seen = foreseen(AT_ONCE, (ERIN, summary(account_row())), (BEA, summary())).result
    assert (seen.enrolled, [one.member for one in seen.stopped(NOW)]) == (1, [BEA])


def test_an_account_that_was_switched_off_has_no_second_factor() -> None:
    assert foreseen(AT_ONCE, (ERIN, summary(disabled_row()))).result.enrolled == 0


def test_a_record_that_does_not_open_is_not_asked_to_set_up() -> None:
    assert foreseen(AT_ONCE, (ERIN, summary(BROKEN))).result.stopped(NOW) == ()


def test_those_who_have_it_by_a_group_are_counted() -> None:
    assert foreseen(AT_ONCE, (ERIN, summary()), (BEA, summary())).result.through_groups == 1


@pytest.mark.parametrize(
    ("met", "until"),
    [({}, NOW + 7 * DAY), ({key("Cook"): NOW - DAY}, NOW + 7 * DAY), ({key("Cook"): NOW + DAY}, NOW + 8 * DAY)],
    ids=["never met", "met an earlier one", "met"],
)
def test_grace_is_over_as_enforcement_will_have_it(met: dict[str, int], until: int) -> None:
    seen = foreseen(IN_A_WEEK, (ERIN, summary(met=met))).result
    assert seen.people[0].until == until
    assert (seen.stopped(until - 1), len(seen.stopped(until))) == ((), 1)


def test_a_rule_without_grace_leaves_no_time_whatever_was_met() -> None:
    seen = foreseen(AT_ONCE, (ERIN, summary(met={key("Cook"): NOW}))).result
    assert seen.people[0].until == 0


def test_of_a_very_large_role_it_is_said_how_many_were_left_out() -> None:
    members = tuple(Member(Person(str(number))) for number in range(MOST_MEMBERS + 3))
    looks = [(ReadSummary, summary())] * MOST_MEMBERS
    seen = step(forecast(LISTED, AT_ONCE, NOW), (Call, members), *looks).result
    assert (len(seen.people), seen.left_out) == (MOST_MEMBERS, 3)


def test_without_a_directory_it_is_those_who_were_last_seen_with_it() -> None:
    done = step(forecast(DESK, AT_ONCE, NOW), (ReadPeople, COOKS), (ReadSummary, summary()), (ReadSummary, summary()))
    assert [one.member.person.user for one in done.result.people] == ["1", "2"]


def test_who_has_several_of_the_roles_is_looked_at_once_and_judged_by_each() -> None:
    late = Rule("Chef", key("Chef"), since=NOW, grace_days=7)
    script = (Call, (ERIN,)), (ReadSummary, summary()), (Call, (ERIN, BEA)), (ReadSummary, summary(account_row()))
    cooks, chefs = step(forecasts(LISTED, (AT_ONCE, late), NOW), *script).result
    assert [one.until for one in (*cooks.people, *chefs.people)] == [0, NOW + 7 * DAY, NOW + 7 * DAY]
    assert [one.is_enrolled for one in (*cooks.people, *chefs.people)] == [False, False, True]


def test_those_last_seen_are_read_once_for_all_rules() -> None:
    chef = Rule("Chef", key("Chef"))
    looks = [(ReadSummary, summary())] * 2
    cooks, chefs, nobody = step(
        forecasts(DESK, (AT_ONCE, chef, Rule("Zoo", key("Zoo"))), NOW), (ReadPeople, COOKS), *looks
    ).result
    assert (len(cooks.people), len(chefs.people), nobody) == (2, 1, Forecast(()))


@pytest.mark.parametrize(
    "script",
    [[(Call, ConnectionError("down"))], [(Call, (ERIN,)), (ReadSummary, StoreUnavailable("no answer"))]],
    ids=["directory", "store"],
)
def test_what_cannot_be_read_is_no_forecast(script: Any) -> None:
    with pytest.raises((ConnectionError, StoreUnavailable)):
        step(forecast(LISTED, AT_ONCE, NOW), *script)


# ---- the roles there are --------------------------------------------------------------------------------------------


def test_the_roles_to_show_are_those_of_the_directory_those_pinned_and_those_flagged() -> None:
    pinned = desk(LISTED.directory, enforcement={"pinned": ["Manager"]})
    done = step(roles_known(pinned), flagged("auditor"), (Call, ("Zoo", "Cook")))
    assert done.result == ("auditor", "Cook", "Manager", "Zoo")


def test_without_a_directory_they_are_those_that_were_seen() -> None:
    assert step(roles_known(DESK), NO_FLAGS, (ReadPeople, COOKS)).result == ("Chef", "Cook")


def test_a114_flags_that_do_not_open_are_not_left_out_of_the_list() -> None:
    with pytest.raises(UnreadableRecord):
        step(roles_known(DESK), (ReadRoles, (RoleRow(key("Zoo"), 1, b"odd"),)))

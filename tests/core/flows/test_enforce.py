"""Setting and clearing the flag on a role: under the version that was seen, and with its event in the same change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.flows.administering import ADA, DESK
from core.flows.enforcing import DAY, NO_FLAGS, flag, key
from core.flows.people import NOW
from core.flows.stepping import Stepped, failing_at_each, step
from core.flows.written import left
from twofa_middleware.accounts.administer import enforce
from twofa_middleware.accounts.rules import Flag, read_flags, read_rules
from twofa_middleware.asks import REALM, Done, Emit, Moved, Random, ReadRoles, RoleRow, WriteRole
from twofa_middleware.errors import UnreadableRecord

DONE = (WriteRole, Done())


def setting(
    *script: Any, before: RoleRow | None = None, version: int = 0, on: bool = True, grace: int = 0, now: int = NOW
) -> Stepped[Done | Moved]:
    flags = (ReadRoles, (before,)) if before else NO_FLAGS
    flow = enforce(DESK, ADA, "Clerk", version, is_enforced=on, grace_days=grace, now=now)
    return step(flow, flags, *script)


def flags_after(done: Stepped[Any]) -> Mapping[str, Flag]:
    return step(read_flags(DESK), (ReadRoles, (done.one(WriteRole).role,))).result


def test_the_first_flag_of_a_role_has_version_1_and_says_since_when() -> None:
    done = setting(DONE, grace=7)
    assert done.kinds == [ReadRoles, WriteRole, Emit]
    assert done.one(WriteRole).now == NOW
    assert flags_after(done) == {"Clerk": Flag("Clerk", key("Clerk"), 1, True, NOW, 7)}


def test_a_flag_that_was_set_is_a_rule_at_once() -> None:
    row = setting(DONE).one(WriteRole).role
    assert step(read_rules(DESK), (ReadRoles, (row,))).result.keys() == {"Clerk"}


def test_each_change_is_the_next_version_of_the_one_that_was_seen() -> None:
    before = flag("Clerk", version=4)[1]
    row = setting(DONE, before=before, version=4, on=False).one(WriteRole).role
    assert (row.key, row.version) == (before.key, 5)


@pytest.mark.parametrize(("version", "before"), [(3, flag("Clerk", version=4)[1]), (1, None), (0, flag("Clerk")[1])])
def test_a_flag_that_is_not_as_it_was_seen_is_not_even_tried(version: int, before: RoleRow | None) -> None:
    done = setting(before=before, version=version)
    assert (done.result, done.asked) == (Moved(), [ReadRoles()])


def test_a_flag_that_moved_in_between_writes_and_tells_nothing() -> None:
    done = setting((WriteRole, Moved()))
    assert (done.result, done.events, left(done, REALM)) == (Moved(), [], [])


# ---- since when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grace", [0, 3, 30])
def test_grace_that_is_changed_counts_from_when_the_rule_began(grace: int) -> None:
    before = flag("Clerk", since=NOW - 10 * DAY, grace_days=7)[1]
    made = flags_after(setting(DONE, before=before, version=1, grace=grace))["Clerk"]
    assert (made.since, made.grace_days) == (NOW - 10 * DAY, grace)


def test_a_rule_that_begins_anew_counts_from_now() -> None:
    first = setting(DONE, before=flag("Clerk", since=NOW - 10 * DAY)[1], version=1, on=False)
    assert flags_after(first)["Clerk"].since == 0
    cleared = first.one(WriteRole).role
    again = setting(DONE, before=cleared, version=2, now=NOW + DAY)
    assert flags_after(again)["Clerk"].since == NOW + DAY


@pytest.mark.parametrize("grace", [-1, 366, 10_000])
def test_grace_of_less_than_nothing_or_more_than_a_year_is_refused_before_anything_is_asked(grace: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 365"):
        next(enforce(DESK, ADA, "Clerk", 0, is_enforced=True, grace_days=grace, now=NOW))


@pytest.mark.parametrize("grace", [0, 365])
def test_grace_of_nothing_and_of_a_year_are_taken(grace: int) -> None:
    assert setting(DONE, grace=grace).result == Done()


# ---- written down ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "name"), [(True, "role enforced"), (False, "role no longer enforced")])
def test_the_change_is_an_event_of_the_realm_with_the_role_the_grace_and_who_did_it(on: bool, name: str) -> None:
    (event,) = left(setting(DONE, on=on, grace=7), REALM)
    assert (event.name, event.user, event.at) == (name, "", NOW)
    assert event.facts == {"role": "Clerk", "grace_days": 7, "actor": "1", "actor_name": "ada"}


def test_a114_where_a_flag_does_not_open_none_is_written() -> None:
    odd = RoleRow(key("Cook"), 1, flag("Clerk")[1].record)
    with pytest.raises(UnreadableRecord):
        setting(before=odd)


def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow() -> None:
    def flow() -> Any:
        return enforce(DESK, ADA, "Clerk", 0, is_enforced=True, grace_days=0, now=NOW)

    reached = [kinds[-1] for kinds in failing_at_each(flow, NO_FLAGS, DONE)]
    assert reached == [ReadRoles, Random, WriteRole, Emit]

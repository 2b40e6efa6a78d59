"""The flags on roles: whoever writes to the store can change none unseen, and the settings' floor holds whatever it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flows.enforcing import NO_FLAGS, flag, flagged, key
from core.flows.people import ENFORCED, ERIN, NOW, SITE, USER, request, site
from core.flows.stepping import Stepped, step
from twofa_middleware.accounts.access import required_by
from twofa_middleware.accounts.rules import meet, read_flags, read_rules
from twofa_middleware.asks import MeetRules, Met, ReadRoles, RoleRow
from twofa_middleware.errors import StoreUnavailable, UnreadableRecord
from twofa_middleware.policy.enforcement import Demand, Rule

NOBODY_HAS_SET = flag("Clerk")[1]


def rules(at: Any = SITE, *rows: RoleRow) -> Mapping[str, Rule]:
    return step(read_rules(at.desk), (ReadRoles, rows)).result


# ---- read -----------------------------------------------------------------------------------------------------------


def test_a_flag_is_read_back_as_it_was_written() -> None:
    made, row = flag("Büro & Co", version=7, since=NOW - 5, grace_days=14)
    assert step(read_flags(SITE.desk), (ReadRoles, (row,))).result == {"Büro & Co": made}
    assert (row.key, row.version) == (key("Büro & Co"), 7)


def test_the_name_of_a_role_in_the_store_fits_every_store() -> None:
    assert len(key("a role with a very long name " * 20)) == 22
    assert key("Clerk").isascii()
    assert key("Clerk") != key("clerk")


def test_a_flag_that_is_set_is_a_rule_and_one_that_was_cleared_is_none() -> None:
    assert rules(SITE, flag("Clerk", since=NOW - 9, grace_days=3)[1], flag("Cook", is_enforced=False)[1]) == {
        "Clerk": Rule("Clerk", key("Clerk"), NOW - 9, 3)
    }


def test_without_flags_and_pinned_roles_nothing_is_enforced() -> None:
    assert rules() == {}


# ---- pinned ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [flag("Manager", grace_days=30)[1], flag("Manager", is_enforced=False)[1]])
def test_a_pinned_role_has_no_grace_and_cannot_be_cleared_whatever_its_flag_says(row: RoleRow) -> None:
    assert rules(ENFORCED, row) == {"Manager": Rule("Manager", key("Manager"))}


def test_flags_of_other_roles_stand_beside_those_that_are_pinned() -> None:
    assert rules(ENFORCED, flag("Clerk")[1]).keys() == {"Manager", "Clerk"}


def test_flags_are_read_also_where_the_settings_pin_roles() -> None:
    with pytest.raises(StoreUnavailable):
        step(read_rules(ENFORCED.desk), (ReadRoles, StoreUnavailable("no answer")))


# ---- unreadable is never "not enforced" -----------------------------------------------------------------------------

TAMPERED = {
    "another role's key": replace(NOBODY_HAS_SET, key=key("Cook")),
    "another version": replace(NOBODY_HAS_SET, version=2),
    "an earlier record under its version": replace(flag("Clerk", version=2)[1], record=NOBODY_HAS_SET.record),
    "another role's record": replace(NOBODY_HAS_SET, record=flag("Cook", is_enforced=False)[1].record),
    "another realm's": RoleRow(
        NOBODY_HAS_SET.key,
        1,
        site(realm="other").sealer.authenticate("role", (NOBODY_HAS_SET.key, 1), NOBODY_HAS_SET.record[5:-16]),
    ),
    "a bit": replace(NOBODY_HAS_SET, record=NOBODY_HAS_SET.record[:-1] + bytes([NOBODY_HAS_SET.record[-1] ^ 1])),
    "nothing": replace(NOBODY_HAS_SET, record=b""),
}


@pytest.mark.parametrize("row", TAMPERED.values(), ids=TAMPERED)
def test_a114_a_flag_that_was_changed_or_moved_lets_nobody_pass_for_not_enforced(row: RoleRow) -> None:
    with pytest.raises(UnreadableRecord):
        step(required_by(SITE, ERIN, request()), (ReadRoles, (flag("Cook")[1], row)))


@given(st.binary(max_size=80))
def test_a083_no_bytes_that_somebody_writes_are_a_flag(record: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        rules(SITE, replace(NOBODY_HAS_SET, record=record))


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode(["Clerk"]), msgspec.msgpack.encode(7)])
def test_an_authentic_flag_of_no_known_form_is_unreadable(payload: bytes) -> None:
    record = SITE.sealer.authenticate("role", (NOBODY_HAS_SET.key, 1), payload)
    with pytest.raises(UnreadableRecord):
        rules(SITE, replace(NOBODY_HAS_SET, record=record))


def test_a066_a_store_that_does_not_answer_is_never_a_store_without_flags() -> None:
    with pytest.raises(StoreUnavailable):
        step(required_by(SITE, ERIN, request()), (ReadRoles, StoreUnavailable("no answer")))


# ---- met ------------------------------------------------------------------------------------------------------------


def met(*held: str, first: Any = None, **all_rules: int) -> Stepped[Demand | None]:
    """Somebody with these roles meets rules that have so many days of grace."""
    rule_of = {role: Rule(role, key(role), NOW - 9, days) for role, days in all_rules.items()}
    script = [] if first is None else [(MeetRules, first)]
    return step(meet(SITE.desk, USER, frozenset(held), rule_of, NOW), *script)


def test_the_rules_that_somebody_meets_are_noted_for_just_them_also_those_without_grace() -> None:
    done = met("Clerk", "Cook", "Guest", first=Met({}), Cook=0, Clerk=7, Chef=0)
    assert done.one(MeetRules) == MeetRules(USER, (key("Clerk"), key("Cook")), NOW)
    assert done.result == Demand("Cook", 0)


def test_who_meets_no_rule_is_asked_nothing() -> None:
    assert met("Guest", Clerk=7).asked == []
    assert met(Clerk=7).result is None


def test_a_meeting_that_cannot_be_noted_is_no_grace() -> None:
    with pytest.raises(StoreUnavailable):
        met("Clerk", first=StoreUnavailable("no answer"), Clerk=7)


def test_when_it_was_first_met_counts_and_not_what_others_have_met() -> None:
    day = 86400
    assert met("Clerk", first=Met({key("Clerk"): NOW - 5, key("Cook"): NOW}), Clerk=7).result == Demand(
        "Clerk", NOW - 5 + 7 * day
    )


def test_no_flags_is_what_a_script_says_of_an_empty_store() -> None:
    assert step(read_flags(SITE.desk), NO_FLAGS).result == {}
    assert step(read_flags(SITE.desk), flagged("Clerk")).result.keys() == {"Clerk"}

"""The flags on roles: those in the store, and the floor that the settings pin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ..asks import MeetRules, ReadRoles, RoleRow
from ..desk import Desk
from ..errors import UnreadableRecord
from ..policy.enforcement import Demand, Rule, demand_of, rules_of
from ..protocol import Flow, UserKey


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    role: str
    is_enforced: bool
    since: int
    grace_days: int


@dataclass(frozen=True, slots=True)
class Flag:
    """What administrators have set for a role. ``version`` is 0 for a role that nobody has set anything for."""

    role: str
    key: str
    version: int = 0
    is_enforced: bool = False
    since: int = 0
    grace_days: int = 0


def key_of(desk: Desk, role: str) -> str:
    """The name of a role in the store: 22 letters and digits."""
    return desk.sealer.name("role", role)


def read_flags(desk: Desk, as_of: int | None = None) -> Flow[Mapping[str, Flag]]:
    """Every flag by its role; UnreadableRecord if one was not written by us, since it may have been one that enforces.

    With ``as_of``, the time, those of two seconds ago will do.
    """
    rows = yield from ReadRoles(as_of)
    flags = [open_flag(desk, row) for row in rows]
    return {flag.role: flag for flag in flags}


def write_flag(desk: Desk, flag: Flag) -> RoleRow:
    """The row of a flag."""
    payload = msgspec.msgpack.encode(_Payload(flag.role, flag.is_enforced, flag.since, flag.grace_days))
    return RoleRow(flag.key, flag.version, desk.sealer.authenticate("role", (flag.key, flag.version), payload))


def open_flag(desk: Desk, row: RoleRow) -> Flag:
    """The flag of a row; UnreadableRecord if it was not written by us, for just this role and version."""
    payload = desk.sealer.read("role", (row.key, row.version), row.record)
    try:
        found = msgspec.msgpack.decode(payload, type=_Payload)
    except msgspec.DecodeError:
        raise UnreadableRecord("the flag of a role has no format that this version knows") from None
    return Flag(found.role, row.key, row.version, found.is_enforced, found.since, found.grace_days)


def read_rules(desk: Desk, as_of: int | None = None) -> Flow[Mapping[str, Rule]]:
    """The rules that are in force, by their role. A pinned role has no grace, whatever its flag says. ``as_of``: as above."""
    flags = yield from read_flags(desk, as_of)
    rules = {
        flag.role: Rule(flag.role, flag.key, flag.since, flag.grace_days) for flag in flags.values() if flag.is_enforced
    }
    return rules | {role: Rule(role, key_of(desk, role)) for role in desk.pinned}


def meet(desk: Desk, user: UserKey, roles: frozenset[str], rules: Mapping[str, Rule], now: int) -> Flow[Demand | None]:
    """What somebody with these roles has to do. When each rule was first met is kept, also of those without grace:
    grace that is given later counts from then."""
    held = rules_of(roles, rules)
    if not held:
        return None
    met = yield from MeetRules(user, tuple(rule.key for rule in held), now)
    return demand_of(held, met.first, now)

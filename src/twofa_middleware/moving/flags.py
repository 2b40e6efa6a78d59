"""Into a store: a flag on a role of a file. No flag in the store becomes less strict by it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..accounts.audit import noted
from ..accounts.rules import Flag, open_flag, write_flag
from ..asks import REALM, Acknowledge, Moved, ReadRoles, RoleRow, WriteRole
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Event, Flow
from .bringing import Outcome, Plan
from .entries import RoleEntry


@dataclass(frozen=True, slots=True)
class BroughtFlag:
    """What became of a flag. ``role`` is empty where it does not open. ``is_weaker``: it is left since the store's is
    stricter."""

    outcome: Outcome
    role: str = ""
    is_enforced: bool = False
    is_weaker: bool = False


def bring_role(desk: Desk, plan: Plan, carried: RoleEntry, now: int) -> Flow[BroughtFlag]:
    """Put the flag on a role into the store. Versions count the changes in one store, so they begin anew in another."""
    try:
        flag = open_flag(desk, carried.row)
    except UnreadableRecord:
        return BroughtFlag(Outcome.UNREADABLE)
    rows = yield from ReadRoles()
    found = next((row for row in rows if row.key == flag.key), None)
    outcome, is_weaker = Outcome.WRITTEN, False
    if found is not None:
        flag, outcome, is_weaker = _weighed(desk, plan, flag, found)
    if outcome is Outcome.THERE and not plan.is_dry:
        yield from Acknowledge(REALM)
    if not plan.is_dry and outcome in (Outcome.WRITTEN, Outcome.REPLACED):
        row = write_flag(desk, replace(flag, version=(found.version if found else 0) + 1))
        # A role that nobody has set anything for demands nothing either: that it still does not is no event.
        events = [_event(desk, plan, flag, now)] if found is not None or flag.is_enforced else []
        done = yield from noted(desk, {"done": events}, lambda notes: WriteRole(row, now, notes))
        outcome = Outcome.CHANGED if isinstance(done, Moved) else outcome
    return BroughtFlag(outcome, flag.role, flag.is_enforced, is_weaker)


def _weighed(desk: Desk, plan: Plan, flag: Flag, found: RoleRow) -> tuple[Flag, Outcome, bool]:
    """The flag as it is to be written, what becomes of it, and whether the one in the store is stricter. One that does not
    open may be as strict as can be."""
    try:
        before = open_flag(desk, found)
    except UnreadableRecord:
        before = replace(flag, is_enforced=True, since=0, grace_days=0)
    else:
        if before.is_enforced and flag.is_enforced:
            # Grace counts from here: as by hand, a rule that goes on does not begin anew.
            flag = replace(flag, since=min(flag.since, before.since))
        if replace(before, version=flag.version) == flag:
            return flag, Outcome.THERE, False
    if before.is_enforced and (not flag.is_enforced or flag.grace_days > before.grace_days):
        return flag, Outcome.KEPT, True
    return flag, Outcome.REPLACED if plan.replaces else Outcome.KEPT, False


def _event(desk: Desk, plan: Plan, flag: Flag, now: int) -> Event:
    """The one that a change by hand has."""
    return desk.event(
        "role enforced" if flag.is_enforced else "role no longer enforced",
        None,
        now,
        role=flag.role,
        grace_days=flag.grace_days,
        actor=plan.actor.id,
        actor_name=plan.actor.label,
    )

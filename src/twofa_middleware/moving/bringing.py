"""Into a store: one entry of a file at a time. What was brought in before is known again, so a run can be repeated.

As it was (``import``): another store takes over a realm, and everything goes on, also passes. For a store that was lost
(``restore``): the file is older than what was lost, so whatever may have happened since then must not count again. Then
each account gets a generation that it cannot have had, passes and browsers end, and no step up to now is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from ..accounts.account import Account, changed, open_account, raised_generation
from ..accounts.administer import Actor
from ..accounts.audit import noted
from ..accounts.people import read_person
from ..accounts.rules import Flag, open_flag, write_flag
from ..asks import (
    AccountRow,
    AddEvents,
    Moved,
    PersonRow,
    ReadRecords,
    ReadRoles,
    Records,
    RoleRow,
    WriteRecords,
    WriteRole,
)
from ..desk import Desk
from ..errors import UnreadableRecord
from ..factors.totp import step_at
from ..protocol import Event, Flow, Person, UserKey
from .entries import EventsEntry, RoleEntry, UserEntry

_TRIES = 3


class Outcome(Enum):
    """What became of an entry; the values are the words in documents."""

    WRITTEN = "written"
    REPLACED = "replaced"
    THERE = "there"
    KEPT = "kept"
    UNREADABLE = "unreadable"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. ``restores``: for a store that was lost. ``replaces``: also where there is something else.

    ``drops_codes``: no recovery code comes along. ``is_dry``: only say what would be done.
    """

    actor: Actor
    restores: bool = False
    replaces: bool = False
    drops_codes: bool = False
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class Brought:
    """``codes``: how many recovery codes the account has that may have been used since the file was made."""

    outcome: Outcome
    person: Person | None = None
    codes: int = 0


def bring_user(desk: Desk, plan: Plan, carried: UserEntry, now: int) -> Flow[Brought]:
    """Put a user into the store, unless there is the same or another one."""
    outcome = Outcome.CHANGED
    there = Records()
    for _ in range(_TRIES):
        there = yield from ReadRecords(carried.user)
        outcome = _outcome(desk, plan, carried, there)
        if plan.is_dry or outcome not in (Outcome.WRITTEN, Outcome.REPLACED, Outcome.UNREADABLE):
            break
        done = yield from _write(desk, plan, carried, there, outcome, now)
        if done:
            break
        outcome = Outcome.CHANGED
    return Brought(outcome, _person(desk, carried), _doubtful_codes(plan, carried.records, there, outcome))


def bring_role(desk: Desk, plan: Plan, carried: RoleEntry, now: int) -> Flow[Outcome]:
    """Put the flag on a role into the store. Versions count the changes in one store, so they begin anew in another."""
    try:
        flag = open_flag(desk, carried.row)
    except UnreadableRecord:
        return Outcome.UNREADABLE
    rows = yield from ReadRoles()
    found = next((row for row in rows if row.key == flag.key), None)
    outcome = Outcome.WRITTEN if found is None else _flag_outcome(desk, plan, flag, found)
    if plan.is_dry or outcome not in (Outcome.WRITTEN, Outcome.REPLACED):
        return outcome
    row = write_flag(desk, replace(flag, version=(found.version if found else 0) + 1))
    done = yield from WriteRole(row, now)
    return Outcome.CHANGED if isinstance(done, Moved) else outcome


def bring_events(carried: EventsEntry, known: set[bytes], plan: Plan) -> Flow[int]:
    """Append to the realm's list what is not in it; ``known``: the ids that are, which grows. Answers how many."""
    new = tuple(row for row in carried.rows if row.id not in known)
    known.update(row.id for row in new)
    if new and not plan.is_dry:
        yield from AddEvents(new)
    return len(new)


def _outcome(desk: Desk, plan: Plan, carried: UserEntry, there: Records) -> Outcome:
    account = carried.records.account
    if there.account is None:
        if account is None and there != Records():
            return Outcome.THERE
        must_open = plan.restores and account is not None
        return Outcome.WRITTEN if not must_open or _opened(desk, carried) else Outcome.UNREADABLE
    if account is None:
        return Outcome.KEPT  # an account is never deleted
    if _is_same(plan, account, there.account):
        return Outcome.THERE
    if not plan.replaces:
        return Outcome.KEPT
    return Outcome.REPLACED if _opened(desk, carried) else Outcome.KEPT


def _is_same(plan: Plan, carried: AccountRow, there: AccountRow) -> bool:
    """Whether the account was brought in before, and has at most gone on since: the sealed authenticators are those."""
    least = raised_generation(carried.generation) if plan.restores else carried.generation
    if plan.drops_codes and carried.codes & there.codes:
        return False
    return there.authenticators == carried.authenticators and there.generation >= least


def _write(desk: Desk, plan: Plan, carried: UserEntry, there: Records, outcome: Outcome, now: int) -> Flow[bool]:
    """Whether it was written: the account is still the one that was looked at."""
    user, records = carried.user, carried.records
    before = there.account.generation if there.account else 0
    events: list[Event] = []
    if plan.restores or outcome is Outcome.REPLACED:
        records = replace(records, passes=(), browsers=())
        account = _opened(desk, carried)
        if account is not None and records.account is not None:
            row = _raised(desk, plan, account, records.account, before, now)
            records = replace(records, account=row)
            events.append(
                desk.event(
                    "restored from a backup",
                    _person(desk, carried),
                    now,
                    actor=plan.actor.id,
                    actor_name=plan.actor.label,
                    codes_left=len(row.codes),
                )
            )
    done = yield from noted(
        desk, {"done": events}, lambda notes: WriteRecords(user, before, records, now, notes), owner=user
    )
    return not isinstance(done, Moved)


def _raised(desk: Desk, plan: Plan, account: Account, row: AccountRow, there: int, now: int) -> AccountRow:
    """The account under a generation of its own, with no step left up to the one that the window accepts at most."""
    change = changed(
        desk.sealer,
        account.user,
        raised_generation(account.generation, there),
        since=account.since,
        kinds=account.kinds,
        sealed=account.sealed,
        codes=frozenset() if plan.drops_codes else account.codes,
        reset=account.reset,
    )
    last_step = max(row.last_step, step_at(now) + 1)
    return AccountRow(change.generation, last_step, change.roster, change.authenticators, change.codes)


def _opened(desk: Desk, carried: UserEntry) -> Account | None:
    """The account of the file; None if there is none, or it does not open."""
    if carried.records.account is None:
        return None
    try:
        account = open_account(desk.sealer, carried.user, carried.records.account)
        account.totp(desk.sealer)
    except UnreadableRecord:
        return None
    return account


def _person(desk: Desk, carried: UserEntry) -> Person | None:
    records = carried.records
    if records.person is None:
        return None
    return read_person(desk.sealer, PersonRow(UserKey(carried.user), records.person, records.roles))


def _doubtful_codes(plan: Plan, carried: Records, there: Records, outcome: Outcome) -> int:
    if not plan.restores or carried.account is None:
        return 0
    if outcome is Outcome.THERE and there.account is not None:
        return len(carried.account.codes & there.account.codes)
    is_written = outcome in (Outcome.WRITTEN, Outcome.REPLACED)
    return len(carried.account.codes) if is_written and not plan.drops_codes else 0


def _flag_outcome(desk: Desk, plan: Plan, flag: Flag, found: RoleRow) -> Outcome:
    try:
        is_same = replace(open_flag(desk, found), version=flag.version) == flag
    except UnreadableRecord:
        is_same = False
    if is_same:
        return Outcome.THERE
    return Outcome.REPLACED if plan.replaces else Outcome.KEPT

"""Into a store: one entry of a file at a time. What was brought in before is known again, so a run can be repeated.

As it was (``import``): another store takes over a realm, and everything goes on, also passes. For a store that was lost
(``restore``): the file is older than what was lost, so whatever may have happened since then must not count again. Then
each account gets a generation that it cannot have had, passes and browsers end, and no step up to now is accepted.

An account in the store that may have changed since the file was made is never overwritten, whatever the plan says: it
may have been switched off after a theft.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from ..accounts.account import Account, changed, new_generation, open_account, raised_generation
from ..accounts.administer import Actor
from ..accounts.audit import noted
from ..accounts.people import read_person
from ..accounts.reset import new_reset_code
from ..asks import AccountRow, Acknowledge, AddEvents, Moved, PersonRow, ReadRecords, Records, WriteRecords
from ..desk import Desk
from ..errors import UnreadableRecord
from ..factors.totp import step_at
from ..protocol import Event, Flow, Person, UserKey
from .entries import EventsEntry, UserEntry
from .weighing import codes_left, is_older, merged

_TRIES = 3


class Outcome(Enum):
    """What became of an entry; the values are the words in documents."""

    WRITTEN = "written"
    REPLACED = "replaced"
    THERE = "there"
    DROPPED = "dropped"
    KEPT = "kept"
    NEWER = "newer"
    UNREADABLE = "unreadable"
    CHANGED = "changed"


_CHANGING = (Outcome.WRITTEN, Outcome.REPLACED, Outcome.DROPPED, Outcome.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. ``restores``: for a store that was lost. ``replaces``: also where there is something else.

    ``drops_codes``: no recovery code comes along, and those that came along before go. ``is_dry``: only say what would be
    done. ``made_at``: when the file was made, in seconds since 1970.
    """

    actor: Actor
    restores: bool = False
    replaces: bool = False
    drops_codes: bool = False
    is_dry: bool = False
    made_at: int = 0


@dataclass(frozen=True, slots=True)
class Brought:
    """``codes``: how many recovery codes the account has that may have been used since the file was made. ``is_closed``: it
    takes a one-time code to set it up, and the one of the file does not serve."""

    outcome: Outcome
    person: Person | None = None
    codes: int = 0
    is_closed: bool = False


def bring_user(desk: Desk, plan: Plan, carried: UserEntry, now: int) -> Flow[Brought]:
    """Put a user into the store, unless there is the same or another one."""
    outcome = Outcome.CHANGED
    there = Records()
    for _ in range(_TRIES):
        there = yield from ReadRecords(carried.user)
        outcome = _outcome(desk, plan, carried, there)
        if outcome is Outcome.THERE and not plan.is_dry:
            yield from Acknowledge(carried.user)  # it may have been written by what was refused, as it may not last
        if plan.is_dry or outcome not in _CHANGING:
            break
        if outcome is Outcome.DROPPED:
            done = yield from _drop_codes(desk, plan, carried, there, now)
        else:
            done = yield from _write(desk, plan, carried, there, outcome, now)
        if done:
            break
        outcome = Outcome.CHANGED
    codes = _doubtful_codes(plan, carried.records, there, outcome)
    return Brought(outcome, _person(desk, carried), codes, _is_closed(desk, plan, carried, outcome))


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
        if not plan.drops_codes or not account.codes & there.account.codes:
            return Outcome.THERE
        return Outcome.DROPPED if _opened(desk, UserEntry(carried.user, there)) else Outcome.KEPT
    if not is_older(desk, carried.user, there.account, account, plan.made_at):
        return Outcome.NEWER
    if not plan.replaces:
        return Outcome.KEPT
    return Outcome.REPLACED if _opened(desk, carried) else Outcome.KEPT


def _is_same(plan: Plan, carried: AccountRow, there: AccountRow) -> bool:
    """Whether the account was brought in before, and has at most gone on since: the sealed authenticators are those."""
    least = raised_generation(carried.generation) if plan.restores else carried.generation
    return there.authenticators == carried.authenticators and there.generation >= least


def _write(desk: Desk, plan: Plan, carried: UserEntry, there: Records, outcome: Outcome, now: int) -> Flow[bool]:
    """Whether it was written: the account is still the one that was looked at."""
    user, records = carried.user, merged(carried.records, there)
    before = there.account.generation if there.account else 0
    events: list[Event] = []
    if plan.restores or outcome is Outcome.REPLACED:
        records = replace(records, passes=(), browsers=())
        account = _opened(desk, carried)
        if account is not None and records.account is not None:
            # A one-time code may have been used or replaced since. Nobody gets to see the one that takes its place, so the
            # account stays closed until an administrator makes another.
            reset = (yield from new_reset_code(desk.sealer, user))[1] if account.reset else b""
            row = _raised(desk, plan, account, records.account, there.account, reset, now)
            records = replace(records, account=row)
            events.append(_event(desk, plan, carried, row, now))
    done = yield from noted(
        desk, {"done": events}, lambda notes: WriteRecords(user, before, records, now, notes), owner=user
    )
    return not isinstance(done, Moved)


def _drop_codes(desk: Desk, plan: Plan, carried: UserEntry, there: Records, now: int) -> Flow[bool]:
    """Take the file's recovery codes from the account that it brought, which else stays as it is. As with any change of
    the factors, its passes and browsers end. Whether it was written, as above."""
    row, brought = there.account, carried.records.account
    if row is None or brought is None:
        return False
    account = open_account(desk.sealer, carried.user, row)
    change = changed(
        desk.sealer,
        account.user,
        new_generation(account.generation, b""),
        since=account.since,
        kinds=account.kinds,
        sealed=account.sealed,
        codes=account.codes - brought.codes,
        reset=account.reset,
    )
    row = AccountRow(change.generation, row.last_step, change.roster, change.authenticators, change.codes)
    event = _event(desk, plan, carried, row, now)
    records = replace(there, account=row, passes=(), browsers=(), log=())
    done = yield from noted(
        desk,
        {"done": [event]},
        lambda notes: WriteRecords(carried.user, account.generation, records, now, notes),
        owner=carried.user,
    )
    return not isinstance(done, Moved)


def _event(desk: Desk, plan: Plan, carried: UserEntry, row: AccountRow, now: int) -> Event:
    return desk.event(
        "restored from a backup",
        _person(desk, carried),
        now,
        actor=plan.actor.id,
        actor_name=plan.actor.label,
        codes_left=len(row.codes),
    )


def _raised(
    desk: Desk, plan: Plan, account: Account, row: AccountRow, there: AccountRow | None, reset: bytes, now: int
) -> AccountRow:
    """The account under a generation of its own, with no step left up to the one that the window accepts at most."""
    change = changed(
        desk.sealer,
        account.user,
        raised_generation(account.generation, there.generation if there else 0),
        since=account.since,
        kinds=account.kinds,
        sealed=account.sealed,
        codes=frozenset() if plan.drops_codes else codes_left(there, row),
        reset=reset,
    )
    last_step = max(row.last_step, step_at(now) + 1)
    return AccountRow(change.generation, last_step, change.roster, change.authenticators, change.codes)


def _opened(desk: Desk, carried: UserEntry) -> Account | None:
    """The account of an entry; None if there is none, or it does not open."""
    if carried.records.account is None:
        return None
    try:
        account = open_account(desk.sealer, carried.user, carried.records.account)
        account.check(desk.sealer)
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
    return len(codes_left(there.account, carried.account)) if is_written and not plan.drops_codes else 0


def _is_closed(desk: Desk, plan: Plan, carried: UserEntry, outcome: Outcome) -> bool:
    is_raised = outcome is Outcome.REPLACED or (plan.restores and outcome is Outcome.WRITTEN)
    account = _opened(desk, carried) if is_raised else None
    return account is not None and bool(account.reset)

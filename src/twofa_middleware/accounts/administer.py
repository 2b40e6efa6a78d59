"""What administrators do to an account or a role. Each act is an event with actor, target and reason, in the same change.

Nothing here switches a second factor on. Pages and command line come through here alike; that somebody may act at all is
decided before: ``pages/admin`` asks for a role and a fresh factor, the command line for access to keys and store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..asks import (
    REALM,
    Acknowledge,
    Done,
    EndPasses,
    Moved,
    Note,
    Random,
    ReadSummary,
    ResetAccount,
    Summary,
    Unlock,
    WriteRole,
)
from ..desk import Desk
from ..errors import UnreadableRecord
from ..policy.enforcement import MOST_GRACE_DAYS
from ..protocol import Event, Flow, Layout, Person
from .account import BIRTH_BYTES, Account, changed, new_generation, open_account
from .audit import noted
from .reset import new_reset_code
from .rules import Flag, key_of, read_flags, write_flag

MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user id, or such as ``command line: root``; ``label`` is what people call them."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What an administrator sees of a person. ``account`` is None if its record does not open: then only a reset helps."""

    person: Person
    summary: Summary
    account: Account | None

    @property
    def generation(self) -> int:
        return self.summary.account.generation if self.summary.account else 0

    @property
    def is_on(self) -> bool:
        """Whether there is something to switch off; a record that does not open counts, since it lets nobody in."""
        return self.account is None or self.account.is_enrolled


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """It is off. ``code`` is the one-time code for the next set-up, empty where none is needed."""

    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotOn:
    """There was nothing to switch off."""


@dataclass(frozen=True, slots=True)
class CodeMade:
    """``code``: without it the person cannot set anything up."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AlreadyOn:
    """There is a second factor, or a record that does not open; switching it off comes first."""


Reset: TypeAlias = SwitchedOff | NotOn | Moved


def look_at(desk: Desk, person: Person, now: int) -> Flow[Overview]:
    """Everything that the store knows of a person."""
    user = desk.user_key(person.user)
    summary = yield from ReadSummary(user, now)
    try:
        account = open_account(desk.sealer, user, summary.account)
    except UnreadableRecord:
        account = None
    return Overview(person, summary, account)


def disable(desk: Desk, actor: Actor, seen: Overview, reason: str, now: int) -> Flow[Reset]:
    """Switch the second factor off that was seen; Moved if the account has changed since.

    Where resets need a code, an account that is off can get a new one in the same way.
    """
    needs_code = desk.settings.reset_makes_code
    is_waiting = seen.account is not None and bool(seen.account.reset)
    user = desk.user_key(seen.person.user)
    if not seen.is_on and not is_waiting:
        yield from Acknowledge(user)  # it may have been switched off by what was refused because it may not last
        return NotOn()
    code, kept = (yield from new_reset_code(desk.sealer, user)) if needs_code else ("", b"")
    generation = new_generation(seen.generation, b"")
    change = changed(desk.sealer, user, generation, since=0, kinds={}, sealed={}, codes=frozenset(), reset=kept)
    event = _act(desk, "disabled by an administrator", actor, seen.person, reason, now)
    done = yield from noted(
        desk, {"done": [event]}, lambda notes: ResetAccount(user, seen.generation, change, now, notes)
    )
    return done if isinstance(done, Moved) else SwitchedOff(code)


def let_set_up(desk: Desk, actor: Actor, seen: Overview, reason: str, now: int) -> Flow[CodeMade | AlreadyOn | Moved]:
    """Make the one-time code for somebody who has no second factor; from then on nothing is set up without it.

    A code that was made before is worthless then. Sessions that needed nothing are asked about anew.
    """
    if seen.is_on:
        return AlreadyOn()
    user = desk.user_key(seen.person.user)
    code, kept = yield from new_reset_code(desk.sealer, user)
    generation = new_generation(seen.generation, (yield from Random(BIRTH_BYTES)))
    change = changed(desk.sealer, user, generation, since=0, kinds={}, sealed={}, codes=frozenset(), reset=kept)
    event = _act(desk, "set-up code made", actor, seen.person, reason, now)
    done = yield from noted(
        desk, {"done": [event]}, lambda notes: ResetAccount(user, seen.generation, change, now, notes)
    )
    return done if isinstance(done, Moved) else CodeMade(code)


def unlock(desk: Desk, actor: Actor, person: Person, reason: str, now: int) -> Flow[Done]:
    """Clear what too many tries have brought: the wait, the stop, and the hour of recovery codes."""
    event = _act(desk, "unlocked by an administrator", actor, person, reason, now)
    return (yield from noted(desk, {"done": [event]}, lambda notes: Unlock(desk.user_key(person.user), now, notes)))


def forget(desk: Desk, actor: Actor, person: Person, reason: str, now: int) -> Flow[Done]:
    """End every pass, and forget every browser."""
    event = _act(desk, "ended by an administrator", actor, person, reason, now)
    return (yield from noted(desk, {"done": [event]}, lambda notes: EndPasses(desk.user_key(person.user), now, notes)))


def enforce(
    desk: Desk, actor: Actor, role: str, version: int, *, is_enforced: bool, grace_days: int, now: int
) -> Flow[Done | Moved]:
    """Set or clear the flag on a role, if it is still as it was seen: ``version``, 0 for none.

    Grace that is lengthened or shortened counts from when the rule began, as before; a rule that begins anew is met anew.
    """
    if not 0 <= grace_days <= MOST_GRACE_DAYS:
        raise ValueError(f"grace is between 0 and {MOST_GRACE_DAYS} days")
    flags = yield from read_flags(desk)
    before = flags.get(role, Flag(role, key_of(desk, role)))
    if before.version != version:
        return Moved()
    since = before.since if before.is_enforced else now
    flag = Flag(role, before.key, version + 1, is_enforced, since if is_enforced else 0, grace_days)
    name = "role enforced" if is_enforced else "role no longer enforced"
    event = desk.event(name, None, now, role=role, grace_days=grace_days, **_who(actor))
    return (yield from noted(desk, {"done": [event]}, lambda notes: WriteRole(write_flag(desk, flag), now, notes)))


def _act(desk: Desk, name: str, actor: Actor, person: Person, reason: str, now: int) -> Event:
    return desk.event(name, person, now, reason=reason[:MOST_REASON], **_who(actor))


def _who(actor: Actor) -> dict[str, str | int]:
    return {"actor": actor.id, "actor_name": actor.label}


def tell_of_key(desk: Desk, name: str, actor: Actor, key_id: bytes, now: int) -> Flow[None]:
    """Write down what was done with a key of the ring, which is not in the store."""
    event = desk.event(name, None, now, actor=actor.id, actor_name=actor.label, key=key_id.hex())
    yield from noted(desk, {"done": [event]}, lambda notes: Note(REALM, now, notes))


def tell_of_upgrade(desk: Desk, actor: Actor, before: Layout, after: Layout, now: int) -> Flow[None]:
    """Write down which layout the store has now. ``committed`` is 1 if older versions are shut out."""
    facts: dict[str, str | int] = {"layout": after.found, "layout_before": before.found}
    facts["committed"] = int(after.needs == after.found)
    event = desk.event("store upgraded", None, now, **_who(actor), **facts)
    yield from noted(desk, {"done": [event]}, lambda notes: Note(REALM, now, notes))

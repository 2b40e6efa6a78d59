"""Out of a store: all that a realm has, as entries; and the events that tell of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ..accounts.administer import Actor
from ..accounts.audit import noted
from ..asks import REALM, EventRow, FollowEvents, Note, ReadRecords, ReadRoles, ReadUsers, Records
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Ask, Flow, Result, UserKey
from .entries import EndEntry, Entry, EventsEntry, RoleEntry, UserEntry, key_ids

Reply = TypeVar("Reply")
USERS_AT_A_TIME = 500
EVENTS_AT_A_TIME = 500
_WITNESS_BYTES = 8


class Drives(Protocol):
    """What runs a flow to its end."""

    def __call__(self, flow: Flow[Result], /) -> Result: ...


@dataclass
class Carried:
    """What stands in a file. ``last``: the user up to whom users were carried, in the order of their keys.

    ``flags``: keys of the flags in it. ``keys``: ids of the keys that its records need. ``known_events``: ids of events that
    are not carried again; what one run has written is not among them.
    """

    users: int = 0
    events: int = 0
    last: UserKey | None = None
    flags: set[str] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)
    known_events: set[bytes] = field(default_factory=set)

    def add(self, entry: Entry, desk: Desk) -> None:
        """Take note of an entry."""
        self.keys.update(key_id for key_id in key_ids(entry) if desk.sealer.knows(key_id))
        match entry:
            case UserEntry(user):
                self.users += 1
                self.last = user
            case RoleEntry(row):
                self.flags.add(row.key)
            case EventsEntry(rows):
                self.events += len(rows)
            case EndEntry():
                pass

    def end(self) -> EndEntry:
        keys = tuple(sorted(self.keys))
        return EndEntry(users=self.users, roles=len(self.flags), events=self.events, keys=keys)


def entries_of(desk: Desk, drives: Drives, carried: Carried | None = None) -> Iterator[Entry]:
    """Everything in the store but set-ups that were begun, counters, and how far sinks have got; the end comes last.

    The store may be in use: each user is as he is at one moment. The events come after the users, so that one which is
    carried to the realm's list meanwhile is in the file, if need be twice with the same id. ``carried``: what is in the
    file already and stays as it is there; it grows.
    """
    carried = carried or Carried()
    for entry in _entries(drives, carried):
        carried.add(entry, desk)
        yield entry
    yield carried.end()


def witness(desk: Desk) -> str:
    """What says, without a secret, by which realm and naming key the people of a file are named."""
    return desk.sealer.name("moving", "witness", _WITNESS_BYTES)


def tell_of_file(desk: Desk, name: str, actor: Actor, now: int, **facts: str | int) -> Flow[None]:
    """Write down that a realm was carried out or in."""
    event = desk.event(name, None, now, actor=actor.id, actor_name=actor.label, **facts)
    yield from noted(desk, {"done": [event]}, lambda notes: Note(REALM, now, notes))


def one(question: Ask[Reply]) -> Flow[Reply]:
    """A question as a flow of its own."""
    return (yield from question)


def _entries(drives: Drives, carried: Carried) -> Iterator[Entry]:
    for row in drives(one(ReadRoles())):
        if row.key not in carried.flags:
            yield RoleEntry(row)
    place = carried.last
    while page := drives(one(ReadUsers(place, USERS_AT_A_TIME))):
        for place in page:
            records = _records(drives, place)
            if records != Records():
                yield UserEntry(place, records)
        if len(page) < USERS_AT_A_TIME:
            break
    for rows in _events(drives):
        new = tuple(row for row in rows if row.id not in carried.known_events)
        if new:
            yield EventsEntry(new)


def _records(drives: Drives, user: UserKey) -> Records:
    """What there is of a user. Left out, somebody would have no second factor in the other store, so that stops it all."""
    try:
        return drives(one(ReadRecords(user)))
    except UnreadableRecord as error:
        raise UnreadableRecord(
            f"{error}: of the user {user} not everything can be carried, and nobody is left out; put back what is damaged, "
            "or take that user's records out of the store"
        ) from error


def _events(drives: Drives) -> Iterator[tuple[EventRow, ...]]:
    """The realm's list, and what waits in the realm's own log, which belongs to no user."""
    for page in pages_of_events(drives):
        yield tuple(EventRow("", row.user, row.id, row.at, row.record) for row in page)
    waiting = drives(one(ReadRecords(REALM))).log
    yield tuple(EventRow("", REALM, row.id, row.at, row.record) for row in waiting)


def pages_of_events(drives: Drives) -> Iterable[tuple[EventRow, ...]]:
    """The realm's list of events, in its order."""
    after = None
    while page := drives(one(FollowEvents(after, EVENTS_AT_A_TIME))):
        yield page
        after = page[-1].position

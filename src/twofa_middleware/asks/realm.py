"""Questions about the realm as a whole: flags on roles, people, events, counters.

What has no user stands with ``REALM``, a name that no user's keyed hash can be. The event of a change to a role lies in
its log, and is carried from there like that of any user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..protocol import UserKey
from .answers import CountRow, Done, Moved, Swept
from .base import StoreAsk
from .rows import EventRow, Notes, PersonRow, RoleRow

REALM = UserKey("*")


@dataclass(frozen=True, slots=True)
class ReadRoles(StoreAsk[tuple[RoleRow, ...]]):
    """Every flag, in the order of the keys. ``as_of``: the time, where what is known of them for two seconds will do."""

    as_of: int | None = None
    user: ClassVar[UserKey] = REALM


@dataclass(frozen=True, slots=True)
class WriteRole(StoreAsk[Done | Moved]):
    """Set a flag, if its version is still the one before ``role.version`` (0: there is none yet); else Moved."""

    user: ClassVar[UserKey] = REALM
    role: RoleRow
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class ReadPeople(StoreAsk[tuple[PersonRow, ...]]):
    """At most ``limit`` (1 or more) of the people who have a person's record, by the order of their keys (their bytes);
    those after ``after``, which need not be there. None are left out, so fewer than ``limit`` are the last. ``REALM``
    is nobody."""

    user: ClassVar[UserKey] = REALM
    after: UserKey | None
    limit: int


@dataclass(frozen=True, slots=True)
class ReadEvents(StoreAsk[tuple[EventRow, ...]]):
    """At most ``limit`` (1 or more) events of the realm's list, the last that was carried first; those before the
    position ``before``, which need not be there any more.

    None or an empty text: from the end. What this store never gives as a position is answered with nothing.
    """

    user: ClassVar[UserKey] = REALM
    before: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class FollowEvents(StoreAsk[tuple[EventRow, ...]]):
    """At most ``limit`` (1 or more) events of the realm's list, in the order in which they were carried; those after
    the position ``after``, which need not be there any more.

    None or an empty text: from the beginning. What this store never gives as a position is answered with nothing.
    """

    user: ClassVar[UserKey] = REALM
    after: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class Sweep(StoreAsk[Swept]):
    """Carry events that are ready from the users' logs to the realm's list, those of about ``limit`` (1 or more) users
    at a time, and cut the list to its newest ``MOST_EVENTS``.

    Any number may sweep at once, and be killed at any moment: no event is lost, at worst one is carried twice. An event
    that was written before the question is found, if it is ready at ``now`` (``ready_at`` of now or earlier), by this
    question or one of those that follow until one answers ``is_done``. Of one user, the events that are ready keep the
    order in which they were written; one that is not ready yet stays and holds up none after it.
    """

    user: ClassVar[UserKey] = REALM
    now: int
    limit: int


@dataclass(frozen=True, slots=True)
class AddCounts(StoreAsk[Done]):
    """Add to the counters of a day; those of days before ``day - COUNT_DAYS`` go."""

    user: ClassVar[UserKey] = REALM
    day: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReadCounts(StoreAsk[tuple[CountRow, ...]]):
    """The counters of this day and later ones, by day and name."""

    user: ClassVar[UserKey] = REALM
    day: int


@dataclass(frozen=True, slots=True)
class TakeLease(StoreAsk[bool]):
    """Whether ``holder`` may do ``task`` until ``until``: nobody else has it, or the time of who had it is over.

    Its time is over at ``until``. Asked again by its holder it ends at the new ``until``, be that later or earlier.
    With ``until`` of now or earlier it is given back. False means that somebody else has it, and changes nothing.
    """

    user: ClassVar[UserKey] = REALM
    task: str
    holder: str
    until: int
    now: int


@dataclass(frozen=True, slots=True)
class ReadMark(StoreAsk[str]):
    """The position that a sink of events has got to; empty for one that has not begun."""

    user: ClassVar[UserKey] = REALM
    sink: str


@dataclass(frozen=True, slots=True)
class MoveMark(StoreAsk[Done]):
    """A sink of events has got to this position; it replaces the one before, whichever is later."""

    user: ClassVar[UserKey] = REALM
    sink: str
    position: str

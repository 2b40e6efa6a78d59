"""Questions of administrators about one user, and the note of what changes nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import UserKey
from .answers import Done, Moved, Summary
from .base import StoreAsk
from .rows import Change, Notes


@dataclass(frozen=True, slots=True)
class ReadSummary(StoreAsk[Summary]):
    """All that an administrator sees of a user, as it is at one moment. It counts nothing and uses nothing."""

    user: UserKey
    now: int


@dataclass(frozen=True, slots=True)
class ResetAccount(StoreAsk[Done | Moved]):
    """Make a change of the factors without a code, if the generation is still ``generation`` (0: no account yet).

    As any change it ends passes, remembered browsers and set-ups, and the last step never goes down (it begins at 0).
    Tries of both kinds, the wait and a stop are cleared. Moved changes nothing. Who he is, the rules that he met and
    his log stay.
    """

    user: UserKey
    generation: int
    change: Change
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class Unlock(StoreAsk[Done]):
    """Clear tries of both kinds, the wait and the stop. The account stays as it is, and so does its last step."""

    user: UserKey
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class EndPasses(StoreAsk[Done]):
    """End every pass of the user, and forget every remembered browser, by which new ones would be opened."""

    user: UserKey
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class Acknowledge(StoreAsk[Done]):
    """Change nothing, and answer only when all that the store knows of the user lasts as ``[store] acknowledge`` wants it.

    Asked before somebody is told that a change was there already: it may have been refused because it may not last.
    """

    user: UserKey


@dataclass(frozen=True, slots=True)
class Note(StoreAsk[Done]):
    """Write notes (outcome ``done``), and change nothing else."""

    user: UserKey
    now: int
    notes: Notes | None = None

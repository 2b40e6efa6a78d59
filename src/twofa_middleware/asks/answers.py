"""What a store answers. Outcomes are types, matched exhaustively; ``outcome_of`` has the word of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .rows import AccountRow, BrowserRow, PassRow, PersonRow, SetupRow


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a decision needs of one user; None where there is nothing, or nothing that has not expired."""

    account: AccountRow | None
    pass_row: PassRow | None
    browser: BrowserRow | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt. ``at`` names it, so that it can be taken back when the code is right.

    If it is wrong, ``left`` free failures remain; with none left, nothing is looked at before ``waits_until``.
    """

    at: int
    left: int
    waits_until: int
    account: AccountRow | None
    setup: SetupRow | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A code may be tried; ``left`` free failures remain."""

    left: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """No code is looked at before this time."""

    until: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """No TOTP code is looked at until a recovery code or an administrator clears it."""


@dataclass(frozen=True, slots=True)
class Spent:
    """It was accepted, and all that goes with it has happened. ``codes_left`` recovery codes remain."""

    codes_left: int


@dataclass(frozen=True, slots=True)
class SpentBefore:
    """The step, or the recovery code, was used before; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The account is not the one that was looked at: another generation, or the authenticator is gone."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The set-up that is there now: the one that was to be kept, or, with ``is_new`` false, the one that was begun."""

    setup: SetupRow
    is_new: bool


@dataclass(frozen=True, slots=True)
class Done:
    """It has happened."""


Spending: TypeAlias = Spent | SpentBefore | Moved


@dataclass(frozen=True, slots=True)
class Absent:
    """There was none; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Met:
    """When the user first met each rule that was asked for, seconds since 1970."""

    first: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """What an administrator sees of a user; ``browsers`` and ``passes`` count those that have not expired.

    ``person`` is None without a person's record. ``attempts``: what ``ReadAttempts`` would answer. ``failures``: the
    TOTP failures that are counted, those of the last 30 days (a later date counts as now), or all while stopped.
    ``used_at`` is the last use of any pass or browser that has not expired, 0 for none. ``met``: as in ``Met``, for
    every rule that the user ever met.
    """

    account: AccountRow | None
    person: PersonRow | None
    attempts: Ready | Waiting | Stopped
    failures: int
    browsers: int
    passes: int
    used_at: int
    met: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Swept:
    """So many events were carried to the realm's list; ``is_done``: no more are ready."""

    carried: int
    is_done: bool


@dataclass(frozen=True, slots=True)
class CountRow:
    """How often something was decided on a day (days since 1970, UTC)."""

    day: int
    name: str
    count: int


_WORDS: Mapping[type, str] = {
    Attempt: "attempt",
    Ready: "ready",
    Waiting: "waiting",
    Stopped: "stopped",
    Spent: "spent",
    SpentBefore: "spent before",
    Moved: "moved",
    Done: "done",
    Absent: "absent",
    Met: "met",
}


def outcome_of(answer: object) -> str:
    """The word of an outcome, as ``Notes.rows`` and the stores' scripts have it."""
    if isinstance(answer, Begun):
        return "begun" if answer.is_new else "found"
    return _WORDS[type(answer)]

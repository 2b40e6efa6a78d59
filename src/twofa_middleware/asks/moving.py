"""Questions that carry or re-seal what the store holds: for moving house, a restore, and new keys.

They are asked by the command line, a user at a time, while the apps go on asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from ..protocol import UserKey
from .answers import Done, Moved
from .base import StoreAsk
from .realm import REALM
from .rows import AccountRow, BrowserRow, EventRow, LogRow, Notes, PassRow


@dataclass(frozen=True, slots=True)
class Records:
    """All that the store holds of one user at one moment, but for set-ups that were begun.

    ``failures``, ``recovery_tries``: how many tries were counted in which second. ``in_a_row``, ``wait_until``: 0 where
    there is nothing to wait for. ``met``: when the user first met each rule. ``log``: events that wait to be carried, in
    their order; whether they are minor is not kept. Rows that have expired may be among passes and browsers, which stand
    in no order that means anything.
    """

    account: AccountRow | None = None
    passes: tuple[PassRow, ...] = ()
    browsers: tuple[BrowserRow, ...] = ()
    person: bytes | None = field(default=None, repr=False)
    roles: bytes | None = field(default=None, repr=False)
    failures: Mapping[int, int] = field(default_factory=dict)
    recovery_tries: Mapping[int, int] = field(default_factory=dict)
    in_a_row: int = 0
    wait_until: int = 0
    met: Mapping[str, int] = field(default_factory=dict)
    log: tuple[LogRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadUsers(StoreAsk[tuple[UserKey, ...]]):
    """At most ``limit`` (1 or more) of the users of whom ``ReadRecords`` would answer anything, by the order of their keys
    (their bytes); those after ``after``, which need not be there. Fewer than ``limit`` are the last.

    Who was there before the first page is on one of them, once, whoever comes or goes meanwhile. ``REALM`` is not among
    them; one who has nothing left may be, and one with nothing but a set-up that was begun.
    """

    user: ClassVar[UserKey] = REALM
    after: UserKey | None
    limit: int


@dataclass(frozen=True, slots=True)
class ReadRecords(StoreAsk[Records]):
    """All that there is of a user; empty records where there is nothing."""

    user: UserKey


@dataclass(frozen=True, slots=True)
class WriteRecords(StoreAsk[Done | Moved]):
    """Put records in the place of all that there is of a user, if the generation of the account is still ``generation``
    (0: there is none); else Moved, and nothing has changed.

    Without an account in the records the one that is there stays as it is, since an account is never deleted: its last
    step and its generation have to be remembered. Set-ups that were begun end. The last step never goes down. The log
    that is there stays, and that of the records comes behind it, minor or not; a row whose id is there already is not
    written again. Passes and browsers that have expired at ``now`` are left out, and no more are kept than otherwise.
    """

    user: UserKey
    generation: int
    records: Records
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """One record in another one's place. ``name``: the id of an authenticator or the key of a flag as ASCII, the digest
    of a pass or a browser, empty where there is one alone. ``flag``: that on a role, for ``REALM``."""

    kind: Literal["roster", "authenticator", "pass", "browser", "person", "roles", "flag"]
    name: bytes
    old: bytes = field(repr=False)
    new: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reseal(StoreAsk[Done | Moved]):
    """Put records in the place of others, all or none: Moved if any is not (or no longer) the old one, byte by byte.

    ``REALM`` has flags and nothing else, and nobody else has any. Each record is named once at most. Nothing else changes, not the times of rows, the generation or the version of a flag: what they say stays the same,
    under another key.
    """

    user: UserKey
    swaps: tuple[Swap, ...]
    now: int


@dataclass(frozen=True, slots=True)
class AddEvents(StoreAsk[Done]):
    """Append events to the realm's list, in this order; their positions are not kept. The list is cut as by ``Sweep``."""

    user: ClassVar[UserKey] = REALM
    events: tuple[EventRow, ...]

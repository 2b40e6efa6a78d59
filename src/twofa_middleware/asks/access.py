"""Questions about one log-in: what it may do, its passes, the browsers that are remembered."""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import UserKey
from .answers import Absent, Done, Met, Moved, Seen
from .base import StoreAsk
from .rows import BrowserRow, Notes, PassRow


@dataclass(frozen=True, slots=True)
class Look(StoreAsk[Seen]):
    """The one read of a decision. With ``is_strict`` nothing but the store itself may answer it, now."""

    user: UserKey
    pass_digest: bytes | None
    browser_digest: bytes | None
    now: int
    is_strict: bool = False


@dataclass(frozen=True, slots=True)
class OpenPass(StoreAsk[Done | Moved]):
    """Open a pass that nobody was prompted for, if the generation is still the one that it was decided under.

    With ``browser_digest`` only while that browser is remembered (else Moved), and its last use becomes now. At most 20
    unproven passes are kept (the oldest by ``opened_at`` goes, never the new one; proven ones are not counted).
    ``ends`` ends in the same transaction. A row with an ``expires_at`` of now or earlier is no row.
    """

    user: UserKey
    generation: int
    opens: PassRow
    browser_digest: bytes | None
    ends: bytes | None
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class EndPass(StoreAsk[Done | Absent]):
    """End one pass; Absent is no fault."""

    user: UserKey
    digest: bytes
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class TouchPass(StoreAsk[Done]):
    """Note that a pass is in use; asked for at most once in ``TOUCH_SECONDS``."""

    user: UserKey
    digest: bytes
    now: int


@dataclass(frozen=True, slots=True)
class ReadBrowsers(StoreAsk[tuple[BrowserRow, ...]]):
    """The remembered browsers that have not expired, the newest first."""

    user: UserKey
    now: int


@dataclass(frozen=True, slots=True)
class ForgetBrowsers(StoreAsk[Done]):
    """Forget one remembered browser, or with None all of them, and end the user's unproven passes: one that was opened
    by a remembered browser rests on what is now forgotten."""

    user: UserKey
    digest: bytes | None
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class MeetRules(StoreAsk[Met]):
    """Note when the user first met these rules (names of at most 22 ASCII characters), and answer when that was.

    A rule that was met before keeps its time, unless that lies after ``now``: then it becomes ``now``. No other rule is
    answered or touched, and no change of the factors takes them away.
    """

    user: UserKey
    rules: tuple[str, ...]
    now: int
    notes: Notes | None = None

"""Questions about codes: an attempt is counted before the code is looked at, and spent before anything is issued."""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import UserKey
from .answers import Attempt, Ready, Spending, Stopped, Waiting
from .base import StoreAsk
from .rows import BrowserRow, Change, Notes, PassRow


@dataclass(frozen=True, slots=True)
class ReadAttempts(StoreAsk[Ready | Waiting | Stopped]):
    """Whether a TOTP code may be tried now.

    It counts nothing, but cuts a wait from a wrong clock as ``TakeAttempt`` does.
    """

    user: UserKey
    now: int


@dataclass(frozen=True, slots=True)
class TakeAttempt(StoreAsk[Attempt | Waiting | Stopped]):
    """Count a failure before the TOTP code is looked at, for every form and app of the realm together.

    It counts in a row (``wait_after``) and in the last 30 days (``STOP_FAILURES``). While waiting or stopped nothing is
    counted, and no failure is dropped for its age while stopped, so a stop does not end by waiting. With
    ``setup_digest`` the begun set-up comes along.

    A wait that ends later than ``now + LONGEST_WAIT_SECONDS`` comes from a clock that was put back: it is cut to that,
    and stays cut. When a failure is counted, earlier ones that are dated later than ``now + STOP_WINDOW_SECONDS`` are
    dated ``now``.
    """

    user: UserKey
    now: int
    setup_digest: bytes | None = None
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class TakeRecoveryAttempt(StoreAsk[Attempt | Waiting]):
    """Count a try before the recovery code is looked at: at most 10 in an hour that slides, apart from the TOTP budget.

    With none left, ``waits_until`` is when the oldest try leaves the hour; else it is ``now``. Tries that are dated
    later than ``now + RECOVERY_WINDOW_SECONDS`` are dated ``now``.
    """

    user: UserKey
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class SpendStep(StoreAsk[Spending]):
    """Accept a TOTP step: only a later one than the last, only under this generation, only of this authenticator.

    Moved comes before SpentBefore, and both change nothing: the attempt stays counted. In the same transaction: one
    attempt at ``attempt_at`` is taken back, the count in a row and the wait are cleared (the other failures of the 30
    days stay), the pass ``ends`` is ended, ``change`` is made, then ``opens`` and ``remembers`` are stored. The last
    step never goes down and outlives every change.
    """

    user: UserKey
    attempt_at: int
    generation: int
    authenticator: str
    step: int
    opens: PassRow | None
    remembers: BrowserRow | None
    ends: bytes | None
    change: Change | None
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class SpendCode(StoreAsk[Spending]):
    """Accept a recovery code and take it away. As ``SpendStep`` does it, and every TOTP failure is cleared but those of
    this very second: one of them may be an attempt under way, which would take back another's if it is right.

    The code must be in the set that the account has, also when ``change`` brings a new set; one that never was is
    SpentBefore too. Of the recovery tries the one at ``attempt_at`` is taken back.
    """

    user: UserKey
    attempt_at: int
    generation: int
    code: bytes
    opens: PassRow | None
    remembers: BrowserRow | None
    ends: bytes | None
    change: Change | None
    now: int
    notes: Notes | None = None

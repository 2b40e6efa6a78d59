"""Every question of the toolkit with its answers.

A question to the store that changes something is one transaction, touches one user's records alone, and carries the
time. Records are opaque to the store: ``sealing.py`` seals or authenticates them. The store itself compares nothing but
plain integers and digests: generations, steps, times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .protocol import Ask, Event, Reply, UserKey

FREE_FAILURES = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
STOP_FAILURES = 50
STOP_WINDOW_SECONDS = 30 * 86400
RECOVERY_ATTEMPTS = 10
RECOVERY_WINDOW_SECONDS = 3600
MOST_UNPROVEN_PASSES = 20
MOST_BROWSERS = 20
MOST_SETUPS = 3
TOUCH_SECONDS = 60


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row: none for four, 30 after the fifth, doubling to an hour."""
    if failures < FREE_FAILURES:
        return 0
    return min(FIRST_WAIT_SECONDS << min(failures - FREE_FAILURES, 16), LONGEST_WAIT_SECONDS)


# ---- what is stored -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What the store holds for one user. Generation 0 is never stored: it means that there is no account.

    Integers fit 64 bits with a sign; a generation may be over 2**53, so stores with doubles compare it as text.

    ``roster`` is the authenticated list of authenticators; ``authenticators`` are their sealed records by id; ``codes``
    are the keyed hashes of the recovery codes that are left. ``last_step`` is the last TOTP step that was accepted.
    """

    generation: int
    last_step: int
    roster: bytes
    authenticators: Mapping[str, bytes] = field(repr=False)
    codes: frozenset[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PassRow:
    """A pass, found by the SHA-256 of its cookie. ``proven``: a factor was shown for it."""

    digest: bytes
    record: bytes
    proven: bool
    opened_at: int
    expires_at: int
    used_at: int


@dataclass(frozen=True, slots=True)
class BrowserRow:
    """A remembered browser, found by the SHA-256 of its cookie."""

    digest: bytes
    record: bytes
    opened_at: int
    expires_at: int
    used_at: int


@dataclass(frozen=True, slots=True)
class SetupRow:
    """A set-up that was begun: a sealed secret, found by the SHA-256 of the flow cookie."""

    digest: bytes
    record: bytes = field(repr=False)
    opened_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """What the account is after a change of its factors. Its passes, remembered browsers and set-ups end with it."""

    generation: int
    roster: bytes
    authenticators: Mapping[str, bytes] = field(repr=False)
    codes: frozenset[bytes] = field(repr=False)


# ---- answers --------------------------------------------------------------------------------------------------------


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
class Done:
    """It has happened."""


Spending: TypeAlias = Spent | SpentBefore | Moved


# ---- questions to the store -----------------------------------------------------------------------------------------


class StoreAsk(Ask[Reply]):
    """A question that the store answers; it raises StoreError when it cannot."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Look(StoreAsk[Seen]):
    """The one read of a decision."""

    user: UserKey
    pass_digest: bytes | None
    browser_digest: bytes | None
    now: int


@dataclass(frozen=True, slots=True)
class ReadAttempts(StoreAsk[Ready | Waiting | Stopped]):
    """Whether a TOTP code may be tried now; counts nothing, but cuts a wait from a wrong clock as ``TakeAttempt`` does."""

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


@dataclass(frozen=True, slots=True)
class TakeRecoveryAttempt(StoreAsk[Attempt | Waiting]):
    """Count a try before the recovery code is looked at: at most 10 in an hour that slides, apart from the TOTP budget.

    With none left, ``waits_until`` is when the oldest try leaves the hour; else it is ``now``. Tries that are dated later
    than ``now + RECOVERY_WINDOW_SECONDS`` are dated ``now``.
    """

    user: UserKey
    now: int


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


@dataclass(frozen=True, slots=True)
class SpendCode(StoreAsk[Spending]):
    """Accept a recovery code and take it away. The same transaction as ``SpendStep``, and every TOTP failure is cleared.

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


@dataclass(frozen=True, slots=True)
class TurnOn(StoreAsk[Spent | Moved]):
    """The first authenticator of an account: only if this set-up is still there and the generation is ``generation``
    (0: no account yet). Spends the step, takes the attempt back, clears the wait, makes the change, opens the pass."""

    user: UserKey
    attempt_at: int
    generation: int
    setup_digest: bytes
    step: int
    opens: PassRow
    change: Change
    now: int


@dataclass(frozen=True, slots=True)
class BeginSetup(StoreAsk[SetupRow]):
    """Keep a set-up that was begun, three at most (the oldest by ``opened_at`` goes, never the new one), or answer the
    one that this digest has already."""

    user: UserKey
    setup: SetupRow
    now: int


@dataclass(frozen=True, slots=True)
class ReadSetup(StoreAsk[SetupRow | None]):
    """The set-up that was begun under this digest, if it has not expired."""

    user: UserKey
    digest: bytes
    now: int


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


@dataclass(frozen=True, slots=True)
class EndPass(StoreAsk[Done]):
    """End one pass; it is no fault if there is none."""

    user: UserKey
    digest: bytes
    now: int


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


# ---- questions to the adapter and the program around it -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadBody(Ask[bytes]):
    """The body of a request to an own page; BadRequest 413, 408, 411 or 400 where it is too large, slow or unclear."""

    limit_bytes: int
    limit_seconds: int


@dataclass(frozen=True, slots=True)
class Random(Ask[bytes]):
    """Bytes from the system's generator for secrets."""

    size: int


@dataclass(frozen=True, slots=True)
class Call(Ask[Any]):
    """Call the operator's function: inline under WSGI, awaited or in a thread under ASGI."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Emit(Ask[None]):
    """Hand an event to the audit log; it never fails. ``once_a_day`` names events that repeat with each request."""

    event: Event
    once_a_day: str | None = None

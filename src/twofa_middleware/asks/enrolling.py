"""Questions about setting up: begun, read again, turned on."""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import UserKey
from .answers import Begun, Moved, Spent
from .base import StoreAsk
from .rows import Change, Notes, PassRow, SetupRow


@dataclass(frozen=True, slots=True)
class BeginSetup(StoreAsk[Begun]):
    """Keep a set-up that was begun, three at most (the oldest by ``opened_at`` goes, never the new one), or answer the
    one that this digest has already."""

    user: UserKey
    setup: SetupRow
    now: int
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class ReadSetup(StoreAsk[SetupRow | None]):
    """The set-up that was begun under this digest, if it has not expired."""

    user: UserKey
    digest: bytes
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
    notes: Notes | None = None

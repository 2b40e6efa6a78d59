"""A store that fails when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable

_BY_REQUESTS = (
    *asks.ENDING,
    asks.BeginSetup,
    asks.Look,
    asks.MeetRules,
    asks.ReadAttempts,
    asks.ReadBrowsers,
    asks.ReadRoles,
    asks.ReadSetup,
    asks.TakeAttempt,
    asks.TakeRecoveryAttempt,
)
"""Not the courier's, who asks at times of its own and goes on if the store fails."""


@dataclass(frozen=True)
class Fault:
    """The store fails at the question of this number, before it has done what was asked, or after."""

    number: int
    is_done: bool


class FaultyStore:
    """A store between the gate and its own, which fails when it is told to. The courier's questions go through."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.fault: Fault | None = None
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def has_struck(self) -> bool:
        return self.fault is not None and self.asked >= self.fault.number

    @contextmanager
    def _failing(self, ask: Any) -> Iterator[None]:
        strikes = False
        if self.fault is not None and isinstance(ask, _BY_REQUESTS):
            self.asked += 1
            strikes = self.asked == self.fault.number
            if strikes and not self.fault.is_done:
                raise StoreUnavailable("the store has failed")
        yield
        if strikes:
            raise StoreUnavailable("the store has failed, and had done it")

    def answer(self, ask: Any) -> Any:
        with self._failing(ask):
            return self._store.answer(ask)

    async def answer_async(self, ask: Any) -> Any:
        with self._failing(ask):
            return await self._store.answer_async(ask)

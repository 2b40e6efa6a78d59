"""Whose turn it is to ask the app: one question at a time for each credential, in this process.

Apps that rotate a token, or that write the session at each request, do not bear two readers at once. Those that wait for
the same question need not all ask it: an answer serves whoever came before its question began, and nobody who came later,
to whom it may be stale.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from .errors import AppUnreadable
from .program import AppAnswer

LockKind = TypeVar("LockKind")


@dataclass(slots=True, eq=False)
class _Turn(Generic[LockKind]):
    """``begun`` counts the questions that have begun; ``same_as`` says whether another is the same as the last of them."""

    lock: LockKind
    visitors: int = 0
    begun: int = 0
    same_as: Callable[[object], bool] | None = None
    outcome: AppAnswer | AppUnreadable | None = None


@dataclass(slots=True, eq=False)
class Place(Generic[LockKind]):
    """One question in its turn. ``lock`` is to be held around ``shared``, ``begin`` and ``end``."""

    _turn: _Turn[LockKind]
    _came_at: int

    @property
    def lock(self) -> LockKind:
        return self._turn.lock

    def shared(self, question: object) -> AppAnswer | None:
        """The answer to the same question, if that was asked after this one came; AppUnreadable if there was none."""
        turn = self._turn
        if turn.begun <= self._came_at or turn.same_as is None or not turn.same_as(question):
            return None
        if isinstance(turn.outcome, AppUnreadable):
            raise AppUnreadable(str(turn.outcome)) from turn.outcome
        return turn.outcome

    def begin(self, same_as: Callable[[object], bool]) -> None:
        """The question goes to the app now."""
        self._turn.begun += 1
        self._turn.same_as, self._turn.outcome = same_as, None

    def end(self, outcome: AppAnswer | AppUnreadable) -> None:
        self._turn.outcome = outcome


class Turns(Generic[LockKind]):
    """The turns that somebody waits for; what nobody waits for is forgotten. For threads and for event loops."""

    def __init__(self, new_lock: Callable[[], LockKind]) -> None:
        self._new_lock = new_lock
        self._guard = Lock()
        self._turns: dict[Hashable, _Turn[LockKind]] = {}

    @contextmanager
    def place(self, key: Hashable) -> Iterator[Place[LockKind]]:
        with self._guard:
            turn = self._turns.get(key)
            if turn is None:
                turn = self._turns[key] = _Turn(self._new_lock())
            turn.visitors += 1
            place = Place(turn, turn.begun)
        try:
            yield place
        finally:
            with self._guard:
                turn.visitors -= 1
                if not turn.visitors:
                    del self._turns[key]

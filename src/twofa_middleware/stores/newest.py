"""An older copy of a store closes: a backup that was put back, a snapshot of Redis, an old file.

In it, what was spent and ended since counts again, and who has turned two-factor authentication on since has none. Each
process remembers the latest line of the store (``line.py``) that it has seen, asks for it again before a question that
comes ``LOOK_SECONDS`` later, and refuses all questions while the store does not go on from there. It is StoreMismatch,
so nothing bridges it. Once refused, only the line itself opens again: the newer store was put back. That somebody else
has carried on with the old copy until it was as long opens nothing.

A process that has just begun remembers nothing; ``witness.py`` does it for it. This is against accidents. Somebody who
can write to the store can write its line, too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..asks import ReadMark
from ..errors import StoreMismatch
from ..protocol import Ask, Result, Store
from .line import LINE, Line

if TYPE_CHECKING:
    from ..settings import Settings
    from .witness import Witness

LOGGER = logging.getLogger("twofa_middleware")
LOOK_SECONDS = 5
WRITE_SECONDS = 10
_NEVER = float("-inf")
_READ = ReadMark(LINE)


def newest(settings: Settings, store: Store, clock: Callable[[], float]) -> NewestStore:
    """The store of the settings, as long as it is no older copy; ConfigError for a witness that is none."""
    if not settings.store.witness:
        return NewestStore(store, clock)
    from .witness import witness_of

    return NewestStore(store, clock, witness_of(settings))


class NewestStore:
    """Answers by ``store`` while that goes on from what was seen. ``clock`` says when to look, and nothing else.

    Nothing here is locked: threads that look at once come to the same, and a fork finds nothing held.
    """

    def __init__(self, store: Store, clock: Callable[[], float], witness: Witness | None = None) -> None:
        self._store = store
        self._clock = clock
        self._witness = witness
        self._seen = Line()
        self._refusal = ""
        self._begin()

    def _begin(self) -> None:
        """So in each process; a child goes on from what its parent has seen."""
        self._pid = os.getpid()
        self._has_looked = False
        self._looked_at = self._written_at = _NEVER
        if self._witness is not None:
            self._seen = max(self._seen, self._witness.read(), key=lambda line: line.count)

    def check(self) -> None:
        self._store.check()
        self._look()

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        self._look()
        return self._store.answer(ask)

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer on the running event loop."""
        now = self._clock()
        if self._is_due(now):
            with self._looking(now) as look:
                look.found = await self._store.answer_async(_READ)
            if self._is_to_be_written(now):
                from asyncio import to_thread  # under WSGI nobody needs it

                await to_thread(self._write, now)
        self._refuse_if_older()
        return await self._store.answer_async(ask)

    def close(self) -> None:
        """Close the store, if it has anything to close."""
        getattr(self._store, "close", lambda: None)()

    def _look(self) -> None:
        now = self._clock()
        if self._is_due(now):
            with self._looking(now) as look:
                look.found = self._store.answer(_READ)
            if self._is_to_be_written(now):
                self._write(now)
        self._refuse_if_older()

    def _is_due(self, now: float) -> bool:
        if self._pid != os.getpid():
            self._begin()
        return abs(now - self._looked_at) >= LOOK_SECONDS  # also after a clock was set back

    @contextmanager
    def _looking(self, now: float) -> Iterator[_Look]:
        """Judge by what is found in here. Others go on as before meanwhile, but for a process's first look."""
        look = _Look()
        if self._has_looked:
            self._looked_at = now
        try:
            yield look
        except BaseException:
            self._looked_at = _NEVER
            raise
        self._judge(Line.of(look.found))
        self._has_looked, self._looked_at = True, now

    def _judge(self, found: Line) -> None:
        goes_on = found.goes_on_from(self._seen)
        if goes_on is False or (goes_on is None and self._refusal):
            if not self._refusal:
                LOGGER.error("%s", older(found, self._seen))
            self._refusal = older(found, self._seen)
            return
        if self._refusal:
            LOGGER.warning("the store is the one again that was seen at %s", self._seen.time)
            self._refusal = ""
        if found.count >= self._seen.count:
            self._seen = found

    def _refuse_if_older(self) -> None:
        if self._refusal:
            raise StoreMismatch(self._refusal)

    def _is_to_be_written(self, now: float) -> bool:
        return self._witness is not None and not self._refusal and abs(now - self._written_at) >= WRITE_SECONDS

    def _write(self, now: float) -> None:
        self._written_at = now
        if self._witness is not None:
            self._witness.write(self._seen)


@dataclass(slots=True)
class _Look:
    """Room for what is found."""

    found: str = ""


def older(found: Line, seen: Line) -> str:
    """What is wrong, and what to do."""
    if found.count >= seen.count:
        said = "has gone on from a copy that was older"
    else:
        said = f"is a copy of {found.time}, older" if found.count else "is a copy from before its first minute, older"
    return (
        f"the store {said} than what was seen at {seen.time}: put the newer one back; or carry this one into a new store "
        "by `twofa export`, `twofa init` and `twofa restore`, which ends what was issued since (docs/stores.md)"
    )

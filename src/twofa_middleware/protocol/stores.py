"""What a store has to be, what it is told at the start, and what it tells to ``twofa upgrade`` and ``twofa doctor``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from .words import Ask, Result, UserKey

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What a store gets besides its URL. ``replicas``, ``fsync``, ``wait_seconds``: what has to be true of a change that
    matters before it counts as made; a store that cannot tell refuses them with ConfigError."""

    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    replicas: int = 0
    fsync: bool = False
    wait_seconds: float = 0.2


@dataclass(frozen=True, slots=True)
class Layout:
    """How a store is laid out: the layout that is there, the oldest that a program must know to work on it, and the one
    that this program knows."""

    found: int
    needs: int
    known: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that ``twofa doctor`` reports: a row of ``docs/doctor.md`` by its ``name``, where and with which value it
    was found, what it costs, and what to do. "problem": somebody is let in, shut out or lost by it; "warning": it weakens
    something; "note": good to know."""

    name: str
    severity: Literal["problem", "warning", "note"]
    found: str
    costs: str
    remedy: str


class Changes(Protocol):
    """How a store tells that what was read of a user's account and passes may not hold any more.

    What was read while ``stamp()`` said a number holds as long as it says the same, unless ``forget`` was called for the
    user (None: for all) since. ``stamp()`` is asked with every request, so it does not wait for anything; None says that
    nothing can be told now.
    """

    def begin(self, forget: Callable[[UserKey | None], None]) -> None:
        """Called once in each process, when there is something to remember."""

    def stamp(self) -> int | None: ...

    def close(self) -> None: ...


class Store(Protocol):
    """Answers the questions of ``asks.py``; one question is one transaction, on that user's records alone.

    A plugin is a class: ``Kind(url, store_id, realm, options)`` at the start, and ``Kind.create(url, realm, options)``,
    which makes the store or finds it, and returns its id. Realms that share a server must not see each other's records.

    It may have ``changes() -> Changes``; without, nothing that it says is remembered. And ``layout() -> Layout``, ``migrate() -> Path | None`` (brings the layout up to the program's, answers the
    backup of before) and ``commit()`` (from now on the store needs its layout), for ``twofa upgrade``; and
    ``inspect() -> Iterable[Finding]``, for ``twofa doctor``: all that is not as it should be where the store lies. A
    question that it may not ask there is a note.
    """

    def check(self) -> None:
        """Connect now; raises StoreMismatch (StoreMissing, where none was made) or StoreUnavailable where the questions
        would."""

    def answer(self, ask: Ask[Result]) -> Result: ...

    async def answer_async(self, ask: Ask[Result]) -> Result: ...

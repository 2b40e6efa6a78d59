"""A fuzzer that needs nothing: it changes inputs that it knows, and keeps those by which a target shows something new.

A target is a function of one input, in bytes. It answers with what it has seen (a status, a decision, whatever can be
compared), and raises for what must never be. All that is random in a run follows from its seed.
"""

from __future__ import annotations

import random
import signal
import tracemalloc
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Protocol

CPU_SECONDS = 5.0
"""No input may take so long, on the slowest machine there is."""
MEMORY_BYTES = 16 * 1024 * 1024
MEASURED = 61
"""Of so many inputs one has its memory measured, which makes it slow."""
MOST_BYTES = 16 * 1024


class Target(Protocol):
    """``words`` are put into inputs; ``settle`` is called now and then, and at the end: what must still hold."""

    name: str
    words: Sequence[bytes]

    def seeds(self) -> Sequence[bytes]: ...

    def __call__(self, data: bytes) -> Hashable: ...

    def settle(self) -> None: ...


class Overdue(BaseException):
    """An input took too long. It is no Exception, so that no gate makes an answer of it."""


@dataclass
class Breach(Exception):
    """A target has raised: ``data`` is the input, ``cause`` what it has raised."""

    target: str
    data: bytes
    cause: BaseException

    def __str__(self) -> str:
        return (
            f"{self.target}: {type(self.cause).__name__}: {self.cause}\n"
            f"    input: {self.data!r}\n"
            f"    again: make fuzz TARGET={self.target} INPUT={self.data.hex() or '-'}"
        )


@dataclass
class Ran:
    """How many inputs were tried, and how many things were seen."""

    inputs: int
    seen: int
    seconds: float


def attempt(target: Target, data: bytes, *, is_measured: bool = False) -> Hashable:
    """What the target sees in one input, which takes neither long nor much memory; a Breach for whatever goes wrong."""
    signal.signal(signal.SIGVTALRM, _overdue)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    if is_measured:
        tracemalloc.start()
    try:
        seen = target(data)
        if is_measured and (peak := tracemalloc.get_traced_memory()[1]) > MEMORY_BYTES:
            raise AssertionError(f"{peak} bytes of memory")
    except (Exception, Overdue) as error:
        raise Breach(target.name, data, error) from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        tracemalloc.stop()
    return seen


def run(target: Target, seconds: float, seed: int, corpus: Sequence[bytes] = (), least: int = 1) -> Ran:
    """Try the corpus, the seeds, and what comes of them, until the time is over, and ``least`` inputs
    were tried; a Breach ends it."""
    chance, began, inputs = random.Random(seed), monotonic(), 0
    seen, pool = set[Hashable](), list[bytes]()
    fresh = list(target.seeds())
    chance.shuffle(fresh)
    fresh += corpus
    while monotonic() - began < seconds or inputs < max(least, len(corpus)):
        is_known = bool(fresh)
        data = fresh.pop() if fresh else changed(chance, pool, target.words)
        found = attempt(target, data, is_measured=inputs % MEASURED == 0)
        if is_known or found not in seen:
            seen.add(found)
            pool.append(data)
        inputs += 1
        if inputs % 500 == 0:
            target.settle()
    target.settle()
    return Ran(inputs, len(seen), monotonic() - began)


def changed(chance: random.Random, pool: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """An input of the pool after a few changes."""
    data = bytearray(chance.choice(pool))
    for _ in range(1 << chance.randrange(5)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + 1 + int(chance.expovariate(0.2)))
        match chance.randrange(9):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(chance.randint(1, 4))
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * chance.choice((1, 1, 2, 50))
            case 4:
                other = chance.choice(pool)
                start = chance.randrange(len(other) + 1)
                data[at:end] = other[start : start + chance.randint(1, 64)]
            case 5:
                data[at:] = chance.choice(pool)[at:]
            case 6 | 7 if words:
                data[at : chance.choice((at, end))] = chance.choice(words)
            case _:
                data[at:end] = bytes([chance.choice(b"\x00\x01\x7f\x80\xff \t\r\n\"%&;=0'/\\")])
    return bytes(data[:MOST_BYTES])


def _overdue(number: int, frame: FrameType | None) -> None:
    raise Overdue(f"more than {CPU_SECONDS} s of CPU")

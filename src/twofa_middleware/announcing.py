"""The line that every start tells: that the gate is on, how, and what it is made of. It is seen also where nobody has set
logging up, as most servers leave it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = logging.getLogger("twofa_middleware")


def announce(line: str) -> None:
    """Tell the log; where it has no handler at all, which would show warnings alone, tell standard error."""
    LOGGER.info("%s", line)
    if sys.stderr is not None and not LOGGER.disabled and not LOGGER.hasHandlers():
        print(f"twofa_middleware: {line}", file=sys.stderr, flush=True)


@contextmanager
def told_elsewhere() -> Iterator[None]:
    """For a program that tells of its start by itself, or starts nothing that serves. Warnings are shown as ever."""
    last = logging.lastResort
    if last is None or LOGGER.hasHandlers():
        yield
        return
    LOGGER.addHandler(last)
    try:
        yield
    finally:
        LOGGER.removeHandler(last)

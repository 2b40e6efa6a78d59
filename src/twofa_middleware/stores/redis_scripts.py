"""The Lua scripts of the Redis store: one a question, in ``lua/``, put together from shared pieces when first needed.

The first comment of a script says what it promises, what it needs, its keys and its answer. Plain ``EVAL`` without a
``#!`` line, so that Redis 6 to 8 and Valkey run the same text.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from .. import asks

LIMITS = (
    "FREE_FAILURES",
    "FIRST_WAIT_SECONDS",
    "LONGEST_WAIT_SECONDS",
    "STOP_FAILURES",
    "STOP_WINDOW_SECONDS",
    "RECOVERY_ATTEMPTS",
    "RECOVERY_WINDOW_SECONDS",
    "MOST_UNPROVEN_PASSES",
    "MOST_BROWSERS",
    "MOST_SETUPS",
)
NEEDS = re.compile(r"^-- Needs: (.+?)\. KEYS:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """The text of a script, and the name by which a server that has seen it knows it."""

    text: str = field(repr=False)
    sha: str


@cache
def script_of(question: str) -> Script:
    """The script that answers a question: that of ``TakeAttempt`` is ``lua/take_attempt.lua``."""
    body = _piece(re.sub(r"(?<!^)(?=[A-Z])", "_", question).lower())
    needs = NEEDS.search(body)
    shared = needs[1].split(", ") if needs else []
    text = "\n".join((_limits(), *map(_piece, ("question", *shared)), body))
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def _piece(name: str) -> str:
    return files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")


def _limits() -> str:
    """The limits of ``asks.py``, which stand there alone."""
    return "\n".join(f"local {name} = {getattr(asks, name)}" for name in LIMITS)

"""The Lua scripts of the Redis store: one a question, in ``lua/``, put together from shared pieces when first needed.

The first comment of a script says what it promises, what it needs, its keys and its answer. What needs ``notes`` is made
a function, so that the notes are written in one place, after it and in the same script. Plain ``EVAL`` without a
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
    "MOST_MINOR_ROWS",
    "MOST_MINOR_AN_HOUR",
    "MOST_EVENTS",
    "COUNT_DAYS",
)
MARK_SECONDS = 10
"""So long a change that has marked its user may be on its way; then it is refused, and the mark may be taken away."""
STEP_SECONDS = 30
FUTURE_STEPS = 120
"""A fence that lies further ahead, an hour, was set by a machine whose clock was wrong, and is set anew."""
MOST_FENCES = 64
STANDS_ALONE = "\n-- Stands alone: "
NEEDS = re.compile(r"^-- Needs: (.+?)\. KEYS:", re.MULTILINE)
KEYS = re.compile(r"KEYS: those of (?:a|an|the) (user|realm|index|fence|binding)\.")


@dataclass(frozen=True, slots=True)
class Script:
    """The text of a script, and the name by which a server that has seen it knows it."""

    text: str = field(repr=False)
    sha: str

    @classmethod
    def of(cls, text: str) -> Script:
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@cache
def script_of(question: str) -> Script:
    """The script that answers a question: that of ``TakeAttempt`` is ``lua/take_attempt.lua``."""
    body = _piece(re.sub(r"(?<!^)(?=[A-Z])", "_", question).lower())
    if STANDS_ALONE in body:
        return Script.of(body)
    needs, keys = NEEDS.search(body), KEYS.search(body)
    shared = needs[1].split(", ") if needs else []
    if keys is None:
        raise LookupError(f"the script of {question} does not say whose keys it has")
    if "notes" in shared:
        body = f"local function answer()\n{body}end\nreturn with_notes(answer)\n"
    text = "\n".join((_limits(), *map(_piece, ("question", keys[1], *shared)), body))
    return Script.of(text)


def _piece(name: str) -> str:
    return files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")


def _limits() -> str:
    """The limits of ``asks/limits.py``, which stand there alone, and those of this store."""
    own = {
        "MARK_SECONDS": MARK_SECONDS,
        "STEP_SECONDS": STEP_SECONDS,
        "FUTURE_STEPS": FUTURE_STEPS,
        "MOST_FENCES": MOST_FENCES,
    }
    limits = {name: getattr(asks, name) for name in LIMITS} | own
    return "\n".join(f"local {name} = {value}" for name, value in limits.items())

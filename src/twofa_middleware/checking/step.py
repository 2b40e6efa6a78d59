"""What a step of a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """``seen`` are lines for people; ``remedy`` says what to do about a problem."""

    name: str
    verdict: Literal["good", "problem", "note"]
    seen: tuple[str, ...]
    remedy: str = ""

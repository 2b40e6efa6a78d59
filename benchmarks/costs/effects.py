"""How far two heaps of times lie apart: what an attacker could learn from one that he measures."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev

RESAMPLES = 400
CONFIDENCE = 0.95
KEPT = 0.95
"""For means and deviations the slowest of both heaps are left out: what a scheduler did to a few would hide all else."""


@dataclass(frozen=True)
class Effect:
    """B held against A. ``delta``: Cliff's, how much likelier a time of B is above one of A than below it, from -1 to 1.
    ``d``: Cohen's, the distance of the means in standard deviations. The intervals are of bootstraps."""

    difference: float
    difference_low: float
    difference_high: float
    delta: float
    delta_low: float
    delta_high: float
    d: float

    @property
    def is_seen(self) -> bool:
        """Whether the interval of Cliff's delta leaves out that there is no difference."""
        return not self.delta_low <= 0 <= self.delta_high

    @property
    def tries(self) -> int | None:
        """How many times of each an attacker needs to tell them apart in 95 of 100 cases with a power of 0.8; None for
        more than a million."""
        return round(15.7 / self.d**2) if self.d**2 > 15.7e-6 else None


def effect(a: Sequence[float], b: Sequence[float], seed: int = 1) -> Effect:
    """Of two heaps of some hundred times or more, in whatever unit."""
    chance = random.Random(seed)  # noqa: S311 - a bootstrap keeps no secret
    low, high = _interval(a, b, lambda x, y: median(y) - median(x), chance)
    delta_low, delta_high = _interval(a, b, cliffs_delta, chance)
    return Effect(median(b) - median(a), low, high, cliffs_delta(a, b), delta_low, delta_high, cohens_d(a, b))


def cliffs_delta(a: Sequence[float], b: Sequence[float]) -> float:
    ordered = sorted(a)
    above = sum(bisect_left(ordered, value) - (len(ordered) - bisect_right(ordered, value)) for value in b)
    return above / (len(a) * len(b))


def cohens_d(a: Sequence[float], b: Sequence[float]) -> float:
    limit = sorted((*a, *b))[int(KEPT * (len(a) + len(b))) - 1]
    a, b = [value for value in a if value <= limit], [value for value in b if value <= limit]
    spread = ((pstdev(a) ** 2 + pstdev(b) ** 2) / 2) ** 0.5
    return (fmean(b) - fmean(a)) / spread if spread else 0.0


def _interval(
    a: Sequence[float],
    b: Sequence[float],
    of: Callable[[Sequence[float], Sequence[float]], float],
    chance: random.Random,
) -> tuple[float, float]:
    found = sorted(of(chance.choices(a, k=len(a)), chance.choices(b, k=len(b))) for _ in range(RESAMPLES))
    cut = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    return found[cut], found[-cut - 1]

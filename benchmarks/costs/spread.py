"""Numbers of several rounds: their middle, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Spread:
    """``low`` and ``high`` are the quartiles, between which half of the rounds lie; ``least`` is the smallest round."""

    middle: float
    low: float
    high: float
    least: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value, in whatever unit."""
        if len(values) < 2:
            return cls(values[0], values[0], values[0], values[0])
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median(values), low, high, min(values))


def differences(values: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Each round less the bare one of the same round, so that a machine that slows down hits both."""
    return [value - other for value, other in zip(values, bare, strict=True)]


def ratios(values: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Each round as a part of the bare one of the same round."""
    return [value / other for value, other in zip(values, bare, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many per cent of all lie at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

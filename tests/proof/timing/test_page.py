"""What ``make timing`` computes and writes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from costs.effects import cliffs_delta, cohens_d, effect
from costs.page import with_figures

DOCS = Path(__file__).parents[3] / "docs"
MARK = "<!-- figures: written by `make timing` -->"


def test_the_page_that_is_there_can_be_written_anew() -> None:
    page = (DOCS / "timing.md").read_text(encoding="utf-8")
    assert "| new |" in with_figures(page, "| new |", MARK)


def test_no_difference_is_seen_in_one_heap_cut_in_two_and_a_small_one_is_seen() -> None:
    chance = random.Random(8)
    times = [chance.lognormvariate(7, 0.1) for _ in range(1000)]
    half, other = times[::2], times[1::2]
    assert not effect(half, other).is_seen
    late = [time * 1.04 for time in other]
    found = effect(half, late)
    assert found.is_seen
    assert (found.difference > 0, found.delta > 0, found.d > 0) == (True, True, True)
    assert found.tries is not None
    assert found.tries < 2000


def test_the_effects_are_those_of_the_books() -> None:
    assert cliffs_delta([1, 2, 3], [4, 5, 6]) == 1
    assert cliffs_delta([4, 5, 6], [1, 2, 3]) == -1
    assert cliffs_delta([1, 2, 3, 4], [1, 2, 3, 4]) == 0
    assert cohens_d([1.0, 3.0] * 50, [3.0, 5.0] * 50) == pytest.approx(2, abs=0.3)
    assert cohens_d([1.0] * 30, [1.0] * 30) == 0

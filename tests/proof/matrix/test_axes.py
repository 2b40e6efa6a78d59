"""What is walked is what it says: no two values of two axes are left out, and no path is in two lists."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from proof.matrix.axes import APP, DRESSES, EXEMPT, METHODS, MOUNTS, OWN, PATHS, covering
from proof.matrix.states import STATES

AXES: dict[str, tuple[Any, ...]] = {
    "target": tuple(target for target, _ in PATHS),
    "method": METHODS,
    "mount": MOUNTS,
    "dress": tuple(dress.name for dress in DRESSES),
}


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(AXES, 2)])
def test_any_two_values_are_walked_together(one: str, other: str) -> None:
    walked = [asked for turn in range(len(STATES)) for asked in covering(turn)]
    assert walked_pairs(walked, one, other) == set(itertools.product(AXES[one], AXES[other]))


def walked_pairs(walked: list[Any], one: str, other: str) -> set[tuple[str, str]]:
    def value(asked: Any, axis: str) -> str:
        return str(asked.dress.name if axis == "dress" else getattr(asked, axis))

    return {(value(asked, one), value(asked, other)) for asked in walked}


def test_no_path_stands_in_two_lists() -> None:
    assert len({*APP, *OWN, *EXEMPT}) == len(APP) + len(OWN) + len(EXEMPT)

"""``docs/faults.md`` tells of every fault that is tried, in the same order, and of no other."""

from __future__ import annotations

from pathlib import Path

from core.faults.test_faults import PROMISED_SECONDS
from core.faults.trouble import EVERYBODY, FAULTS

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"
REFUSED = {EVERYBODY: "everybody", frozenset({"a form"}): "the form", frozenset(): "nobody"}


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_fault_has_its_row() -> None:
    assert [name for name, *_ in rows()] == list(FAULTS)


def test_who_was_refused_is_who_is_tried() -> None:
    for name, _, refused, *_ in rows():
        assert refused.startswith(REFUSED[FAULTS[name].closed_for]), name


def test_no_measured_time_is_beyond_the_promise() -> None:
    assert all(float(seconds) <= PROMISED_SECONDS for _, _, _, seconds, _ in rows())

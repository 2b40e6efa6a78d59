"""``docs/scale.md`` says what its sums come to."""

from pathlib import Path

import pytest

from costs.sums import Assumed, Measured, Sums
from twofa_middleware.stores.near_cache import MOST_KEPT

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8").split())
SUMS = Sums(Assumed(), Measured())
STICKY, NODE, ANYWHERE = (SUMS.hit_rate(over) for over in (1.0, SUMS.of.processes, SUMS.listeners))


@pytest.mark.parametrize(
    "said",
    [
        f"**{SUMS.gigabytes:.0f} GB, with replicas {SUMS.gigabytes * 2:.0f} GB; {SUMS.primaries_by_memory} primaries**",
        f"the average of these hours: {SUMS.log_ins:,.0f} a second",
        f"{SUMS.requests:,.0f} a second at the peak, {SUMS.requests / SUMS.listeners:.0f} for each process",
        f"**{SUMS.log_in_questions:,.0f} questions a second for log-ins and log-outs, {SUMS.log_in_cores:.0f} cores of Redis.**",
        f"| {STICKY:.0%} | {SUMS.looks(STICKY) / 1e3:.0f},000/s | 1.6 | {SUMS.primaries(STICKY)} |".replace("%", " %"),
        f"| {NODE:.0%} | {SUMS.looks(NODE) / 1e3:.0f},000/s | 9.0 | {SUMS.primaries(NODE)} |".replace("%", " %"),
        f"| {ANYWHERE:.1%} | {SUMS.looks(ANYWHERE) / 1e3:.0f},000/s | 15.1 | {SUMS.primaries(ANYWHERE)} |".replace(
            "%", " %"
        ),
        f"{SUMS.changes:,.0f} changes a second to each of {SUMS.listeners:,.0f} processes",
        "up to {:.0f} to {:,.0f} processes in a realm**".format(*SUMS.even(STICKY)),
        "it is {:.0f} to {:,.0f};".format(*SUMS.even(NODE)),
        f"a turn take {SUMS.turn_milliseconds(SUMS.listeners, SUMS.primaries(STICKY)):.0f} ms or more",
        f"**some {SUMS.most_listeners(5) // 10 * 10:.0f} processes**",
    ],
)
def test_the_page_says_what_the_sums_are(said: str) -> None:
    assert said in PAGE


def test_a_process_keeps_as_many_as_the_sums_have() -> None:
    assert SUMS.one.entries == MOST_KEPT


def test_too_few_primaries_never_catch_up_with_pushes() -> None:
    assert SUMS.turn_milliseconds(SUMS.listeners, SUMS.primaries_by_memory) == float("inf")

"""The figures of a run as Markdown: a table for each kind of measurement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .goals import GOALS
from .results import Results
from .spread import Spread

if TYPE_CHECKING:
    from .in_process import Cost
    from .through_servers import Passed


def markdown(results: Results) -> str:
    """All tables that the run has figures for."""
    return "\n".join(_lines(results)).rstrip() + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield from (f"- {fact}" for fact in results.machine)
    yield ""
    if not results.has_strict:
        yield "These settings know no strict paths, so there are no figures of them."
        yield ""
    yield "### Goals\n"
    yield from table(
        ("figure", "goal", "limit", "measured", "reached"),
        (goal.row(results) for goal in GOALS if _is_had(goal, results)),
    )
    if results.costs:
        yield "### In process\n"
        yield (
            "Microseconds of CPU that a request takes more than the app alone; in brackets the quartiles of the rounds. "
            "“Least” compares the best round of each; “time” is by the clock, with what is waited for a store.\n"
        )
        for kind, costs in results.costs.items():
            yield from table((kind, "added CPU", "least", "added time", "CPU of all"), map(_cost_row, costs))
    if results.passed:
        yield "### Through servers\n"
        yield (
            "Requests a second, and what part that is of the app alone, by the clock and by CPU; CPU of all processes of the server, in microseconds "
            "a request more than the app alone; latencies with one request at a time; resident memory of the worker.\n"
        )
        for server, passed in results.passed.items():
            yield from table(
                (server, "requests/s", "of bare", "by CPU", "added CPU", "p50", "p99", "memory"),
                map(_passed_row, passed),
            )
    yield from _rest(results)


def _rest(results: Results) -> Iterator[str]:
    if results.queries:
        yield "### A Django view, in process\n"
        yield from table(
            ("", "queries", "CPU of all", "added CPU", "time, of login_required"),
            (
                (one.case, str(one.queries), us(one.cost.cpu.middle), spread(one.cost.added_cpu), f"{one.ratio:.2f}")
                for one in results.queries
            ),
        )
    if results.imported:
        yield "### Imports\n"
        yield from table(
            ("what is added", "CPU", "memory", "heavy libraries that come along"),
            (
                (
                    f"{what} `{one.door.partition(' ')[0]}`",
                    f"{added.cpu.middle:.0f} ms ({added.cpu.low:.0f} to {added.cpu.high:.0f})",
                    f"{added.resident.middle / 1e6:.1f} MB",
                    ", ".join(added.heavy) or "none",
                )
                for one in results.imported
                for what, added in (
                    ("to bare Python, by importing", one.alone),
                    ("to the app, by importing", one.in_app),
                    ("to a worker, once it has answered by", one.serving),
                )
            ),
        )
        for one in results.imported:
            yield f"Slowest packages of `{one.door.partition(' ')[0]}`, by themselves: {_packages(one.slowest)}.\n"
    if results.revoked:
        yield "### Until an ended pass is refused\n"
        yield "From the moment at which the store is told, in milliseconds: by each process, and by the last of them.\n"
        yield from table(
            ("store", "processes", "p50", "p99", "last, p50", "last, p99", "the write itself, p50"),
            (
                (
                    one.store,
                    f"{one.processes} {one.colour}",
                    *(f"{ms:.2f}" for ms in (one.p50, one.p99, one.last_p50, one.last_p99, one.write_p50)),
                )
                for one in results.revoked
            ),
        )
    if results.scaled:
        yield "### Decisions a second\n"
        yield "Verified requests at a bare WSGI callable, all processes together, one Redis.\n"
        yield from table(
            ("processes", "decisions/s", "quartiles"),
            (
                (
                    str(one.processes),
                    f"{one.per_second.middle:,.0f}",
                    f"{one.per_second.low:,.0f} to {one.per_second.high:,.0f}",
                )
                for one in results.scaled
            ),
        )
    if (pushed := results.pushed) is not None:
        yield (
            f"A write is pushed to {pushed.listeners} listeners (`CLIENT TRACKING ON BCAST`) within {pushed.p50:.2f} ms "
            f"(p99 {pushed.p99:.2f} ms), until the last of them has read it.\n"
        )


def _is_had(goal: object, results: Results) -> bool:
    return results.has_strict or "strict" not in getattr(goal, "figure", "")


def _packages(slowest: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{name} {took:.0f} ms" for name, took in slowest)


def _cost_row(cost: Cost) -> tuple[str, ...]:
    return cost.case, spread(cost.added_cpu), us(cost.least), us(cost.added_time.middle), us(cost.cpu.middle)


def _passed_row(one: Passed) -> tuple[str, ...]:
    return (
        one.case,
        f"{one.per_second.middle:,.0f}",
        f"{one.ratio.middle:.2f} ({one.ratio.low:.2f} to {one.ratio.high:.2f})",
        f"{one.by_cpu.middle:.2f} ({one.by_cpu.low:.2f} to {one.by_cpu.high:.2f})",
        f"{us(one.added_cpu.middle)} µs",
        f"{one.p50.middle:.2f} ms",
        f"{one.p99.middle:.2f} ms",
        f"{one.resident / 1e6:.0f} MB ({one.added_resident / 1e6:+.1f})",
    )


def us(value: float) -> str:
    """Microseconds: tenths below ten."""
    return f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"


def spread(found: Spread) -> str:
    return f"{us(found.middle)} ({us(found.low)} to {us(found.high)})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if not number else '---:' for number in range(len(head)))} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""

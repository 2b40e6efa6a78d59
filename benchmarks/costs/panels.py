"""Which figures of a run are plotted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cases import BARE, LOGIN_REQUIRED, OURS
from .chart import Panel, Row
from .goals import GTHREAD, UVICORN
from .results import Results
from .tables import us

if TYPE_CHECKING:
    from .through_servers import Passed

KINDS = {"raw ASGI": "bare ASGI callable", "raw WSGI": "bare WSGI callable"}
DJANGO_SERVER = "gunicorn gthread, Django"


def panels(results: Results) -> tuple[Panel, ...]:
    """Added CPU in process, and throughput through servers, as far as they were measured."""
    return (*_in_process(results), *_through(results))


def _in_process(results: Results) -> list[Panel]:
    found = []
    for kind, name in KINDS.items():
        rows = tuple(
            Row(
                cost.case,
                cost.added_cpu.low,
                cost.added_cpu.middle,
                cost.added_cpu.high,
                f"{us(cost.added_cpu.middle)} µs",
                cost.case.startswith(OURS),
            )
            for cost in sorted(results.costs.get(kind, ()), key=lambda cost: cost.added_cpu.middle)
            if not cost.case.startswith(BARE)
        )
        if rows:
            about = "µs of CPU a request more than the app alone, in process; logarithmic; the dashed line is our goal"
            ticks = (0.1, 1.0, 10.0, 100.0, 1000.0)
            found.append(Panel(f"In front of a {name}", about, ticks, rows, is_logarithmic=True, mark=5.0))
    return found


def _through(results: Results) -> list[Panel]:
    found = []
    for server in (UVICORN, GTHREAD, DJANGO_SERVER):
        rows = tuple(
            _row(one)
            for one in sorted(results.passed.get(server, ()), key=lambda one: -one.ratio.middle)
            if not one.case.startswith((BARE, LOGIN_REQUIRED)) and "rewritten" not in one.case
        )
        if rows:
            bare = LOGIN_REQUIRED if server == DJANGO_SERVER else "the app alone"
            about = f"requests a second as a part of those of {bare} (1.0)"
            found.append(Panel(f"On {server}", about, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2), rows, mark=1.0))
    return found


def _row(one: Passed) -> Row:
    ratio = one.ratio
    return Row(one.case, ratio.low, ratio.middle, ratio.high, f"{ratio.middle:.2f}", one.case.startswith(OURS))

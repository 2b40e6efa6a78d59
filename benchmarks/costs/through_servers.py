"""What stands in front of an app, measured through a real server with one worker.

All servers of a group run at once and are asked in turn, round by round. What a server takes is read before and after.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .browser import wire
from .cases import Case
from .load import BadAnswer, Load, load
from .realm import Realm
from .servers import KEPT_CONNECTIONS, Server, serving, shared_cores, wait_for
from .spread import Spread, differences, ratios
from .visits import Visits, seconds_to_wait

WARM_UP_SECONDS = 0.3
ALONE = 0.4
"""For so much of a round's time one connection asks by itself: how long a request takes where none waits for another."""


@dataclass(frozen=True)
class Passed:
    """``ratio`` of the bare app's requests a second; ``by_cpu``: the same by the CPU of a request alone, which other work on
    the machine disturbs less. ``added_cpu`` in microseconds a request, of all processes of the server; ``p50`` and ``p99``
    in milliseconds with one request at a time; ``resident`` in bytes."""

    case: str
    per_second: Spread
    ratio: Spread
    by_cpu: Spread
    added_cpu: Spread
    p50: Spread
    p99: Spread
    resident: int
    added_resident: int


@dataclass
class _Rounds:
    rates: list[float]
    cpu: list[float]
    p50: list[float]
    p99: list[float]


def measure(
    server: str,
    framework: str,
    cases: tuple[Case, ...],
    realms: dict[str, Realm],
    visits: Visits,
    folder: Path,
    rounds: int,
    seconds: float,
) -> list[Passed]:
    """The cases on a server, with the framework that ``served`` knows by this name."""
    own, others = shared_cores()
    before = os.sched_getaffinity(0)
    with ExitStack() as stack:
        started: dict[str, Server] = {}
        for case in cases:
            serves = f"{framework}|{case.wrap}|{realms[case.store].file}"
            if serves not in started:
                started[serves] = stack.enter_context(serving(server, serves, folder, own))
        for one in started.values():
            wait_for(one, folder)
        os.sched_setaffinity(0, others)
        stack.callback(os.sched_setaffinity, 0, before)
        at = {case.name: started[f"{framework}|{case.wrap}|{realms[case.store].file}"] for case in cases}
        connections = KEPT_CONNECTIONS[server]
        for case in cases:
            _ask(case, at[case.name], visits, connections, WARM_UP_SECONDS)
        found = {case.name: _Rounds([], [], [], []) for case in cases}
        for _ in range(rounds):
            for case in cases:
                _one_round(case, at[case.name], visits, connections, seconds, found[case.name])
        resident = {name: one.resident_bytes() for name, one in at.items()}
    return [
        Passed(
            case.name,
            Spread.of(found[case.name].rates),
            Spread.of(ratios(found[case.name].rates, found[case.against].rates)),
            Spread.of(ratios(found[case.against].cpu, found[case.name].cpu)),
            Spread.of(differences(found[case.name].cpu, found[case.against].cpu)),
            Spread.of(found[case.name].p50),
            Spread.of(found[case.name].p99),
            resident[case.name],
            resident[case.name] - resident[case.against],
        )
        for case in cases
    ]


def _one_round(case: Case, at: Server, visits: Visits, connections: int, seconds: float, found: _Rounds) -> None:
    began = at.cpu_seconds()
    many = _ask(case, at, visits, connections, seconds)
    found.rates.append(many.per_second)
    found.cpu.append((at.cpu_seconds() - began) / many.requests * 1e6)
    alone = _ask(case, at, visits, 1, seconds * ALONE)
    found.p50.append(alone.latencies[0])
    found.p99.append(alone.latencies[1])


def _ask(case: Case, at: Server, visits: Visits, connections: int, seconds: float) -> Load:
    time.sleep(seconds_to_wait(case))
    request = wire(case.path, visits.one(case))
    try:
        return load(at.port, request, connections, seconds, keeps_cookie=case.rewrites)
    except BadAnswer as error:
        raise BadAnswer(f"{case.name}: {error}") from error

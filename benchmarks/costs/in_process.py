"""What stands in front of an app, measured in one process: CPU and time of a request, less those of the app alone.

Rounds alternate: each case runs a batch, then the next, and so on from the start. Batches are short, and many.
CPU is that of the whole process, with whatever threads a middleware has.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

from . import asgi_apps, wsgi_apps
from .browser import environ, scope
from .cases import Case
from .realm import Realm
from .spread import Spread, differences
from .visits import Visits, seconds_to_wait

WARM_UP = 60
REST_SECONDS = 0.005
"""Before each batch: what others left to do in the background, and what is heard from a store, is no request's cost."""
FIRST = 10
"""So many requests of a batch are not timed."""
SHORTEST, LONGEST = 40, 20_000
Timed = tuple[float, float]
"""CPU and time of one request, in microseconds."""


@dataclass(frozen=True)
class Cost:
    """Microseconds a request: ``cpu`` and ``time`` of all, ``added_cpu`` and ``added_time`` by what stands in front; ``least``:
    the CPU that it adds if the best round of each is taken."""

    case: str
    cpu: Spread
    time: Spread
    added_cpu: Spread
    added_time: Spread
    least: float


class Refused(RuntimeError):
    """A case's requests have not reached the app, so its figures would say nothing."""


class AsgiBatches:
    def __init__(self, case: Case, app: Any, inner: Any, visits: Visits) -> None:
        self._case, self._app, self._inner, self._visits = case, app, inner, visits

    async def run(self, count: int) -> Timed:
        case = self._case
        await asyncio.sleep(seconds_to_wait(case))
        sent, rewritten = self._visits.many(case, count)
        count = len(sent)
        if rewritten:
            self._inner.rewritten = iter(rewritten)
            scopes = [scope(case.path, one) for one in sent]
        else:
            scopes = [scope(case.path, sent[0])] * count
        seen = set()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if "status" in message:
                seen.add(message["status"])

        app = self._app
        gc.collect()
        cpu_before, began = process_time(), perf_counter()
        for one in scopes:
            await app(dict(one), receive, send)
        cpu, took = process_time() - cpu_before, perf_counter() - began
        if seen != {200}:
            raise Refused(f"{case.name}: status {seen}")
        return cpu / count * 1e6, took / count * 1e6


class WsgiBatches:
    def __init__(self, case: Case, app: Any, inner: Any, visits: Visits) -> None:
        self._case, self._app, self._inner, self._visits = case, app, inner, visits

    async def run(self, count: int) -> Timed:
        case = self._case
        sent, rewritten = self._visits.many(case, count)
        count = len(sent)
        if rewritten:
            self._inner.rewritten = iter(rewritten)
            environs = [environ(case.path, one) for one in sent]
        else:
            environs = [environ(case.path, sent[0])] * count
        seen = set()

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
            seen.add(status)
            return len

        app = self._app
        gc.collect()
        cpu_before, began = process_time(), perf_counter()
        for one in environs:
            body = app(dict(one), start_response)
            for _ in body:
                pass
            if (close := getattr(body, "close", None)) is not None:
                close()
        cpu, took = process_time() - cpu_before, perf_counter() - began
        if seen != {"200 OK"}:
            raise Refused(f"{case.name}: status {seen}")
        return cpu / count * 1e6, took / count * 1e6


Run = Callable[[int], Awaitable[Timed]]


async def alternate(cases: dict[str, tuple[str, Run]], rounds: int, seconds: float) -> list[Cost]:
    """The costs of cases, each with the name of the one that it is held against; a batch takes about ``seconds``."""
    counts = {}
    for name, (_, run) in cases.items():
        _, took = await run(WARM_UP)
        _, took = await run(WARM_UP)
        counts[name] = max(SHORTEST, min(LONGEST, int(seconds * 1e6 / took)))
    found: dict[str, list[Timed]] = {name: [] for name in cases}
    gc.collect()
    gc.freeze()  # so that it takes no time to tidy up before each batch
    for _ in range(rounds):
        for name, (_, run) in cases.items():
            await asyncio.sleep(REST_SECONDS)
            await run(FIRST)
            found[name].append(await run(counts[name]))
    costs = []
    for name, (against, _) in cases.items():
        all_cpu, all_took = _apart(found[name])
        bare_cpu, bare_took = _apart(found[against])
        costs.append(
            Cost(
                name,
                Spread.of(all_cpu),
                Spread.of(all_took),
                Spread.of(differences(all_cpu, bare_cpu)),
                Spread.of(differences(all_took, bare_took)),
                min(all_cpu) - min(bare_cpu),
            )
        )
    return costs


def _apart(timed: list[Timed]) -> tuple[list[float], list[float]]:
    return [cpu for cpu, _ in timed], [took for _, took in timed]


def measure(
    kind: str, cases: tuple[Case, ...], realms: dict[str, Realm], visits: Visits, rounds: int, seconds: float
) -> list[Cost]:
    """The cases on ``raw ASGI``, ``Starlette``, ``raw WSGI`` or ``Flask``."""

    async def all_of_them() -> list[Cost]:
        runs: dict[str, tuple[str, Run]] = {}
        closing = []
        for case in cases:
            file = str(realms[case.store].file)
            inner: Any
            app: Any
            batches: Any
            if kind in ("raw ASGI", "Starlette"):
                inner = asgi_apps.Raw() if kind == "raw ASGI" else asgi_apps.starlette()
                app = asgi_apps.wrapped(inner, case.wrap, file)
                batches = AsgiBatches(case, app, inner, visits)
            else:
                inner = wsgi_apps.Raw() if kind == "raw WSGI" else wsgi_apps.flask()
                app = wsgi_apps.wrapped(inner, case.wrap, file)
                batches = WsgiBatches(case, app, inner, visits)
            if hasattr(app, "runtime"):
                closing.append(app.runtime)
            runs[case.name] = case.against, batches.run
        try:
            return await alternate(runs, rounds, seconds)
        finally:
            for runtime in closing:
                runtime.close()

    return asyncio.run(all_of_them())

"""What the gate should cost at most, and what it was measured to cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from .cases import LOGIN_REQUIRED, OURS, REMEMBERING
from .results import Results

VERIFIED, STRICT, SQLITE = f"{OURS}, verified", f"{OURS}, strict path", f"{OURS}, on SQLite"
REWRITTEN, ANONYMOUS, EXEMPT = f"{OURS}, cookie rewritten", f"{OURS}, anonymous", f"{OURS}, exempt"
UVICORN, GTHREAD = "uvicorn, Starlette", "gunicorn gthread, Flask"

Measured: TypeAlias = "float | None"


@dataclass(frozen=True)
class Goal:
    """``value`` finds the figure in a run's results; it is reached from ``bound`` on, downwards or ``upwards``."""

    figure: str
    bound: float
    unit: str
    value: Callable[[Results], Measured]
    limit: str = ""
    upwards: bool = False

    def row(self, results: Results) -> tuple[str, str, str, str, str]:
        """Figure, goal, physical limit, what was measured, and whether that is enough."""
        value = self.value(results)
        goal = f"{'≥' if self.upwards else '≤'} {self.bound:g}{self.unit}"
        if value is None:
            return self.figure, goal, self.limit, "not measured", ""
        reached = value >= self.bound if self.upwards else value <= self.bound
        return self.figure, goal, self.limit, f"{_rounded(value)}{self.unit}", "yes" if reached else "**no**"


def _rounded(value: float) -> str:
    """Three digits, and never fewer than those before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _added(kinds: tuple[str, ...], case: str) -> Callable[[Results], Measured]:
    """The larger of the two colours."""
    return lambda results: _largest(
        found.added_cpu.middle for kind in kinds if (found := results.cost(kind, case)) is not None
    )


def _ratio(server: str, case: str) -> Callable[[Results], Measured]:
    return lambda results: found.ratio.middle if (found := results.passing(server, case)) is not None else None


def _by_cpu(server: str, case: str) -> Callable[[Results], Measured]:
    return lambda results: found.by_cpu.middle if (found := results.passing(server, case)) is not None else None


def _signature(results: Results) -> Measured:
    """What a cookie that is another one at each request costs more than one that stays."""
    more = []
    for kind in ("raw ASGI", "raw WSGI"):
        rewritten, verified = results.cost(kind, REWRITTEN), results.cost(kind, VERIFIED)
        if rewritten is not None and verified is not None:
            more.append(rewritten.added_cpu.middle - verified.added_cpu.middle)
    return _largest(more)


def _against_two_fast_auth(results: Results) -> Measured:
    other, ours = results.cost("Starlette", "two-fast-auth"), results.cost("Starlette", VERIFIED)
    if other is None or ours is None:
        return None
    return other.added_cpu.middle / max(ours.added_cpu.middle, 0.01)


def _more_queries(results: Results) -> Measured:
    ours, bare = results.query(REMEMBERING), results.query(LOGIN_REQUIRED)
    return ours.queries - bare.queries if ours is not None and bare is not None else None


def _of_login_required(results: Results) -> Measured:
    ours = results.query(REMEMBERING)
    return ours.ratio if ours is not None else None


def _cheaper(case: str) -> Callable[[Results], Measured]:
    """The cost of a request that needs no pass, as a part of that of a verified one; the larger of the two colours."""

    def value(results: Results) -> Measured:
        parts = []
        for kind in ("raw ASGI", "raw WSGI"):
            found, verified = results.cost(kind, case), results.cost(kind, VERIFIED)
            if found is not None and verified is not None:
                parts.append(found.added_cpu.middle / max(verified.added_cpu.middle, 0.01))
        return _largest(parts)

    return value


def _largest(values: Iterable[float]) -> Measured:
    return max(values, default=None)


RAW, FRAMEWORKS = ("raw ASGI", "raw WSGI"), ("Starlette", "Flask")
GOALS = (
    Goal("verified request, added CPU in process, bare callable", 5, " µs", _added(RAW, VERIFIED), "2 µs"),
    Goal("the same in a Starlette or Flask app", 10, " µs", _added(FRAMEWORKS, VERIFIED), "0.3 µs"),
    Goal("throughput on uvicorn with Starlette, of bare", 0.95, "", _ratio(UVICORN, VERIFIED), "1.00", upwards=True),
    Goal("throughput on gthread with Flask, of bare", 0.98, "", _ratio(GTHREAD, VERIFIED), "1.00", upwards=True),
    Goal("the same on uvicorn, by CPU", 0.95, "", _by_cpu(UVICORN, VERIFIED), "1.00", upwards=True),
    Goal("the same on gthread, by CPU", 0.98, "", _by_cpu(GTHREAD, VERIFIED), "1.00", upwards=True),
    Goal("strict path on uvicorn, of bare", 0.75, "", _ratio(UVICORN, STRICT), "one round trip", upwards=True),
    Goal("strict path on gthread, of bare", 0.80, "", _ratio(GTHREAD, STRICT), "one round trip", upwards=True),
    Goal(
        "an ended pass is refused by every process, 99th percentile",
        5,
        " ms",
        lambda results: _largest(one.p99 for one in results.revoked if one.store == "redis"),
        "0.15 ms",
    ),
    Goal("Django, with cache_seconds: queries more than login_required", 0, "", _more_queries, "0"),
    Goal("Django, with cache_seconds: time of login_required", 1.05, "", _of_login_required, "1.00"),
    Goal("SQLite instead of Redis, added CPU in process", 15, " µs", _added(RAW, SQLITE), "4 µs"),
    Goal("a rewritten cookie, CPU more than one that stays", 30, " µs", _signature, "one signature"),
    Goal("anonymous, part of the cost of verified", 1, "", _cheaper(ANONYMOUS)),
    Goal("exempt, part of the cost of verified", 1, "", _cheaper(EXEMPT)),
    Goal("two-fast-auth costs so many times as much", 20, " times", _against_two_fast_auth, upwards=True),
    Goal(
        "import of the middleware in an app, CPU",
        60,
        " ms",
        lambda results: _largest(one.in_app.cpu.middle for one in results.imported),
    ),
    Goal(
        "memory that a worker has more",
        5,
        " MB",
        lambda results: _largest(
            found.added_resident / 1e6
            for server in (UVICORN, GTHREAD)
            if (found := results.passing(server, VERIFIED)) is not None
        ),
    ),
)

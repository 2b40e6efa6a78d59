"""A plugin for pytest: one session that tries many mutants, each with the tests that reach it, until one of them fails.

mutmut starts a pytest for each mutant, which for tests of a millisecond takes a hundred times as long as the tests. The
copy of the source that it makes holds all mutants at once and looks into the environment for the one that is meant, so
one session can try them one after the other: ``MUTANT_UNDER_TEST`` names it.

``MUTANTS_OF``: the modules, by commas. ``MUTANTS_OUT``: the file that gets a line for each mutant: its name, what became
of it, how many tests reach it, and which one has caught it. Mutants that the file has already are left out, so whoever is
interrupted goes on where that was.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
from collections import defaultdict
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, Phase, settings
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

UNDER_TEST = "MUTANT_UNDER_TEST"
MOST_SECONDS = 60

# The same examples for each mutant, none smaller than it has to be, and no matter how slow the machine is.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")


class TooLate(BaseException):
    """Not an Exception, so that no code under test takes it for one of its own."""


def _too_late(number: int, frame: FrameType | None) -> None:
    raise TooLate


def passes(item: pytest.Item) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=None)
    return not any(report.failed for report in reports)


def caches() -> list[Any]:
    """What the package remembers of calls: a mutant must not find what another one has left there."""
    wrappers = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    return [one for one in wrappers if (getattr(one, "__module__", None) or "").startswith("twofa_")]


def mutants() -> list[str]:
    found: list[str] = []
    for module in os.environ["MUTANTS_OF"].split(","):
        path = Path("src/twofa_middleware", module + ".py.meta")
        found += json.loads(path.read_text())["exit_code_by_key"]
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    out = Path(os.environ["MUTANTS_OUT"])
    done = {line.partition("\t")[0] for line in out.read_text().splitlines()} if out.exists() else set()
    remembered = caches()

    def forget_and_name(mutant: str) -> None:
        for cache in remembered:
            cache.cache_clear()
        os.environ[UNDER_TEST] = mutant

    reaching: dict[str, list[pytest.Item]] = defaultdict(list)
    took: dict[str, float] = {}
    for item in session.items:
        forget_and_name("stats")
        state()._stats.clear()
        begun = process_time()
        if not passes(item):
            raise pytest.UsageError(f"{item.nodeid} fails without any mutant")
        took[item.nodeid] = process_time() - begun
        for function in state()._stats:
            reaching[function].append(item)
    signal.signal(signal.SIGALRM, _too_late)
    with out.open("a") as lines:
        for mutant in mutants():
            if mutant in done:
                continue
            items = sorted(reaching[mangled_name_from_mutant_name(mutant)], key=lambda item: took[item.nodeid])
            forget_and_name(mutant)
            verdict, by = _tried(items)
            lines.write(f"{mutant}\t{verdict}\t{len(items)}\t{by}\n")
            lines.flush()
    forget_and_name("")
    broken = [item.nodeid for item in session.items if not passes(item)]
    if broken:
        raise pytest.UsageError(f"the mutants have left something behind: without any, {broken[0]} fails now")
    return True


def _tried(items: list[pytest.Item]) -> tuple[str, str]:
    try:
        for item in items:
            signal.alarm(MOST_SECONDS)
            if not passes(item):
                return "killed", item.nodeid
    except TooLate:
        return "timeout", ""
    finally:
        signal.alarm(0)
    return ("survived" if items else "no tests"), ""

"""What it costs to import the gate, and to have it in a worker: CPU, memory, and which heavy libraries came along.

Each in a process of its own, with byte code kept as for an installed package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .once import HEAVY
from .spread import Spread, differences

HERE = Path(__file__).parent.parent
DOORS = {
    "ASGI": ("starlette.applications, starlette.responses", "twofa_middleware.asgi"),
    "WSGI": ("flask", "twofa_middleware.wsgi"),
}
"""For each colour what an app has imported already, and our door."""
_IMPORTS = """
import sys, json, time, os
{imports}
cpu, resident = time.process_time(), int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
print(json.dumps([cpu, resident, sorted(name for name in {heavy!r} if name in sys.modules)]))
"""


@dataclass(frozen=True)
class Added:
    """What a process takes more: CPU milliseconds, resident bytes, and libraries of HEAVY that were not there."""

    cpu: Spread
    resident: Spread
    heavy: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """``alone``: the import beside a Python that imports nothing; ``in_app``: beside one that has the app's framework, as
    an app has. ``serving``: a worker that has answered one verified request, beside the app alone. ``slowest``: packages
    and their milliseconds by ``-X importtime``, the longest first."""

    door: str
    alone: Added
    in_app: Added
    serving: Added
    slowest: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class _Seen:
    cpu: float
    resident: float
    heavy: tuple[str, ...]


def measure(folder: Path, file: Path, cookie: str, rounds: int) -> list[Imported]:
    """``file``: our settings; ``cookie``: the Cookie header of somebody with a pass. Byte code is kept in the folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(folder / "byte code"), "PYTHONPATH": str(HERE)}
    found = []
    for colour, (framework, door) in DOORS.items():
        commands = {
            name: ["-c", _IMPORTS.format(imports=imports, heavy=HEAVY)]
            for name, imports in (
                ("nothing", ""),
                ("door", f"import {door}"),
                ("app", f"import {framework}"),
                ("both", f"import {framework}, {door}"),
            )
        }
        commands |= {wrap: ["-m", "costs.once", colour, wrap, str(file), cookie] for wrap in ("bare", "ours")}
        for command in commands.values():
            _run(command, environment)
        seen: dict[str, list[_Seen]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                seen[name].append(_run(command, environment))
        found.append(
            Imported(
                f"{door} ({colour})",
                _added(seen["door"], seen["nothing"]),
                _added(seen["both"], seen["app"]),
                _added(seen["ours"], seen["bare"]),
                _slowest(door, environment),
            )
        )
    return found


def _added(more: list[_Seen], less: list[_Seen]) -> Added:
    return Added(
        Spread.of(differences([one.cpu for one in more], [one.cpu for one in less])),
        Spread.of(differences([one.resident for one in more], [one.resident for one in less])),
        tuple(sorted(set(more[0].heavy) - set(less[0].heavy))),
    )


def _run(command: list[str], environment: dict[str, str]) -> _Seen:
    ended = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    cpu, resident, heavy = json.loads(ended.stdout)
    return _Seen(cpu * 1e3, resident, tuple(heavy))


def _slowest(door: str, environment: dict[str, str], count: int = 8) -> tuple[tuple[str, float], ...]:
    """Whole packages, without what they import of others."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {door}"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
    packages: dict[str, float] = {}
    for line in said.splitlines():
        own, _, module = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            package = module.strip().partition(".")[0]
            packages[package] = packages.get(package, 0) + int(own) / 1e3
    return tuple(sorted(packages.items(), key=lambda one: -one[1])[:count])

"""What it costs to import the gate: CPU, memory, and which heavy libraries came along. Each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .spread import Spread, differences

HEAVY = ("redis", "segno", "jinja2", "cryptography", "webauthn", "pyotp", "click", "django")
DOORS = {
    "ASGI": ("starlette.applications, starlette.responses", "twofa_middleware.asgi"),
    "WSGI": ("flask", "twofa_middleware.wsgi"),
}
"""For each colour what an app has imported already, and our door."""
_MEASURED = """
import sys, json, time
{imports}
cpu = time.process_time()
resident = int(open("/proc/self/statm").read().split()[1]) * __import__("os").sysconf("SC_PAGE_SIZE")
print(json.dumps([cpu, resident, sorted(name for name in {heavy!r} if name in sys.modules)]))
"""


@dataclass(frozen=True)
class Imported:
    """``alone``: CPU milliseconds of the import beside a Python that imports nothing; ``added``: beside one that has the
    app's framework already, as an app has; ``added_resident`` in bytes; ``heavy``: the libraries of HEAVY that came
    along and were not there; ``slowest``: modules and their own milliseconds by ``-X importtime``, the longest first."""

    door: str
    alone: Spread
    added: Spread
    added_resident: Spread
    heavy: tuple[str, ...]
    slowest: tuple[tuple[str, float], ...]


def measure(folder: Path, rounds: int) -> list[Imported]:
    """Byte code is kept in the folder, as that of an installed package is kept beside it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "byte code")
    found = []
    for colour, (framework, door) in DOORS.items():
        texts = {"nothing": "", "door": f"import {door}", "app": f"import {framework}"}
        texts["both"] = f"import {framework}, {door}"
        seen: dict[str, list[tuple[float, float, list[str]]]] = {name: [] for name in texts}
        for imports in texts.values():
            _run(imports, environment)
        for _ in range(rounds):
            for name, imports in texts.items():
                seen[name].append(_run(imports, environment))
        cpu = {name: [one[0] * 1e3 for one in ones] for name, ones in seen.items()}
        resident = {name: [one[1] for one in ones] for name, ones in seen.items()}
        found.append(
            Imported(
                f"{door} ({colour})",
                Spread.of(differences(cpu["door"], cpu["nothing"])),
                Spread.of(differences(cpu["both"], cpu["app"])),
                Spread.of(differences(resident["both"], resident["app"])),
                tuple(sorted(set(seen["both"][0][2]) - set(seen["app"][0][2]))),
                _slowest(door, environment),
            )
        )
    return found


def _run(imports: str, environment: dict[str, str]) -> tuple[float, float, list[str]]:
    program = _MEASURED.format(imports=imports, heavy=HEAVY)
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    cpu, resident, heavy = json.loads(ended.stdout)
    return cpu, resident, heavy


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

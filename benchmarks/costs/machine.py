"""On what was measured: the processor and its cores, Python, and the libraries. No name of a machine."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "starlette",
    "uvicorn",
    "granian",
    "flask",
    "werkzeug",
    "gunicorn",
    "waitress",
    "redis",
    "asgi-csrf",
    "two-fast-auth",
    "django",
    "django-otp",
    "django-allauth",
)


def facts(redis_program: str) -> list[str]:
    """A sentence or list each."""
    libraries = ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))
    redis = subprocess.run([redis_program, "--version"], capture_output=True, text=True, check=True).stdout
    return [
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        f"{len(os.sched_getaffinity(0))} cores, {_processor()}, Linux {platform.release().split('-')[0]}; "
        f"load {os.getloadavg()[1]:.1f} before the run, by other work",
        f"{platform.python_implementation()} {platform.python_version()}, {_of(redis, 'v=')} as the store",
        libraries,
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Processor", "cpu model"):
            return value.strip()
    return platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _of(said: str, mark: str) -> str:
    return f"Redis {said.partition(mark)[2].partition(' ')[0]}"

"""A plugin of tox: runs the suites on every interpreter that is here, and says which ones are not."""

from __future__ import annotations

import atexit
import functools
import os
import subprocess
import sys
from pathlib import Path

from tox.config.cli.parser import ToxParser
from tox.plugin import impl
from tox.report import HandledError
from uv import find_uv_bin

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
NEEDED_IN_CI = ("3.11", "3.12", "3.13")


@impl
def tox_add_option(parser: ToxParser) -> None:
    """Look for interpreters in tox's first hook, when it has read nothing from the environment yet."""
    choose_interpreters()


@functools.cache  # tox calls the hook more than once
def choose_interpreters() -> None:
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    show_pyenv()
    missing = [version for version in VERSIONS if not is_here(version)]
    if not missing:
        return
    if os.environ.get("CI") and (needed := [version for version in missing if version in NEEDED_IN_CI]):
        raise HandledError(f"CI is set, and Python {', '.join(needed)} is missing: install it, or put it on PATH")
    notice = f"tox: NOT tested on Python {', '.join(missing)}: no such interpreter on PATH or in pyenv"
    print(notice, file=sys.stderr)
    atexit.register(print, notice, file=sys.stderr)  # once more where the eye ends up
    skipped = [f"^py{version.replace('.', '')}-" for version in missing]
    os.environ["TOX_SKIP_ENV"] = "|".join([*filter(None, [os.environ.get("TOX_SKIP_ENV")]), *skipped])


def show_pyenv() -> None:
    """Put pyenv's interpreters on PATH, before its shims: uv gives up at a shim that its shell has not chosen."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [str(path) for version in VERSIONS for path in sorted(root.glob(f"versions/{version}.*/bin"))]
    os.environ["PATH"] = os.pathsep.join([*found, os.environ.get("PATH", os.defpath)])


def is_here(version: str) -> bool:
    """Ask the one who will make the environments, so that both find the same."""
    command = [find_uv_bin(), "python", "find", "--no-project", "--python-preference", "system", version]
    return subprocess.run(command, capture_output=True).returncode == 0

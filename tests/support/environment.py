"""What is installed in the environment that the tests run in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata, util

WAITS = (
    *("click", "cryptography", "importlib.metadata", "itsdangerous", "jinja2", "msgspec", "pyotp", "redis", "segno"),
    *("sqlite3", "webauthn", "werkzeug"),
    *(f"twofa_middleware.{room}" for room in ("asks", "gate", "pages", "settings", "stores", "target", "wiring")),
)
"""What a gate, a page or a store is made of: nobody who imports the middleware alone has use for it."""


def is_importable(package: str) -> bool:
    return util.find_spec(package) is not None


def wheel_files() -> set[str]:
    """The files of the installed wheel, as its RECORD lists them."""
    return {str(path) for path in metadata.files("twofa-middleware") or ()}


def loaded_by(statement: str, among: Iterable[str]) -> list[str]:
    """Which of the modules a fresh Python has after the statement."""
    code = f"import sys; {statement}; print(*[name for name in {list(among)!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()

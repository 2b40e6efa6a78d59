"""What an import costs: the third parties are loaded when they are needed first, and not with the gate."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.environment import loaded_by

HEAVY = ["segno", "jinja2", "cryptography", "pyotp", "redis", "werkzeug", "starlette", "sqlite3", "asyncio"]


@pytest.mark.parametrize(
    "module", ["gate", "release", "site", "settings", "sealing", "pages.routes", "accounts.attempts", "drive"]
)
def test_no_heavy_third_party_comes_with_the_gate(module: str) -> None:
    assert loaded_by(f"import twofa_middleware.{module}", HEAVY) == []


def test_the_wiring_loads_no_plugin_and_no_third_party_of_the_gate() -> None:
    rooms = ["stores.redis", "stores.sqlite", "identity", "roles", "directory", "events", "cli"]
    plugins = [f"twofa_middleware.{room}" for room in rooms]
    assert loaded_by("import twofa_middleware.wiring", [*HEAVY, "click", *plugins]) == []


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by("import twofa_middleware", [*HEAVY, "msgspec", "logging"]) == []


@pytest.mark.parametrize(("door", "extra"), [("wsgi", "werkzeug"), ("asgi", "starlette")])
def test_a_missing_extra_is_told_by_its_name(door: str, extra: str) -> None:
    block = f"import sys; sys.modules[{extra!r}] = None"
    tried = f"{block}\ntry:\n import twofa_middleware.{door}\nexcept ImportError as error:\n print(error)"
    done = subprocess.run([sys.executable, "-I", "-c", tried], capture_output=True, text=True, check=True)
    assert f'pip install "twofa-middleware[{door}]"' in done.stdout

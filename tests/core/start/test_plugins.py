"""Plugins come through entry points; a missing, doubled or broken one stops the start and is named."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twofa_middleware.errors import ConfigError, PluginError
from twofa_middleware.identity.signed_cookie import SignedCookie
from twofa_middleware.plugins import GROUPS, options_of, plugin
from twofa_middleware.roles.static import StaticRoles
from twofa_middleware.stores.sqlite import SQLiteStore

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Put a distribution with one entry point on the path, as pip would: ``install("door", "1.2", "identity", …)``."""
    site = tmp_path / "site-packages"
    site.mkdir()
    sys.path.insert(0, str(site))
    plugin.cache_clear()

    def installed(name: str, version: str, kind: str, entry: str, code: str = "") -> None:
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[{GROUPS[kind]}]\n{entry}\n")
        (info / "RECORD").write_text("")
        (site / f"{name}.py").write_text(code)
        importlib.invalidate_caches()

    yield installed
    sys.path.remove(str(site))
    for name in [
        name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(str(site))
    ]:
        del sys.modules[name]
    plugin.cache_clear()


DOOR = """\
import msgspec
class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    key: str
    size: int = 5
class Door:
    Options = Options
"""


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [("store", "sqlite", SQLiteStore), ("identity", "signed_cookie", SignedCookie), ("roles", "static", StaticRoles)],
)
def test_the_built_ins_come_by_the_same_door(kind: str, name: str, found: type) -> None:
    assert plugin(kind, name) is found


def test_a_plugin_of_somebody_else_is_found(install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    assert plugin("identity", "door").__name__ == "Door"


def test_an_unknown_plugin_is_told_which_are_installed(install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    with pytest.raises(PluginError) as refused:
        plugin("identity", "dor")
    start, _, names = str(refused.value).partition("; installed are: ")
    assert start == 'there is no identity plugin "dor"'
    assert {"door", "signed_cookie", "callable"} <= set(names.split(", "))


def test_a_kind_is_not_looked_for_among_another(install: Install) -> None:
    with pytest.raises(PluginError, match=r'there is no roles plugin "signed_cookie"; installed are: [^;]*static'):
        plugin("roles", "signed_cookie")


def test_a_plugin_that_two_distributions_offer_names_both_with_versions(install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    install("gate", "0.1", "identity", "door = gate:Door", DOOR)
    with pytest.raises(PluginError, match=r'^identity plugin "door" is offered by door 1.2 and gate 0.1; remove one$'):
        plugin("identity", "door")


def test_nobody_takes_the_place_of_a_built_in(install: Install) -> None:
    install("door", "1.2", "identity", "signed_cookie = door:Door", DOOR)
    with pytest.raises(PluginError, match=r'"signed_cookie" is offered by door 1.2 and twofa-middleware '):
        plugin("identity", "signed_cookie")


@pytest.mark.parametrize(
    ("entry", "code", "why"),
    [
        ("door = door:Door", "import no_such_module_of_anybody", "No module named 'no_such_module_of_anybody'"),
        ("door = door:Dor", DOOR, "has no attribute 'Dor'"),
        ("door = door:Door", "raise RuntimeError('out of order')", "out of order"),
        ("door = nowhere:Door", DOOR, "No module named 'nowhere'"),
        ("door = door:Door", "def broken(", "never closed"),
    ],
)
def test_a021_a_broken_plugin_names_its_distribution_and_version(
    install: Install, entry: str, code: str, why: str
) -> None:
    install("door", "1.2", "identity", entry, code)
    with pytest.raises(PluginError, match=r'^identity plugin "door" of door 1.2 is broken: ') as refused:
        plugin("identity", "door")
    assert why in str(refused.value)
    assert refused.value.__cause__ is not None


def test_installed_is_not_enabled_a_broken_plugin_that_nobody_names_harms_nobody(install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", "raise RuntimeError")
    assert plugin("identity", "signed_cookie") is SignedCookie


# ---- options --------------------------------------------------------------------------------------------------------


def options(table: Any) -> Any:
    return options_of("identity", table, "twofa.toml", "[apps.shop] identity 1")


def test_a_table_names_its_plugin_and_holds_its_options(install: Install) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    table = {"use": "door", "key": "k"}
    name, kind, made = options(table)
    assert (name, kind.__name__, made.key, made.size) == ("door", "Door", "k", 5)
    assert table == {"use": "door", "key": "k"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, '[apps.shop] identity 1: `use` names the identity plugin, such as use = "callable"'),
        ({"use": 5}, "[apps.shop] identity 1: `use` names the identity plugin"),
        ({"use": "dor"}, '[apps.shop] identity 1: there is no identity plugin "dor"; installed are: '),
        ({"use": "door"}, 'the key "key" is missing in [[apps.shop] identity 1 (door)]'),
        (
            {"use": "door", "key": "k", "sise": 1},
            'unknown key "sise" in [[apps.shop] identity 1 (door)]; did you mean "size"?',
        ),
        (
            {"use": "door", "key": "k", "size": "5"},
            '"size" in [[apps.shop] identity 1 (door)]: expected `int`, got `str`',
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(install: Install, table: Any, message: str) -> None:
    install("door", "1.2", "identity", "door = door:Door", DOOR)
    with pytest.raises(ConfigError) as refused:
        options(table)
    assert str(refused.value).startswith(f"twofa.toml: {message}")

"""Plugins come through entry points; a missing, doubled or broken one stops the start and is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.distributions import Install, site_packages
from twofa_middleware.errors import ConfigError, PluginError
from twofa_middleware.identity.signed_cookie import SignedCookie
from twofa_middleware.plugins import GROUPS, offers, options_of, plugin
from twofa_middleware.roles.static import StaticRoles
from twofa_middleware.stores.sqlite import SQLiteStore


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    with site_packages(tmp_path) as installed:
        yield installed


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


@pytest.mark.parametrize("kind", GROUPS)
def test_every_group_names_what_is_missing_doubled_or_broken_with_distribution_and_version(
    install: Install, kind: str
) -> None:
    with pytest.raises(PluginError, match=rf'^there is no {kind} plugin "door"; installed are: '):
        plugin(kind, "door")
    install("door", "1.2", kind, "door = door:Door", "raise RuntimeError('out of order')")
    with pytest.raises(PluginError, match=rf'^{kind} plugin "door" of door 1.2 is broken: out of order$'):
        plugin(kind, "door")
    install("gate", "0.1", kind, "door = gate:Door", DOOR)
    with pytest.raises(PluginError, match=rf'^{kind} plugin "door" is offered by door 1.2 and gate 0.1; remove one$'):
        plugin(kind, "door")


@pytest.mark.parametrize("code", ["def Door(): ...", "Door = 5", "class Door: ...", "class Door:\n    Options = 5"])
def test_what_is_no_class_with_options_is_broken(install: Install, code: str) -> None:
    install("door", "1.2", "identity", "door = door:Door", code)
    with pytest.raises(PluginError, match=r'^identity plugin "door" of door 1.2 is broken: door:Door is no class with'):
        plugin("identity", "door")


def test_all_that_is_installed_is_listed_with_why_it_cannot_be_used(install: Install) -> None:
    install("door", "1.2", "roles", "door = door:Door", DOOR)
    install("gate", "0.1", "theme", "gate = gate:Gate", "raise RuntimeError('out of order')")
    install("twin", "2.0", "roles", "door = twin:Door", DOOR)
    found = {(offer.kind, offer.name, offer.distribution, offer.version): offer.error for offer in offers()}
    assert found["roles", "door", "door", "1.2"] == "offered by door 1.2 and twin 2.0; remove one"
    assert found["theme", "gate", "gate", "0.1"] == 'theme plugin "gate" of gate 0.1 is broken: out of order'
    assert [
        error for (_, _, distribution, _), error in found.items() if distribution == "twofa-middleware" and error
    ] == []
    assert {kind for kind, *_ in found} == set(GROUPS)


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

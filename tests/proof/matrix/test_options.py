"""Whatever is set: the states are walked with each option, and an option that has no row fails the suite.

Attacks 1, 20, 21.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from proof.matrix.axes import DRESSES, METHODS, Asked
from proof.matrix.options import ROWS, Untouched, Walked
from proof.matrix.scene import Scene, Way, opened
from proof.matrix.states import STATES
from proof.matrix.walk import lets_in, refuses
from proof.matrix.ways import ways
from support.doors import ADAPTERS
from twofa_middleware.errors import PluginError
from twofa_middleware.plugins import GROUPS, plugin
from twofa_middleware.settings import Settings

WAYS = ways()
WALKED = [
    (f"{option} {number}", row, ADAPTERS[(place + number) % len(ADAPTERS)])
    for place, (option, rows) in enumerate(ROWS.items())
    for number, row in enumerate(rows if isinstance(rows, tuple) else (rows,))
    if isinstance(row, Walked)
]
OF_STRUCTS = {"AppSettings": "apps", "ServiceAccount": "service_accounts", "Insert": "apps.inserts"}


def options_of(struct: type[msgspec.Struct], place: str = "") -> Iterator[str]:
    """Every key of a section of the settings, and of the sections in it."""
    for field in msgspec.structs.fields(struct):
        key = f"{place}{field.name}"
        within = [kind for kind in _kinds(field.type) if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
        if not within or field.default is None or "tuple" in str(field.type):
            yield key
        for kind in within:
            yield from options_of(kind, f"{key}.")


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)


def set_by_ways() -> set[str]:
    tables = [table for way in WAYS.values() for table in way.settings.get("identity", [])]
    return {f"identity.{table['use']}.{option}" for table in tables for option in table}


def test_every_option_has_a_row() -> None:
    missing = set(options_of(Settings)) - {"apps"} - ROWS.keys()
    assert not missing, f"say in options.py what these have to do with a decision: {sorted(missing)}"


def test_every_option_of_a_resolver_has_a_row() -> None:
    known = ROWS.keys() | set_by_ways()
    for point in entry_points(group=GROUPS["identity"]):
        try:
            fields = msgspec.structs.fields(plugin("identity", point.name).Options)
        except PluginError:
            assert point.name == "django"
            continue
        missing = {f"identity.{point.name}.{field.name}" for field in fields} - known
        assert not missing, f"say in options.py what these have to do with a decision: {sorted(missing)}"


def test_no_row_is_of_an_option_that_is_gone() -> None:
    there = set(options_of(Settings)) | {
        f"identity.{point.name}.{field.name}"
        for point in entry_points(group=GROUPS["identity"])
        for field in msgspec.structs.fields(plugin("identity", point.name).Options)
    }
    assert ROWS.keys() <= there


def test_every_reason_is_a_sentence_and_every_row_names_states_that_there_are() -> None:
    names = {state.name for state in STATES}
    for rows in ROWS.values():
        for row in rows if isinstance(rows, tuple) else (rows,):
            assert row.reason if isinstance(row, Untouched) else set() < set(row.states) <= names


def asked_with(row: Walked) -> list[Asked]:
    """Some of each axis: paths of the app, an exempt one, and one of ours."""
    targets = ["/home", "/api/tasks", "//admin", "/login", "/static/site.css", f"{row.prefix}/account"]
    made = []
    for number, method in enumerate(METHODS):
        for place, target in enumerate(targets):
            if (number + place) % 2:
                continue
            leads = "exempt" if target in row.exempt else "own" if target.startswith(row.prefix) else "app"
            dress = DRESSES[(number + 3 * place) % len(DRESSES)]
            made.append(Asked(target, leads, method, ("", "/mnt")[number % 2], dress))
    return made


def way_with(row: Walked) -> Way:
    way = WAYS[row.way]
    if not row.resolver:
        return way
    return replace(way, settings=way.settings | {"identity": [way.settings["identity"][0] | row.resolver]})


@pytest.mark.parametrize(("row", "adapter"), [(row, adapter) for _, row, adapter in WALKED], ids=[w[0] for w in WALKED])
def test_a001_a020_no_option_lets_anybody_in_unverified(row: Walked, adapter: str, tmp_path: Path) -> None:
    with opened(adapter, tmp_path, way_with(row), **row.changes) as scene:
        if "enrolled" in row.states:
            _verified_is_let_in(scene, row)
        for state in STATES:
            if state.name in row.states:
                with state.begins(scene) as somebody:
                    refuses(scene, somebody, state.refusal, asked_with(row))


def _verified_is_let_in(scene: Scene, row: Walked) -> None:
    asked = [Asked(row.page, "app", method, mount) for method in METHODS for mount in ("", "/mnt")]
    lets_in(scene, scene.enrolled("zoe"), asked)

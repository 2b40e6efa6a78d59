"""The matrix: by whatever way somebody comes who may not pass, and whatever they ask, the app is not called once.

Attacks 1, 6, 7, 9, 10, 11, 12, 17, 20, 21, 65.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from proof.matrix.axes import covering, everything, plain
from proof.matrix.scene import Scene, opened
from proof.matrix.states import STATES, State
from proof.matrix.walk import lets_in, refuses
from proof.matrix.ways import ways
from support.doors import ADAPTERS
from twofa_middleware.plugins import GROUPS

WAYS = ways()
CELLS = [(adapter, name) for name in WAYS for adapter in ADAPTERS]


@pytest.fixture(scope="module", params=CELLS, ids=[f"{adapter}-{name}" for adapter, name in CELLS])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    adapter, name = request.param
    with opened(adapter, tmp_path_factory.mktemp("realm"), WAYS[name]) as scene:
        yield scene


def test_both_adapters_are_walked() -> None:
    assert ADAPTERS == ["wsgi", "asgi"]


def test_every_resolver_has_a_way() -> None:
    offered = {point.name for point in entry_points(group=GROUPS["identity"])}
    assert offered - {name.split()[0] for name in WAYS} <= {"django"}


@pytest.mark.parametrize("number", range(len(STATES)), ids=[state.name for state in STATES])
def test_a001_a006_a009_a011_nobody_reaches_the_app_unverified(scene: Scene, number: int) -> None:
    state: State = STATES[number]
    if state.needs_session and not scene.way.shows_session:
        return
    with state.begins(scene) as somebody:
        refuses(scene, somebody, state.refusal, covering(number))


def test_who_has_verified_does_reach_it(scene: Scene) -> None:
    zoe = scene.enrolled("zoe")
    lets_in(scene, zoe, plain())


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a006_a007_a010_a012_no_combination_of_all_that_can_be_asked_reaches_it(adapter: str, tmp_path: Path) -> None:
    with opened(adapter, tmp_path, WAYS["signed_cookie"]) as scene:
        refuses(scene, scene.elsewhere(scene.enrolled(), "erin"), "verify", everything())

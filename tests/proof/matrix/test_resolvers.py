"""The matrix: by whatever way somebody comes who may not pass, and whatever they ask, the app is not called once.

Attacks 1, 6, 7, 9, 10, 11, 12, 17, 20, 21, 65.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.metadata import entry_points
from itertools import islice
from pathlib import Path

import pytest

from proof.matrix.axes import DRESSES, Dress, covering, everything, plain
from proof.matrix.scene import Scene, opened
from proof.matrix.states import STATES, State
from proof.matrix.walk import lets_in, lets_in_sockets, refuses, refuses_sockets
from proof.matrix.ways import ways
from support.doors import ADAPTERS
from twofa_middleware.cli.key_files import replace_ring
from twofa_middleware.keyring import KeyRing
from twofa_middleware.plugins import GROUPS
from twofa_middleware_asgi.middleware import UnsupportedScope

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
    assert offered - {name.split()[0] for name in WAYS} == {"django"}, "give it a way in ways.py"


@pytest.mark.parametrize("number", range(len(STATES)), ids=[state.name for state in STATES])
def test_a001_a006_a009_a011_a013_nobody_reaches_the_app_unverified(scene: Scene, number: int) -> None:
    state: State = STATES[number]
    if state.needs_session and not scene.way.shows_session:
        return
    with state.begins(scene) as somebody, scene.deciding_each() if number % 2 else nullcontext():
        refuses(scene, somebody, state.refusal, covering(number))
        if scene.adapter == "asgi":
            refuses_sockets(scene, somebody, state.refusal, islice(covering(number), number % 5, None, 5))


def test_who_has_verified_does_reach_it(scene: Scene) -> None:
    zoe = scene.enrolled("zoe")
    lets_in(scene, zoe, plain())
    if scene.adapter == "asgi":
        lets_in_sockets(scene, zoe, islice(plain(), 12))


@pytest.mark.parametrize("kind", ["webtransport", "http.disconnect", "HTTP", "", "http2", "lifespan.startup", "push"])
def test_a016_a_connection_of_another_type_reaches_it_for_nobody(kind: str, scene: Scene) -> None:
    if scene.adapter == "asgi":
        wire = scene.open_of_type(scene.somebody("erin"), kind)
        assert (type(wire.error), wire.sent, scene.stage.spy.calls) == (UnsupportedScope, [], [])


@pytest.mark.parametrize(("adapter", "dresses"), [("wsgi", DRESSES[::2]), ("asgi", DRESSES[1::2])], ids=ADAPTERS)
def test_a006_a007_a010_a012_no_combination_of_all_that_can_be_asked_reaches_it(
    adapter: str, dresses: tuple[Dress, ...], tmp_path: Path
) -> None:
    with opened(adapter, tmp_path, WAYS["signed_cookie"]) as scene:
        refuses(scene, scene.elsewhere(scene.enrolled(), "erin"), "verify", everything(dresses))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a021_a117_under_a_ring_without_the_key_of_before_nobody_is_let_in(adapter: str, tmp_path: Path) -> None:
    """Neither by a pass that it vouches for nor as somebody who has no second factor; and nobody is thought of as new."""
    way = WAYS["signed_cookie"]
    with opened(adapter, tmp_path, way) as scene:
        erin = scene.enrolled()
        lets_in(scene, erin, islice(plain(), 12))
    retire_key_of_before(tmp_path / "var" / "keys.toml")
    with opened(adapter, tmp_path, way) as scene:
        scene.stage.clock.on(30)
        refuses(scene, dataclasses.replace(scene.somebody("erin"), cookies=erin.cookies), "fault", covering(0))
        refuses(scene, scene.somebody("erin", "login-2"), "fault", covering(1))
        lets_in(scene, scene.enrolled("zoe"), islice(plain(), 12))


def retire_key_of_before(file: Path) -> None:
    before = KeyRing.parse(file.read_text(), "ring")
    both = before.with_new_key()
    assert both.prepared
    rotated = both.made_current(both.prepared)
    replace_ring(file, before, rotated)
    replace_ring(file, rotated, rotated.without(before.current))

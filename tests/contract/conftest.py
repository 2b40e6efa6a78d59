"""The contract of both adapters: each test runs on every adapter that is installed, with the same expectations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import portal
from support.both_ways import BothWays
from support.doors import ADAPTERS, Wrap, door, wrapping
from support.realm import Clock, Realm, make_realm
from support.spy import Behaviour, Spy
from support.stage import Open, Stage
from support.visitor import Visitor


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(autouse=True)
def _fresh_portal() -> None:
    portal.reset()


@pytest.fixture
def open_stage(wrap: Wrap, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Open:
    """Open a realm: ``open_stage(enforcement=…, shop=…, routes=…)``. What may be told nowhere: ``tests/conftest.py``."""
    caplog.set_level(logging.DEBUG, "twofa_middleware")

    def opened(routes: dict[str, Behaviour] | None = None, **changes: Any) -> Stage:
        return Stage(make_realm(tmp_path, **changes), {"shop": Spy(routes), "office": Spy(routes)}, wrap)

    return opened


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    """The realm as it is without any change of its settings."""
    return open_stage()


@pytest.fixture
def realm(stage: Stage) -> Realm:
    return stage.realm


@pytest.fixture
def clock(realm: Realm) -> Clock:
    return realm.clock


@pytest.fixture
def spy(stage: Stage) -> Spy:
    return stage.spy


@pytest.fixture
def visitor(stage: Stage) -> Visitor:
    return stage.visitor()


@pytest.fixture
def wrap(adapter: str) -> Iterator[Wrap]:
    """Put an app behind the gate: ``wrap(realm, spy, name="shop")``; without a realm, the app as it is."""
    with wrapping(adapter) as wrapped:
        yield wrapped


OpenBoth = Callable[..., BothWays]


@pytest.fixture
def open_both(adapter: str, tmp_path: Path) -> Iterator[OpenBoth]:
    """An app behind two gates, one of which remembers: ``open_both(routes, shop=…)``."""
    opened: list[BothWays] = []

    def open_both(routes: dict[str, Behaviour] | None = None, **changes: Any) -> BothWays:
        opened.append(BothWays.of(door(adapter), adapter, make_realm(tmp_path, **changes), routes))
        return opened[-1]

    yield open_both
    for both in opened:
        both.close()

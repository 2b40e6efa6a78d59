"""A shop behind the gate, on each adapter, whose work is written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.both_ways import Gated
from support.doors import ADAPTERS, door
from support.realm import make_realm
from support.visitor import Visitor


@pytest.fixture(params=ADAPTERS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gated]:
    """The gate decides each request anew."""
    shop = Gated(door(request.param), request.param, make_realm(tmp_path), None)
    shop.gate._shortcut = None
    yield shop
    shop.close()


@pytest.fixture
def erin(shop: Gated) -> Visitor:
    """Somebody with two-factor authentication on; a new code is there already."""
    erin = shop.visitor("erin")
    erin.set_up()
    shop.realm.clock.on(30)
    return erin

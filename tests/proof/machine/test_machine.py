"""Any order of moves: both adapters and both stores do, step by step, what the model says.

The walks are the same each time. With ``TWOFA_MACHINE_EXAMPLES`` so many others are walked, of ``TWOFA_MACHINE_STEPS``
moves each: ``make machine``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from proof.machine.machine import Machine
from proof.machine.sides import Side
from support.realm import Clock

IS_LONG = "TWOFA_MACHINE_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TWOFA_MACHINE_EXAMPLES", "50"))
STEPS = int(os.environ.get("TWOFA_MACHINE_STEPS", "30"))
PAIRS = {
    "wsgi-sqlite-asgi-redis": (("wsgi", "sqlite"), ("asgi", "redis")),
    "wsgi-redis-asgi-sqlite": (("wsgi", "redis"), ("asgi", "sqlite")),
}


@pytest.fixture(params=PAIRS.values(), ids=PAIRS)
def machine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Machine]]:
    """On a machine that is busy with other tests a store may take its time: here it fails when it is told to."""
    for name in ("redis_deadline.SOCKET_SECONDS", "redis_deadline.QUESTION_SECONDS", "sqlite.PATIENCE_SECONDS"):
        monkeypatch.setattr(f"twofa_middleware.stores.{name}", 20.0)
    clock = Clock()
    sides = [Side(adapter, kind, tmp_path / adapter, clock) for adapter, kind in request.param]

    class OnThese(Machine):
        pass

    OnThese.sides, OnThese.clock = sides, clock
    # A seed of its own for each pair, so that they walk other ways.
    yield OnThese if IS_LONG else seed(list(PAIRS.values()).index(request.param))(OnThese)
    for side in sides:
        side.close()


def test_a001_a033_a034_a049_a077_a079_a080_a081_a083_in_any_order_of_moves_both_sides_do_as_the_model(
    machine: type[Machine],
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            print_blob=False,
        ),
    )
    print(f"{machine.walked} steps")

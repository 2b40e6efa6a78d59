"""The store is an older copy: the doctor says so, and what is in it can be carried into a new store. Attack 113."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.cli.conftest import Twofa
from core.cli.houses import DO, another_store, exported, store_of
from support.realm import ORIGIN
from support.stage import Open, Stage
from support.visitor import Visitor
from twofa_middleware.moving import stream
from twofa_middleware.stores.line import MOST_LOST, tick

WATCHED: dict[str, Any] = {
    "store": {"url": "sqlite:///var/twofa.db", "witness": "var/twofa.witness"},
    "events": {"carry": False},  # but for the test, so that it knows how far the store is
}
OTHER = WATCHED | {"store": {"url": "sqlite:///var/other.db", "witness": "var/twofa.witness"}}


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def stage(open_realm: Open) -> Stage:
    return open_realm(**WATCHED)


def go_on(stage: Stage, visitor: Visitor, ticks: int) -> None:
    with store_of(stage) as store:
        for _ in range(ticks):
            tick(store, stage.clock.now)
    stage.clock.on(10)
    assert visitor.go("/home").status == 200


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    """Somebody with a pass, in an older copy that stands in the place of the store."""
    visitor = stage.enrolled("erin")
    go_on(stage, visitor, 1)
    file = stage.realm.store_file
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = file.read_bytes()
    go_on(stage, visitor, 2 * MOST_LOST)
    stage.exchange().runtime.close()  # type: ignore[attr-defined]
    for path in (file.with_name("twofa.db-wal"), file.with_name("twofa.db-shm")):
        path.unlink(missing_ok=True)
    file.write_bytes(copy)
    return visitor


def findings(twofa: Twofa) -> dict[str, str]:
    return {one["name"]: one["remedy"] for one in twofa("doctor", "--json").document["findings"]}


def test_the_doctor_tells_an_older_copy_and_what_to_do(twofa: Twofa, erin: Visitor) -> None:
    found = findings(twofa)
    assert "witness does not tell" not in found
    assert found["store is an older copy"].startswith("put the newer one back; or carry this one into a new store")


def test_the_doctor_says_nothing_of_a_store_that_goes_on(twofa: Twofa, stage: Stage) -> None:
    assert "witness does not tell" in findings(twofa)
    go_on(stage, stage.enrolled("erin"), 2 * MOST_LOST)
    assert not {"store is an older copy", "witness does not tell"} & findings(twofa).keys()


def test_a113_an_older_copy_is_carried_into_a_new_store_where_nothing_counts_again(
    twofa: Twofa, folder: Path, stage: Stage, erin: Visitor
) -> None:
    exported(twofa, folder)
    there = another_store(stage, "", **OTHER)
    done = twofa("restore", "realm.twofa", *DO, "--file", "there.toml")
    assert done.code == 0, done.err
    reply = erin.at(there.exchange(), ORIGIN, "shop").go("/home")
    assert reply.status == 303
    assert reply.header("location").startswith("/2fa/verify")

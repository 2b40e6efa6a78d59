"""What was refused because no replica has it is refused again when it is found there. Attack 113."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from core.cli.conftest import Twofa
from core.cli.houses import DO, another_store, exported
from support.redis_servers import a_replica_of, a_server, wait_until
from support.stage import Stage
from twofa_middleware.moving import stream

ACTS = {
    "disable": ("disable", "erin", "--reason", "lost phone", "--yes"),
    "enforce": ("enforce", "Editors", "--unseen", "--yes"),
    "import": ("import", "realm.twofa", *DO),
}
INTO = ("--file", "there.toml")
UNHURRIED = ("--repl-timeout", "300")


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.mark.parametrize("act", ACTS)
def test_a113_what_may_not_last_is_told_as_done_only_when_a_replica_has_it(
    stage: Stage, twofa: Twofa, folder: Path, act: str
) -> None:
    stage.enrolled("erin")
    exported(twofa, folder)
    with a_server(*UNHURRIED) as primary, a_replica_of(primary, *UNHURRIED) as replica:
        there = another_store(stage, primary.url, store={"url": primary.url, "acknowledge": {"replicas": 1}})
        if act != "import":
            there.enrolled("erin")
        written = primary.info("replication")["master_repl_offset"]
        wait_until(lambda: int(replica.info("replication")["slave_repl_offset"]) >= int(written), "it has all")
        replica.signal(signal.SIGSTOP)
        try:
            for _ in range(2):
                done = twofa(*ACTS[act], *INTO)
                assert (done.code, done.out.count("is enforced")) == (1, 0)
                assert "may not last: 0 of 1 replicas have it" in done.err
        finally:
            replica.signal(signal.SIGCONT)
        wait_until(lambda: twofa(*ACTS[act], *INTO).code == (1 if act == "disable" else 0), "it is done")
        done = twofa(*ACTS[act], *INTO)
        assert "may not last" not in done.err
        assert {
            "disable": "nothing to switch off" in done.err,
            "enforce": "as it was before" in done.out,
            "import": "1 there already" in done.out or "there already" in done.out,
        }[act]


def test_a113_in_strict_without_a_replica_nothing_that_matters_is_done_and_the_doctor_says_why(
    stage: Stage, twofa: Twofa
) -> None:
    with a_server() as alone:
        another_store(stage, alone.url, profile="strict")
        made = twofa("setup-code", "erin", "--unseen", "--reason", "new", "--yes", *INTO)
        assert (made.code, "may not last: 0 of 1 replicas have it" in made.err) == (1, True)
        found = twofa("doctor", *INTO, "--json").document["findings"]
        (finding,) = (one for one in found if one["name"] == "acknowledge without replicas")
        assert "acknowledge = { fsync = true }" in finding["remedy"]


def test_a113_in_strict_a_replica_or_the_disk_is_enough(stage: Stage, twofa: Twofa) -> None:
    with a_server(*UNHURRIED) as primary, a_replica_of(primary, *UNHURRIED):
        there = another_store(stage, primary.url, profile="strict")
        wait_until(lambda: primary.info("replication")["connected_slaves"] == "1", "it has a replica")
        there.enrolled("erin")
        assert twofa("disable", "erin", "--reason", "lost phone", "--yes", *INTO).code == 0
    with a_server("--appendonly", "yes", "--appendfsync", "always") as alone:
        url = {"url": alone.url, "acknowledge": {"fsync": True}}
        another_store(stage, alone.url, store=url, profile="strict").enrolled("wendy")
        assert twofa("disable", "wendy", "--reason", "lost phone", "--yes", *INTO).code == 0

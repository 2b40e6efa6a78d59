"""The operations on a Redis, whose answers come on the command's own event loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.conftest import Twofa
from core.settings.documents import SMALLEST
from support.redis_servers import Server, a_server


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as started:
        yield started


def test_a_realm_on_redis_is_operated_alike(twofa: Twofa, folder: Path, server: Server) -> None:
    (folder / "twofa.toml").write_text(f"store = {json.dumps(server.url)}\n" + SMALLEST)
    assert twofa("init").code == 0
    assert twofa("users").err == "twofa: nobody was found\n"
    assert twofa("enforce", "Cook", "--unseen", "--yes").code == 0
    assert twofa("status", "--json").document["roles"]["enforced"] == ["Cook"]
    assert [event["name"] for event in twofa("events", "--json").document["events"]] == ["role enforced"]
    assert twofa("forget", "erin", "--yes", "--reason", "theft").code == 1


def test_a_redis_that_has_gone_is_code_1_in_one_line(twofa: Twofa, folder: Path, server: Server) -> None:
    (folder / "twofa.toml").write_text(f"store = {json.dumps(server.url)}\n" + SMALLEST)
    assert twofa("init").code == 0
    server.say("SHUTDOWN", "NOSAVE")
    done = twofa("users")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "did not answer" in done.err

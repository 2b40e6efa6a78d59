"""A store over the network: what is connected in one process is never used in another, however workers are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.commands import WAYS
from servers.site import asks_after_each_log_in, prepare
from support.redis_servers import Server as Redis
from support.redis_servers import a_server
from support.servers import running

MANY = [name for name, way in WAYS.items() if any("workers=" in word for word in way.command)]


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with a_server() as server:
        yield server


@pytest.mark.parametrize("name", MANY)
def test_workers_share_a_redis_and_no_connection(tmp_path: Path, redis: Redis, name: str) -> None:
    way = WAYS[name]
    redis.say("FLUSHALL")
    with running(tmp_path, *way.command, environ=prepare(tmp_path, redis.url) | way.environ) as server:
        asks_after_each_log_in(server)
    assert "Traceback" not in server.log(), server.log()

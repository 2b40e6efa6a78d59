"""What the keys of a user take in Redis, as MEMORY USAGE counts them, stays within a kilobyte."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from support.realm import NOW
from support.redis_servers import shared_redis
from support.stores import ask, redis_at
from twofa_middleware.asks import WriteRecords
from twofa_middleware.protocol import Login

PROGRAM = Path(__file__).parents[3] / "benchmarks" / "store_size.py"
LOGIN = Login("100000", "session", "a person", "person@example.org")


@pytest.fixture
def client() -> Iterator[Any]:
    """A database that only this module uses."""
    with redis.Redis(port=shared_redis().port, db=11) as made:
        made.flushdb()
        yield made


def test_an_account_with_ten_codes_three_browsers_and_a_pass_takes_a_kilobyte_at_most(client: Any) -> None:
    program = runpy.run_path(str(PROGRAM))
    site = program["site"]()
    records = program["records_of"](site, LOGIN, NOW)
    whole = program["with_the_rest"](site, LOGIN, records, NOW)
    user = site.user_key(LOGIN)
    with redis_at(f"{shared_redis().url}/11", "main") as store:
        for some, keys, most in ((records, 2, 900), (whole, 4, 1280)):
            client.delete(*(client.keys(f"*{{{user}}}*") or ["none"]))
            ask(store, WriteRecords(user, 0, some, NOW))
            found = client.keys(f"*{{{user}}}*")
            assert len(found) == keys
            assert {client.object("ENCODING", key) for key in found} == {b"listpack"}
            assert sum(client.memory_usage(key, samples=0) for key in found) <= most


def test_the_program_that_measures_runs(client: Any, patience: None, capsys: pytest.CaptureFixture[str]) -> None:
    program = runpy.run_path(str(PROGRAM))
    program["measure_sqlite"](5, events=20)
    program["measure_redis"](f"{shared_redis().url}/11", 40, written=20)
    out = capsys.readouterr().out
    assert "5 users\n  everything: " in out
    assert "40 users, realm 'main'\n  account, codes, browsers, pass: " in out
    assert re.search(r"account \d+, rows \d+, seen \d+, long \d+, index \d+; encodings {'listpack': \d+}\n", out)
    assert out.count("an event in the realm's list: ") == 2

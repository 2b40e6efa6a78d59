"""What is damaged in a Redis is told, never taken for missing, and nothing is changed on its account. Attack 115."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from support.redis_servers import shared_redis
from support.stores import (
    ALICE,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_browser,
    a_pass,
    a_row,
    a_setup,
    ask,
    enrol,
    look,
    notes_of,
    open_pass,
    redis_at,
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreError, UnreadableRecord
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import keys_of, realm_keys

REALM = "damage"
ACCOUNT, ROWS, PENDING, SEEN, LOG, LONG = keys_of(REALM, ALICE)
ROLES, REALM_LOG, _, EVENTS, COUNTS, MARKS = realm_keys(REALM)


@pytest.fixture
def client() -> Iterator[Any]:
    """A database that only this module uses."""
    with redis.Redis(port=shared_redis().port, db=9) as made:
        made.flushdb()
        yield made


@pytest.fixture
def store(client: Any) -> Iterator[RedisStore]:
    with redis_at(f"{shared_redis().url}/9", REALM) as made:
        yield made


@pytest.mark.parametrize("key", [LOG, LONG, SEEN, ROWS, PENDING])
def test_a_change_whose_notes_or_rows_cannot_be_written_does_not_happen(
    store: RedisStore, client: Any, key: str
) -> None:
    enrol(store)
    before = {name: client.dump(name) for name in (ACCOUNT, ROWS, SEEN, LOG, LONG) if name != key}
    client.set(key, "x")
    notes = notes_of("spent", outcome="spent", person=b"who")
    for question in (
        spend_step(opens=a_pass(), remembers=a_browser(), ends=b"first", notes=notes),
        spend_code(opens=a_pass(), notes=notes),
        asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW, notes),
    ):
        with pytest.raises(StoreError):
            ask(store, question)
        assert {name: client.dump(name) for name in before} == before


@pytest.mark.parametrize(
    "spoil",
    [
        ["HSET", ROWS, "psecond", "rubbish"],
        ["HSET", ROWS, "bbrowser", "1 nan 1e99 rubbish"],
        ["HSET", SEEN, "frubbish", "1"],
        ["HSET", SEEN, "rrubbish", "1"],
        ["HSET", SEEN, "f1700000000", "rubbish"],
        ["HSET", SEEN, "n", "rubbish"],
        ["HSET", SEEN, "w", "rubbish"],
    ],
    ids=str,
)
def test_a_change_that_cannot_read_what_is_there_does_not_happen(
    store: RedisStore, client: Any, spoil: list[str]
) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser("second")))
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    client.execute_command(*spoil)
    names = (ACCOUNT, ROWS, PENDING, SEEN, LOG)
    before = {name: client.hgetall(name) for name in names}
    for question in (
        asks.TakeAttempt(ALICE, NOW),
        spend_step(step=STEP + 2, opens=a_pass(), remembers=a_browser(), ends=b"first"),
        spend_code(opens=a_pass(), remembers=a_browser()),
        turn_on(generation=GENERATION),
        asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW),
    ):
        with pytest.raises(StoreError):
            ask(store, question)
        assert {name: client.hgetall(name) for name in names} == before


@pytest.mark.parametrize(
    "spoil",
    [
        ["HDEL", ACCOUNT, "g"],
        ["HDEL", ACCOUNT, "r"],
        ["HSET", ACCOUNT, "s", "rubbish"],
        ["HSET", ACCOUNT, b"a\xff", "x"],
        ["SET", ACCOUNT, "x"],
        ["SET", ROWS, "x"],
        ["HSET", ROWS, "bother", "rubbish"],
        ["HSET", SEEN, "frubbish", "1"],
        ["HSET", SEEN, "f1800000000", "rubbish"],
        ["HSET", SEEN, "r1800000000", "rubbish"],
        ["HSET", SEEN, "n", "rubbish"],
        ["HSET", SEEN, "w", "rubbish"],
        ["HSET", SEEN, "mrule", "rubbish"],
        ["HSET", SEEN, b"m\xff", "1"],
        ["HSET", LOG, "eid", "rubbish"],
        ["SET", LOG, "x"],
        ["SET", LONG, "x"],
    ],
    ids=str,
)
def test_a115_what_is_damaged_is_not_left_out_of_what_is_carried_elsewhere(
    store: RedisStore, client: Any, spoil: list[str | bytes]
) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    client.execute_command(*spoil)
    with pytest.raises((StoreError, UnreadableRecord)):
        ask(store, asks.ReadRecords(ALICE))


@pytest.mark.parametrize("key", [ACCOUNT, ROWS, PENDING, SEEN, LOG, LONG])
def test_records_that_cannot_all_be_written_are_not_written(store: RedisStore, client: Any, key: str) -> None:
    enrol(store)
    records = ask(store, asks.ReadRecords(ALICE))
    before = {name: client.dump(name) for name in (ACCOUNT, ROWS, SEEN) if name != key}
    client.delete(key)
    client.set(key, "x")
    records = dataclasses.replace(records, person=b"who", met={"rule": NOW}, failures={NOW: 1}, log=(a_row("event"),))
    with pytest.raises(StoreError):
        ask(store, asks.WriteRecords(ALICE, GENERATION, records, NOW))
    assert {name: client.dump(name) for name in before} == before


def test_notes_that_are_not_whole_change_nothing(store: RedisStore, client: Any) -> None:
    enrol(store)
    before = client.hgetall(ACCOUNT)
    for part in ("id", "at", "ready_at", "record"):
        row = dataclasses.replace(a_row("event"), **{part: None})  # type: ignore[arg-type]
        for outcome in ("spent", "moved"):
            notes = asks.Notes({outcome: (a_row("whole"), row)}, takes_back=b"x", person=b"who")
            with pytest.raises(StoreError):
                ask(store, spend_step(notes=notes))
    assert client.hgetall(ACCOUNT) == before
    assert client.exists(LOG, LONG) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        ["HSET", ACCOUNT, "g", "rubbish"],
        ["HDEL", ACCOUNT, "g"],
        ["HDEL", ACCOUNT, "r"],
        ["HDEL", ACCOUNT, "s"],
        ["HSET", ACCOUNT, b"a\xff", "x"],
        ["HSET", ROWS, "pfirst", "rubbish"],
        ["HSET", ROWS, "pfirst", "1 nan 1e99 rubbish"],
        ["HSET", ROWS, "pfirst", b"\1" + bytes(5) + b"\x7f" + bytes(4)],
        ["SET", ACCOUNT, "x"],
        ["SET", ROWS, "x"],
    ],
    ids=str,
)
def test_a115_a_damaged_record_is_no_missing_one(store: RedisStore, client: Any, spoil: list[str | bytes]) -> None:
    enrol(store)
    client.execute_command(*spoil)
    with pytest.raises((StoreError, UnreadableRecord)):
        ask(store, look(pass_="first", browser="browser"))


@pytest.mark.parametrize(
    ("spoil", "question"),
    [
        (["HSET", ROLES, "role", "rubbish"], asks.ReadRoles()),
        (["HSET", ROLES, b"\xff", "1 record"], asks.ReadRoles()),
        (["SET", ROLES, "x"], asks.ReadRoles()),
        (["SET", ROLES, "x"], asks.WriteRole(asks.RoleRow("role", 1, b""), NOW, notes_of("flag"))),
        (["XADD", EVENTS, "*", "u", "alice"], asks.ReadEvents(None, 10)),
        (["XADD", EVENTS, "*", "u", "alice", "i", "id", "a", "x", "r", "record"], asks.FollowEvents(None, 10)),
        (["SET", EVENTS, "x"], asks.FollowEvents("1-1", 10)),
        (["HSET", COUNTS, "rubbish", "1"], asks.ReadCounts(0)),
        (["HSET", COUNTS, "1 verify", "x"], asks.ReadCounts(0)),
        (["HSET", MARKS, "lsweep", "rubbish"], asks.TakeLease("sweep", "server", NOW + 1, NOW)),
        (["HSET", SEEN, "mrule", "rubbish"], asks.ReadSummary(ALICE, NOW)),
        (["SET", LONG, "x"], asks.ReadSummary(ALICE, NOW)),
        (["HSET", LONG, "p", "rubbish"], asks.ReadSummary(ALICE, NOW)),
        (["HSET", LONG, "p", "9 short"], asks.ReadSummary(ALICE, NOW)),
        (["HSET", LONG, "p", "2 long"], asks.ReadSummary(ALICE, NOW)),
        (["HSET", LONG, "p", "99 begin", "p2", "end"], asks.ReadSummary(ALICE, NOW)),
        (["HSET", LONG, "r1", "the end"], asks.ReadRecords(ALICE)),
    ],
    ids=str,
)
def test_a115_what_is_damaged_in_the_realm_is_told(
    store: RedisStore, client: Any, spoil: list[str | bytes], question: Any
) -> None:
    client.execute_command(*spoil)
    with pytest.raises((StoreError, UnreadableRecord)):
        ask(store, question)
    assert client.exists(REALM_LOG) == 0


def test_a_flag_that_is_damaged_is_not_written_over(store: RedisStore, client: Any) -> None:
    client.hset(ROLES, "role", "rubbish")
    assert ask(store, asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW)) == asks.Moved()
    assert client.hget(ROLES, "role") == b"rubbish"


def test_a115_a_damaged_account_is_no_reason_to_begin_a_new_one(store: RedisStore, client: Any) -> None:
    enrol(store)
    client.hdel(ACCOUNT, "g")
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    for question in (turn_on(), open_pass(generation=0)):
        with pytest.raises(StoreError):
            ask(store, question)
    assert client.hkeys(ROWS) == [b"pfirst"]

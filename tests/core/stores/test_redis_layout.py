"""What lies in a Redis: the keys of the design, one slot a user, short fields, whole numbers. Attacks 109, 115."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from support.redis_servers import shared_redis
from support.stores import (
    ALICE,
    DAY,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    a_setup,
    account_of,
    ask,
    enrol,
    fail,
    look,
    open_pass,
    redis_at,
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreError, UnreadableRecord
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_encoding import ANSWERS
from twofa_middleware.stores.redis_scripts import LIMITS, script_of

BIG = 2**53 + 1  # the first whole number that a double has not
REALM = "layout"
ALL_KEYS = [f"2fa:{REALM}:{{alice}}:{name}" for name in ("account", "passes", "browsers", "pending")]
ACCOUNT, PASSES, BROWSERS, PENDING = ALL_KEYS
SEEN = f"2fu:{REALM}:{{alice}}:seen"


@pytest.fixture
def client() -> Iterator[Any]:
    """A look at what really lies there, in a database that only this module uses."""
    with redis.Redis(port=shared_redis().port, db=7) as made:
        made.flushdb()
        yield made


@pytest.fixture
def store(client: Any) -> Iterator[RedisStore]:
    with redis_at(f"{shared_redis().url}/7", REALM) as made:
        yield made


def have_everything(store: RedisStore) -> None:
    """Ten codes, a proven and an unproven pass, three browsers, a set-up, waits and tries; records as long as real ones."""
    codes = frozenset(bytes([number]) * 20 for number in range(10))
    change = dataclasses.replace(a_change(BIG, codes=codes, a1b2c3d4=b"x" * 53), roster=b"r" * 55)
    enrol(store, change=change, opens=digested("first", a_pass(proven=True)))
    for number in range(3):
        browser = digested(f"browser-{number}", a_browser())
        ask(store, spend_step(generation=BIG, authenticator="a1b2c3d4", step=STEP + 1 + number, remembers=browser))
    ask(
        store,
        open_pass(digested("none", a_pass()), generation=BIG, browser_digest=digested("browser-0", a_browser()).digest),
    )
    ask(store, asks.TouchPass(ALICE, digested("first", a_pass()).digest, NOW + 60))
    ask(store, asks.BeginSetup(ALICE, digested("setup", a_setup()), NOW))
    ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    fail(store, 7)


def digested(name: str, row: Any) -> Any:
    return dataclasses.replace(row, digest=name.encode().ljust(32, b"."), record=name.encode().ljust(60, b"."))


def test_a_user_has_the_five_keys_of_the_design_and_all_lie_in_one_slot(store: RedisStore, client: Any) -> None:
    have_everything(store)
    names = {key.decode() for key in client.keys("*")}
    assert names == {*ALL_KEYS, SEEN, f"2fa:{REALM}:id"}
    assert len({key_slot(name.encode()) for name in (*ALL_KEYS, SEEN)}) == 1


def test_fields_are_short_and_hashes_stay_compact(store: RedisStore, client: Any) -> None:
    have_everything(store)
    for key in (*ALL_KEYS, SEEN):
        found = client.hgetall(key)
        assert max(map(len, (*found.keys(), *found.values()))) <= 64
        assert client.object("ENCODING", key) == b"listpack"


def test_a_stopped_user_with_every_pass_and_browser_has_bounded_records(store: RedisStore, client: Any) -> None:
    enrol(store)
    for number in range(60):
        ask(store, open_pass(a_pass(f"pass-{number}", at=NOW + number), at=NOW + number))
        ask(store, asks.TouchPass(ALICE, f"pass-{number}".encode(), NOW + 60 + number))
        ask(
            store,
            spend_step(step=STEP + 1 + number, attempt_at=0, remembers=a_browser(f"browser-{number}", at=NOW + number)),
        )
    fail(store, asks.STOP_FAILURES, at=NOW + 100)
    for second in range(100):
        ask(store, asks.TakeAttempt(ALICE, NOW + 40 * DAY + second))
        ask(store, asks.TakeRecoveryAttempt(ALICE, NOW + 40 * DAY + second))
    assert client.hlen(PASSES) == 2 * (asks.MOST_UNPROVEN_PASSES + 1)
    assert client.hlen(BROWSERS) == 2 * asks.MOST_BROWSERS
    failures = {name: int(count) for name, count in client.hgetall(SEEN).items() if name[:1] == b"f"}
    assert sum(failures.values()) == asks.STOP_FAILURES
    recoveries = [name for name in client.hkeys(SEEN) if name[:1] == b"r"]
    assert len(recoveries) == asks.RECOVERY_ATTEMPTS
    assert len([name for name in client.hkeys(SEEN) if name[:1] == b"p"]) == asks.MOST_UNPROVEN_PASSES


def test_a_generation_beyond_53_bits_is_told_from_its_neighbours(store: RedisStore) -> None:
    enrol(store, change=a_change(BIG))
    assert account_of(store).generation == BIG
    for other in (BIG - 1, BIG + 1):
        assert ask(store, open_pass(generation=other)) == asks.Moved()
        assert ask(store, spend_step(generation=other)) == asks.Moved()
        assert ask(store, spend_code(generation=other)) == asks.Moved()
        ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
        assert ask(store, turn_on(generation=other)) == asks.Moved()
    assert ask(store, open_pass(generation=BIG)) == asks.Done()
    assert ask(store, spend_step(generation=BIG, change=a_change(2**63 - 1))) == asks.Spent(codes_left=3)
    assert account_of(store).generation == 2**63 - 1


def test_records_digests_and_codes_are_any_bytes(store: RedisStore) -> None:
    every = bytes(range(256)) * 5
    change = asks.Change(GENERATION, every, {"phone": every, "a}b{c": b""}, frozenset({every, b"\0", b"\xff" * 20}))
    ask(store, asks.BeginSetup(ALICE, asks.SetupRow(every, every, NOW, NOW + 600), NOW))
    opens = asks.PassRow(every, every, True, NOW, NOW + 9, NOW)
    assert ask(store, dataclasses.replace(turn_on(change=change, opens=opens), setup_digest=every)) == asks.Spent(
        codes_left=3
    )
    seen = ask(store, asks.Look(ALICE, every, None, NOW))
    assert seen.pass_row == opens
    assert seen.account == asks.AccountRow(GENERATION, STEP, every, change.authenticators, change.codes)
    assert ask(store, spend_code(code=every)) == asks.Spent(codes_left=2)


def test_a109_what_has_expired_does_not_lie_there_for_ever(store: RedisStore, client: Any) -> None:
    have_everything(store)
    ask(store, open_pass(a_pass("longer", lasts=2 * DAY), generation=BIG))
    assert [client.ttl(key) for key in (ACCOUNT, SEEN)] == [-1, -1]
    assert 2 * DAY - 60 < client.ttl(PASSES) <= 2 * DAY
    assert 90 * DAY - 60 < client.ttl(BROWSERS) <= 90 * DAY
    assert 540 < client.ttl(PENDING) <= 600
    client.delete(PASSES)  # as if its time had come
    ask(store, open_pass(a_pass("next"), generation=BIG))
    assert [name for name in client.hkeys(SEEN) if name[:1] == b"p"] == []


def test_the_last_use_of_a_pass_that_ended_is_not_that_of_the_next_one_of_its_name(store: RedisStore) -> None:
    enrol(store)
    for end in (
        asks.EndPass(ALICE, b"pass", NOW),
        asks.ForgetBrowsers(ALICE, None, NOW),
        spend_step(ends=b"pass"),
        open_pass(),
        spend_step(step=STEP + 2, change=a_change(GENERATION)),
    ):
        ask(store, open_pass())
        ask(store, asks.TouchPass(ALICE, b"pass", NOW + 60))
        ask(store, end)
        ask(store, open_pass())
        assert ask(store, look(pass_="pass")).pass_row == a_pass(), end


def test_a_touch_changes_nothing_of_what_near_caches_keep(store: RedisStore, client: Any) -> None:
    have_everything(store)
    before = {key: client.hgetall(key) for key in ALL_KEYS}
    ask(store, asks.TouchPass(ALICE, digested("first", a_pass()).digest, NOW + 120))
    fail(store, 1, at=NOW + DAY)
    assert {key: client.hgetall(key) for key in ALL_KEYS} == before


def test_after_disable_the_account_and_its_last_step_stay(store: RedisStore, client: Any) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 5, change=NO_FACTORS))
    assert client.hgetall(ACCOUNT) == {
        b"g": str(GENERATION + 1).encode(),
        b"s": str(STEP + 5).encode(),
        b"r": b"empty roster",
    }
    assert client.exists(PASSES, BROWSERS, PENDING) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        ["HSET", ACCOUNT, "g", "rubbish"],
        ["HDEL", ACCOUNT, "g"],
        ["HDEL", ACCOUNT, "r"],
        ["HDEL", ACCOUNT, "s"],
        ["HSET", ACCOUNT, b"a\xff", "x"],
        ["HSET", PASSES, "tfirst", "rubbish"],
        ["HSET", PASSES, "tfirst", "1 nan 1e99"],
        ["HDEL", PASSES, "rfirst"],
        ["SET", ACCOUNT, "x"],
        ["SET", PASSES, "x"],
        ["SET", BROWSERS, "x"],
    ],
    ids=str,
)
def test_a115_a_damaged_record_is_no_missing_one(store: RedisStore, client: Any, spoil: list[str | bytes]) -> None:
    enrol(store)
    client.execute_command(*spoil)
    with pytest.raises((StoreError, UnreadableRecord)):
        ask(store, look(pass_="first", browser="browser"))


def test_a115_a_damaged_account_is_no_reason_to_begin_a_new_one(store: RedisStore, client: Any) -> None:
    enrol(store)
    client.hdel(ACCOUNT, "g")
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    for question in (turn_on(), open_pass(generation=0)):
        with pytest.raises(StoreError):
            ask(store, question)
    assert client.hkeys(PASSES) == [b"tfirst", b"rfirst"]


def test_there_is_a_script_for_every_question_and_it_says_what_it_promises() -> None:
    known = {kind for kind in vars(asks).values() if isinstance(kind, type) and issubclass(kind, asks.StoreAsk)}
    assert set(ANSWERS) == known - {asks.StoreAsk}
    for kind in ANSWERS:
        text = script_of(kind.__name__).text
        assert f"ARGV: asks.{kind.__name__}." in text
        assert f"local STOP_FAILURES = {asks.STOP_FAILURES}\n" in text
    assert all(isinstance(getattr(asks, name), int) for name in LIMITS)

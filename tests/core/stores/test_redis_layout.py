"""What lies in a Redis: the keys of the design, one slot a user, short fields, whole numbers. Attack 109."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from support.redis_servers import a_cluster, shared_redis
from support.stores import (
    ALICE,
    BOB,
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
    all_events,
    ask,
    carry,
    enrol,
    fail,
    look,
    notes_of,
    open_pass,
    redis_at,
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks, stores
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_answers import ANSWERS
from twofa_middleware.stores.redis_scripts import LIMITS, script_of

BIG = 2**53 + 1  # the first whole number that a double has not
REALM = "layout"
ALL_KEYS = [f"2fa:{REALM}:{{alice}}:{name}" for name in ("account", "rows", "pending")]
ACCOUNT, ROWS, PENDING = ALL_KEYS
SEEN, LOG, LONG = (f"2fu:{REALM}:{{alice}}:{name}" for name in ("seen", "log", "long"))
ROLES = f"2fa:{REALM}:{{*}}:roles"
REALM_LOG, EVENTS, COUNTS, MARKS = (f"2fu:{REALM}:{{*}}:{name}" for name in ("log", "events", "counts", "marks"))
DIRTY, KNOWN = (f"2fu:{REALM}:{{users:a}}:{name}" for name in ("dirty", "known"))
REALM_DIRTY = f"2fu:{REALM}:{{users:*}}:dirty"


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
    codes = frozenset(bytes([number]) * 14 for number in range(10))
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
    ask(store, asks.MeetRules(ALICE, tuple(f"{number}".rjust(22, "-") for number in range(3)), NOW))
    ask(store, asks.Note(ALICE, NOW, notes_of("event", "event-2", person=b"p" * 120, roles=b"r" * 90)))
    fail(store, 7)


def have_a_realm(store: RedisStore) -> None:
    """A flag, counters, a lease and a position."""
    ask(store, asks.WriteRole(asks.RoleRow("k" * 22, 1, b"r" * 90), NOW, notes_of("flag")))
    ask(store, asks.AddCounts(NOW // DAY, {"shop verify": 1}))
    ask(store, asks.TakeLease("sweep", "server", NOW + 60, NOW))
    ask(store, asks.MoveMark("syslog", "1-1"))


def digested(name: str, row: Any) -> Any:
    return dataclasses.replace(row, digest=name.encode().ljust(16, b"."), record=name.encode().ljust(53, b"."))


def test_the_keys_are_those_of_the_design_and_what_belongs_together_lies_in_one_slot(
    store: RedisStore, client: Any
) -> None:
    have_everything(store)
    have_a_realm(store)
    groups = [[*ALL_KEYS, SEEN, LOG, LONG], [ROLES, REALM_LOG, COUNTS, MARKS], [DIRTY, KNOWN], [REALM_DIRTY]]
    expected = {key for group in groups for key in group}
    of_the_store = {f"2fa:{REALM}:id", f"2fa:{REALM}:{{*}}:fence"}
    assert {key.decode() for key in client.keys("*")} == expected | of_the_store
    carry(store)
    assert {key.decode() for key in client.keys("*")} == (expected - {LOG, REALM_LOG}) | {EVENTS} | of_the_store
    groups[1].append(EVENTS)
    assert [len({key_slot(key.encode()) for key in group}) for group in groups] == [1, 1, 1, 1]


def test_a_log_is_empty_after_a_sweep_and_an_index_after_the_next(store: RedisStore, client: Any) -> None:
    have_everything(store)
    carry(store)
    assert client.exists(LOG) == 0
    client.zadd(DIRTY, {ALICE: 1})  # as if it had been marked long ago
    carry(store)
    assert client.exists(DIRTY) == 0
    assert client.zrange(KNOWN, 0, -1, withscores=True) == [(b"alice", 0)]
    assert client.xlen(EVENTS) == 2


def test_a_user_with_some_of_everything_takes_less_than_three_kilobytes(store: RedisStore, client: Any) -> None:
    have_everything(store)
    carry(store)
    assert sum(client.memory_usage(key, samples=0) for key in client.keys("*{alice}*")) < 3000


@pytest.mark.parametrize("at", [-(2**39) + 1, -1, 0, 1, NOW, 2**31, 2**32, 2**38])
def test_times_of_rows_come_back_as_they_were_given(store: RedisStore, at: int) -> None:
    enrol(store, opens=a_pass(proven=True, at=at, lasts=1), at=at)
    ask(store, open_pass(a_pass("none", at=at, lasts=1), at=at))
    assert ask(store, asks.Look(ALICE, b"pass", None, at)).pass_row == a_pass(proven=True, at=at, lasts=1)
    assert ask(store, asks.Look(ALICE, b"none", None, at)).pass_row == a_pass("none", at=at, lasts=1)
    assert ask(store, asks.Look(ALICE, b"pass", None, at + 1)).pass_row is None


def test_times_beyond_the_reach_of_a_row_become_the_nearest(store: RedisStore) -> None:
    enrol(store)
    ask(store, open_pass(a_pass(lasts=2**60)))
    row = ask(store, asks.Look(ALICE, b"pass", None, NOW)).pass_row
    assert row is not None
    assert (row.opened_at, row.expires_at) == (NOW, 2**39 - 1)


@pytest.mark.parametrize("size", [0, 1, 55, 56, 57, 112, 113, 1000])
def test_records_of_any_length_come_back_whole_from_parts(store: RedisStore, client: Any, size: int) -> None:
    for length in (1000, size):
        person, roles = bytes([7, 0, 10, 255]) * (length // 4) + b"p" * (length % 4), b"r" * length
        ask(store, asks.Note(ALICE, NOW, notes_of(person=person, roles=roles)))
        summary = ask(store, asks.ReadSummary(ALICE, NOW))
        assert summary.person == asks.PersonRow(ALICE, person, roles)
    assert client.hlen(LONG) == 2 * max(1, -(-size // 56))
    assert max(map(len, client.hvals(LONG))) <= 64


def test_fields_are_short_and_hashes_stay_compact(store: RedisStore, client: Any) -> None:
    have_everything(store)
    for key in (*ALL_KEYS, SEEN, LONG):
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
    letters = [name[:1] for name in client.hkeys(ROWS)]
    assert letters.count(b"p") == asks.MOST_UNPROVEN_PASSES + 1
    assert letters.count(b"b") == asks.MOST_BROWSERS
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
    assert 90 * DAY - 60 < client.ttl(ROWS) <= 90 * DAY
    assert 540 < client.ttl(PENDING) <= 600
    ask(store, asks.ForgetBrowsers(ALICE, None, NOW))
    ask(store, open_pass(a_pass("later", lasts=2 * DAY), generation=BIG))
    assert 2 * DAY - 60 < client.ttl(ROWS) <= 2 * DAY
    client.delete(ROWS)  # as if its time had come
    ask(store, open_pass(a_pass("next"), generation=BIG))
    assert [name for name in client.hkeys(SEEN) if name[:1] == b"p"] == []


def test_the_last_use_of_a_pass_that_ended_is_not_that_of_the_next_one_of_its_name(
    store: RedisStore, client: Any
) -> None:
    enrol(store)
    for end in (
        asks.EndPass(ALICE, b"pass", NOW),
        asks.ForgetBrowsers(ALICE, None, NOW),
        spend_step(ends=b"pass"),
        open_pass(),
        asks.EndPasses(ALICE, NOW),
        spend_step(step=STEP + 2, change=a_change(GENERATION)),
        asks.ResetAccount(ALICE, GENERATION, a_change(GENERATION), NOW),
    ):
        ask(store, open_pass())
        ask(store, asks.TouchPass(ALICE, b"pass", NOW + 60))
        ask(store, end)
        assert client.hget(SEEN, "ppass") is None
        ask(store, open_pass())
        assert ask(store, look(pass_="pass")).pass_row == a_pass(), end


def test_a_touch_changes_nothing_of_what_near_caches_keep(store: RedisStore, client: Any) -> None:
    have_everything(store)
    before = {key: client.hgetall(key) for key in ALL_KEYS}
    ask(store, asks.TouchPass(ALICE, digested("first", a_pass()).digest, NOW + 120))
    fail(store, 1, at=NOW + DAY)
    ask(store, asks.MeetRules(ALICE, ("rule",), NOW))
    ask(store, asks.Note(ALICE, NOW, notes_of("event", person=b"who", roles=b"roles")))
    carry(store)
    assert {key: client.hgetall(key) for key in ALL_KEYS} == before


def test_a_summary_that_is_read_changes_nothing(store: RedisStore, client: Any) -> None:
    have_everything(store)
    before = {key: client.dump(key) for key in client.keys("*")}
    for now in (NOW - 100 * DAY, NOW, NOW + 100 * DAY):
        ask(store, asks.ReadSummary(ALICE, now))
    assert {key: client.dump(key) for key in client.keys("*")} == before


def test_after_disable_the_account_and_its_last_step_stay(store: RedisStore, client: Any) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 5, change=NO_FACTORS))
    assert client.hgetall(ACCOUNT) == {
        b"g": str(GENERATION + 1).encode(),
        b"s": str(STEP + 5).encode(),
        b"r": b"empty roster",
    }
    assert client.exists(ROWS, PENDING) == 0


def test_who_stands_in_the_index_without_a_record_is_passed_over(store: RedisStore, client: Any) -> None:
    client.zadd(KNOWN, {"a": 0, "aa": 0, "az": 0, "azz": 0})
    ask(store, asks.Note(ALICE, NOW, notes_of(person=b"who")))
    ask(store, asks.Note(BOB, NOW, notes_of(person=b"who")))
    for limit in (1, 2, 3):
        found = [row.user for row in ask(store, asks.ReadPeople(None, limit))]
        assert found == [ALICE, BOB][:limit]
    assert [row.user for row in ask(store, asks.ReadPeople(ALICE, 1))] == [BOB]


KINDS = {kind for kind in vars(asks).values() if isinstance(kind, type) and issubclass(kind, asks.StoreAsk)}
BY_THE_INDEX = {asks.Sweep, asks.ReadPeople, asks.ReadUsers}


def test_there_is_a_script_for_every_question_and_it_says_what_it_promises() -> None:
    assert set(ANSWERS) == KINDS - {asks.StoreAsk}
    for kind in set(ANSWERS) - BY_THE_INDEX:
        text = script_of(kind.__name__).text
        assert f"ARGV: asks.{kind.__name__}." in text
        assert kind is asks.Look or f"local STOP_FAILURES = {asks.STOP_FAILURES}\n" in text
    assert all(isinstance(getattr(asks, name), int) for name in LIMITS)


def test_every_question_that_can_have_notes_has_them_written() -> None:
    for kind in set(ANSWERS) - BY_THE_INDEX:
        has_notes = "notes" in {field.name for field in dataclasses.fields(kind)}
        assert has_notes == script_of(kind.__name__).text.endswith("return with_notes(answer)\n"), kind


def test_every_key_that_a_script_names_is_one_of_its_keys() -> None:
    folder = files(stores).joinpath("lua")
    for file in folder.iterdir():
        for call in re.findall(r"redis\.p?call\((.+)", file.read_text("utf-8")):
            assert re.match(
                r"(command|'[A-Z]+'), ([A-Z]+|rows\.key|key|PASSES\.key)\b(?!\.\.)|'TIME'\)|'INFO', 'replication'\)",
                call,
            ), call


def test_a_cluster_answers_every_question() -> None:
    with a_cluster() as server, redis_at(server.url, REALM) as store:
        have_everything(store)
        have_a_realm(store)
        ask(store, spend_code(generation=BIG, code=bytes([1]) * 14, notes=notes_of("spent", outcome="spent")))
        for question in (
            asks.ReadAttempts(ALICE, NOW),
            asks.ReadSetup(ALICE, b"setup", NOW),
            asks.ReadBrowsers(ALICE, NOW),
            asks.ReadSummary(ALICE, NOW),
            asks.ForgetBrowsers(ALICE, None, NOW),
            asks.EndPass(ALICE, b"first", NOW),
            asks.EndPasses(ALICE, NOW),
            asks.Unlock(ALICE, NOW),
            asks.ResetAccount(ALICE, BIG, NO_FACTORS, NOW),
            asks.ReadRoles(),
            asks.ReadMark("syslog"),
            asks.ReadCounts(0),
            asks.ReadEvents(None, 10),
            asks.Reseal(asks.REALM, (asks.Swap("flag", b"k" * 22, b"r" * 90, b"new"),), NOW),
            asks.AddEvents(()),
            asks.Acknowledge(ALICE),
            asks.Acknowledge(asks.REALM),
            asks.WriteRecords(BOB, 0, ask(store, asks.ReadRecords(ALICE)), NOW),
            asks.Reseal(BOB, (asks.Swap("person", b"", b"p" * 120, b"new"),), NOW),
            look(),
        ):
            ask(store, question)
        assert ask(store, asks.ReadUsers(None, 10)) == (ALICE, BOB)
        assert carry(store) == 7
        assert len(all_events(store)) == 7
        assert [row.user for row in ask(store, asks.ReadPeople(None, 10))] == [ALICE, BOB]

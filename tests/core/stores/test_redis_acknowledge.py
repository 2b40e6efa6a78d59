"""What counts as made only when replicas or disks have it. Attack 113."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from time import monotonic
from typing import Any

import pytest
import redis

from support.lossy_wire import a_wire
from support.redis_servers import Server, a_replica_of, a_server, follow_again, new_realm, stop_following, wait_until
from support.stores import (
    ALICE,
    BOB,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_row,
    a_setup,
    account_of,
    ask,
    enrol,
    look,
    open_pass,
    spend_code,
    spend_step,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Store, StoreOptions, UserKey
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_acknowledge import MATTERS
from twofa_middleware.stores.redis_answers import ANSWERS

READS = {
    asks.Look, asks.ReadAttempts, asks.ReadSetup, asks.ReadBrowsers, asks.ReadSummary, asks.ReadRoles, asks.ReadPeople,
    asks.ReadEvents, asks.FollowEvents, asks.ReadCounts, asks.ReadMark, asks.ReadUsers, asks.ReadRecords,
    asks.ReadBinding,
}  # fmt: skip
DO_NOT_MATTER = {
    asks.BeginSetup, asks.OpenPass, asks.TouchPass, asks.MeetRules, asks.Note, asks.Sweep, asks.AddCounts, asks.TakeLease,
    asks.MoveMark, asks.Reseal, asks.AddEvents, asks.Bind,
}  # fmt: skip

Answer = Callable[[Store, Any], Any]

TOO_FEW = r"may not last: 0 of 1 replicas have it|Timeout reading"  # the latter where the machine is busy


@pytest.fixture(params=["threads", "event-loop"])
def answer(request: pytest.FixtureRequest) -> Iterator[Answer]:
    with asyncio.Runner() as runner:
        if request.param == "threads":
            yield ask
        else:
            yield lambda store, question: runner.run(store.answer_async(question))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as started:
        yield started


@pytest.fixture(scope="module")
def following(server: Server) -> Iterator[Server]:
    with a_replica_of(server) as replica:
        yield replica


@pytest.fixture
def replica(following: Server) -> Iterator[Server]:
    """One that has all when the test begins, and follows again after it."""
    yield following
    follow_again(following)


def opened(url: str, **wanted: Any) -> closing[RedisStore]:
    realm = new_realm()
    return closing(RedisStore(url, RedisStore.create(url, realm), realm, StoreOptions(**wanted)))


@contextmanager
def stopped(replica: Server) -> Iterator[None]:
    """It reads nothing, and its link stays as it is."""
    replica.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        replica.signal(signal.SIGCONT)


def questions_that_matter() -> list[Any]:
    return [
        asks.TakeAttempt(ALICE, NOW),
        asks.TakeRecoveryAttempt(ALICE, NOW),
        spend_step(),
        spend_code(),
        turn_on(BOB),
        asks.ResetAccount(ALICE, GENERATION, NO_FACTORS, NOW),
        asks.Unlock(ALICE, NOW),
        asks.EndPass(ALICE, b"first", NOW),
        asks.EndPasses(ALICE, NOW),
        asks.ForgetBrowsers(ALICE, None, NOW),
        asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW),
        asks.WriteRecords(BOB, 0, asks.Records(), NOW),
        asks.BeginLogin(ALICE, b"who", NOW + 60, NOW),
        asks.Unbind(ALICE, None, NOW),
        asks.Acknowledge(ALICE),
        asks.Acknowledge(asks.REALM),
    ]


def questions_that_do_not() -> list[Any]:
    return [
        look(),
        asks.BeginSetup(BOB, a_setup(), NOW),
        open_pass(),
        asks.TouchPass(ALICE, b"first", NOW + 120),
        asks.Note(ALICE, NOW, asks.Notes({"done": (a_row(),)})),
        asks.AddCounts(1, {"name": 1}),
        asks.Sweep(NOW, 10),
        asks.Bind(ALICE, None, b"record", NOW + 60, NOW),
        asks.ReadBinding(ALICE, NOW),
    ]


def test_of_every_question_it_is_said_whether_it_matters() -> None:
    assert set(ANSWERS) == MATTERS | DO_NOT_MATTER | READS
    assert {type(question) for question in questions_that_matter()} == MATTERS


def test_a113_a_change_that_matters_counts_when_a_replica_has_it(
    server: Server, replica: Server, answer: Answer
) -> None:
    with opened(server.url, replicas=1) as store:
        enrol(store)
        assert isinstance(answer(store, spend_step()), asks.Spent)
        kept = replica.say("HGET", f"2fa:{store._realm}:{{{ALICE}}}:account", "s")
        assert kept.endswith(f"{STEP + 1}\r\n".encode())


def test_a113_a_change_that_matters_is_refused_in_time_when_no_replica_has_it(
    server: Server, replica: Server, answer: Answer
) -> None:
    with opened(server.url, replicas=1) as store:
        enrol(store)
        stop_following(replica)
        for question in questions_that_matter():
            began = monotonic()
            with pytest.raises(StoreUnavailable, match=TOO_FEW):
                answer(store, question)
            assert monotonic() - began < 1
        for question in questions_that_do_not():
            answer(store, question)
        assert account_of(store).last_step == STEP + 1  # it may have happened, and was not accepted
        follow_again(replica)
        assert isinstance(answer(store, asks.TakeRecoveryAttempt(ALICE, NOW)), asks.Attempt)


def test_a113_what_was_refused_is_refused_again_on_a_connection_that_wrote_nothing(
    server: Server, replica: Server, answer: Answer
) -> None:
    realm, wanted = new_realm(), StoreOptions(replicas=1)
    store_id = RedisStore.create(server.url, realm)

    def refused(question: Any) -> None:
        with (
            closing(RedisStore(server.url, store_id, realm, wanted)) as store,
            pytest.raises(StoreUnavailable, match=TOO_FEW),
        ):
            answer(store, question)

    with closing(RedisStore(server.url, store_id, realm)) as store:
        enrol(store)
        with stopped(replica):
            for question in questions_that_matter():
                refused(question)
                refused(question)


def test_a_write_that_only_asks_leaves_nothing(server: Server, replica: Server, answer: Answer) -> None:
    with opened(server.url, replicas=1) as store, closing(redis.Redis.from_url(server.url)) as client:
        enrol(store)
        keys = f"2f[au]:{store._realm}:*"
        before = {key: client.dump(key) for key in client.keys(keys)}
        for user in (ALICE, BOB, asks.REALM):
            assert answer(store, asks.Acknowledge(user)) == asks.Done()
        assert {key: client.dump(key) for key in client.keys(keys)} == before


def test_where_nothing_is_wanted_nothing_is_said(server: Server, answer: Answer) -> None:
    with opened(server.url) as store:
        answer(store, look())
        before = server.info("stats")["total_commands_processed"]
        assert answer(store, asks.Acknowledge(ALICE)) == asks.Done()
        assert int(server.info("stats")["total_commands_processed"]) == int(before) + 1  # the question itself


def test_more_replicas_than_there_are_refuse(server: Server, replica: Server) -> None:
    with opened(server.url, replicas=2) as store, pytest.raises(StoreUnavailable, match="1 of 2 replicas have it"):
        ask(store, asks.TakeAttempt(ALICE, NOW))


def test_a_lost_answer_about_replicas_refuses_and_is_not_asked_for_again(
    server: Server, replica: Server, answer: Answer
) -> None:
    realm = new_realm()
    store_id = RedisStore.create(server.url, realm)
    with (
        a_wire(server.port) as wire,
        closing(RedisStore(wire.url, store_id, realm, StoreOptions(replicas=1))) as store,
        closing(RedisStore(server.url, store_id, realm)) as near,
    ):
        answer(store, look())
        wire.break_after(b"WAIT\r\n", lambda data: b"")
        began = monotonic()
        with pytest.raises(StoreUnavailable, match="did not answer: Timeout"):
            answer(store, asks.TakeAttempt(ALICE, NOW))
        assert monotonic() - began < 1
        assert ask(near, asks.ReadAttempts(ALICE, NOW)) == asks.Ready(4)


def test_a_server_without_an_append_only_file_cannot_say_that_it_has_it_on_disk(server: Server, answer: Answer) -> None:
    with opened(server.url, fsync=True) as store, pytest.raises(StoreUnavailable, match="refused WAITAOF"):
        answer(store, asks.TakeAttempt(ALICE, NOW))


def is_taken(store: Store, user: UserKey) -> bool:
    try:
        ask(store, asks.TakeAttempt(user, NOW))
    except StoreUnavailable:
        return False
    return True


def test_a_change_counts_when_it_is_on_disk_here_and_at_a_replica(answer: Answer) -> None:
    on_disk, somebody = ("--appendonly", "yes", "--appendfsync", "always"), map(UserKey, map(str, itertools.count()))
    with a_server(*on_disk) as server, opened(server.url, fsync=True) as store:
        assert isinstance(answer(store, asks.TakeAttempt(next(somebody), NOW)), asks.Attempt)
        with a_replica_of(server, *on_disk) as replica, opened(server.url, fsync=True, replicas=1) as both:
            # A replica that was busy says so only with its next report, up to a second later.
            wait_until(lambda: is_taken(both, next(somebody)), "the replica has it on its disk in time")
            stop_following(replica)
            with pytest.raises(StoreUnavailable, match=r"0 of 1 replicas have it, and 1 of 1 primaries on its disk"):
                answer(both, asks.TakeAttempt(next(somebody), NOW))
            assert isinstance(answer(store, asks.TakeAttempt(next(somebody), NOW)), asks.Attempt)

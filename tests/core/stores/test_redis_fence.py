"""The fence: a server that took over, or came back, accepts no step that may have been spent before. Attacks 56, 113."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from time import sleep, time

import pytest

from support.redis_servers import ADDRESS, Server, a_server, new_realm, shared_redis, wait_until
from support.stores import (
    ALICE,
    BOB,
    NOW,
    STEP,
    account_of,
    ask,
    enrol,
    fail,
    look,
    redis_at,
    spend_code,
    spend_step,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Store
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_identity import ID_SECONDS
from twofa_middleware.stores.redis_scripts import FUTURE_STEPS, MOST_FENCES

OpenRedis = Callable[..., AbstractContextManager[Store]]

pytestmark = pytest.mark.usefixtures("patience")


def fences(server: Server, realm: str = "test") -> dict[str, int]:
    found = server.say("HGETALL", f"2fa:{realm}:{{*}}:fence").decode().split("\r\n")[2::2]
    return {name: int(step) for name, step in zip(found[::2], found[1::2], strict=True)}


def writes_as(server: Server) -> str:
    return server.info("replication")["master_replid"]


def come_back(server: Server) -> None:
    """Restart with what it has on its disk."""
    server.kill()
    server.start()
    wait_until(lambda: server.info("persistence")["loading"] == "0", "it has loaded")


@pytest.fixture
def kept() -> Iterator[Server]:
    with a_server("--appendonly", "yes", "--appendfsync", "always") as started:  # else it may lose the last seconds
        yield started


def test_a_new_store_fences_nobody(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store:
        assert fences(server) == {writes_as(server): 0}
        enrol(store)
        assert isinstance(ask(store, spend_step()), asks.Spent)
        assert fences(server) == {writes_as(server): 0}


def test_making_a_store_that_is_there_takes_down_no_fence(kept: Server) -> None:
    with redis_at(kept.url, "test") as store:
        enrol(store)
        come_back(kept)
        RedisStore.create(kept.url, "test")
        assert ask(store, spend_step()) == asks.SpentBefore()


def test_a113_a_server_that_came_back_accepts_only_what_comes_later(kept: Server, open_redis: OpenRedis) -> None:
    with open_redis(kept.url) as store:
        enrol(store)
        enrol(store, BOB)
        come_back(kept)
        assert account_of(store).last_step == STEP
        assert fences(kept)[writes_as(kept)] == STEP + 1  # whoever asked first has set it
        for user in (ALICE, BOB):
            assert ask(store, spend_step(user)) == asks.SpentBefore()
        assert isinstance(ask(store, spend_step(step=STEP + 2, at=NOW + 30)), asks.Spent)
        assert fences(kept)[writes_as(kept)] == STEP + 1  # it stays what it was


def test_only_steps_are_fenced(kept: Server, open_redis: OpenRedis) -> None:
    with open_redis(kept.url) as store:
        enrol(store)
        come_back(kept)
        assert ask(store, spend_step()) == asks.SpentBefore()
        fail(store, 1)
        assert isinstance(ask(store, spend_code()), asks.Spent)
        enrol(store, BOB)
        assert account_of(store, BOB).last_step == STEP


def test_a_primary_that_was_a_replica_meanwhile_is_met_anew(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store, a_server() as other:
        enrol(store)
        server.say("REPLICAOF", ADDRESS, str(other.port))
        server.say("REPLICAOF", "NO", "ONE")
        sleep(ID_SECONDS)  # nobody has asked meanwhile, so nobody was refused
        assert ask(store, spend_step()) == asks.SpentBefore()
        assert len(fences(server)) == 2


def test_a113_a_primary_that_was_a_replica_within_the_second_is_not_trusted_with_a_step(
    server: Server, open_redis: OpenRedis
) -> None:
    with open_redis(server.url) as store, a_server() as other:
        enrol(store)
        server.say("REPLICAOF", ADDRESS, str(other.port))
        server.say("REPLICAOF", "NO", "ONE")
        with suppress(StoreUnavailable):  # or SpentBefore, where the second is over
            assert ask(store, spend_step()) == asks.SpentBefore()
        assert ask(store, spend_step()) == asks.SpentBefore()


def test_a056_a_fence_of_a_clock_that_was_wrong_locks_nobody_out(kept: Server, open_redis: OpenRedis) -> None:
    with open_redis(kept.url) as store, open_redis(kept.url) as fresh:
        enrol(store)
        come_back(kept)
        ask(store, look(at=NOW + 10 * 365 * 86400))
        assert fences(kept)[writes_as(kept)] > STEP + FUTURE_STEPS
        for one in (fresh, store):
            assert ask(one, spend_step()) == asks.SpentBefore()
            assert fences(kept)[writes_as(kept)] == STEP + 1
        assert isinstance(ask(store, spend_step(step=STEP + 2, at=NOW + 30)), asks.Spent)


def test_a113_a_slow_clock_sets_no_fence_below_the_step_of_the_server(kept: Server, open_redis: OpenRedis) -> None:
    with open_redis(kept.url) as store:
        come_back(kept)
        now = int(time())
        ask(store, look(at=now - 600))
        assert now // 30 + 1 <= fences(kept)[writes_as(kept)] <= int(time()) // 30 + 1


def test_a056_a_clock_of_a_redis_that_is_hours_ahead_locks_nobody_out(kept: Server, open_redis: OpenRedis) -> None:
    with open_redis(kept.url) as store:
        come_back(kept)
        at = int(time()) - 7200
        ask(store, look(at=at))
        assert fences(kept)[writes_as(kept)] == at // 30 + 1


def test_a113_a_clock_that_is_hours_behind_takes_down_no_fence_and_accepts_nothing(
    kept: Server, open_redis: OpenRedis
) -> None:
    with open_redis(kept.url) as store, open_redis(kept.url) as slow:
        enrol(store)
        come_back(kept)
        now = int(time())
        ask(store, look(at=now))
        before = fences(kept)
        ask(slow, look(at=now - 7200))
        with pytest.raises(StoreUnavailable, match="clock of this server is more than an hour behind"):
            ask(slow, spend_step(at=now - 7200))
        assert fences(kept) == before


def test_the_latest_fences_are_kept(open_redis: OpenRedis) -> None:
    server, realm = shared_redis(), new_realm()
    with redis_at(server.url, realm):
        key = f"2fa:{realm}:{{*}}:fence"
        server.say("DEL", key)
        for number in range(MOST_FENCES):
            server.say("HSET", key, f"server-{number}", str(number))
    with open_redis(server.url, realm) as store:
        ask(store, look())
        found = fences(server, realm)
        assert found.pop(writes_as(server)) == STEP + 1
        assert found == {f"server-{number}": number for number in range(1, MOST_FENCES)}


def test_a_step_is_not_spent_where_the_fence_cannot_be_read(open_redis: OpenRedis) -> None:
    server, realm = shared_redis(), new_realm()
    with redis_at(server.url, realm) as store:
        enrol(store)
    key = f"2fa:{realm}:{{*}}:fence"
    server.say("DEL", key)
    server.say("SET", key, "damage")
    with closing(RedisStore(server.url, RedisStore.create(server.url, realm), realm)) as store:
        assert ask(store, look()).account is not None
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            ask(store, spend_step())
        assert account_of(store).last_step == STEP

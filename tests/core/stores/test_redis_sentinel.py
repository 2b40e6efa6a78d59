"""Redis behind Sentinels: who is asked, and what a failover may cost. Attacks 111, 113."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from time import monotonic

import pytest

from support.redis_sentinels import SERVICE, Watched, a_sentinel, a_watcher_of, shared_sentinel, url_of
from support.redis_servers import Server, a_replica_of, follows, new_realm, stop_following, wait_until
from support.stores import (
    NOW,
    STEP,
    account_of,
    acl_rules,
    ask,
    enrol,
    look,
    redis_at,
    spend_code,
    spend_step,
    within_a_second,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Store, StoreOptions
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_address import Node
from twofa_middleware.stores.redis_steps import Take
from twofa_middleware.stores.redis_topology import BySentinels

OpenRedis = Callable[..., AbstractContextManager[Store]]


@pytest.fixture
def servers() -> Iterator[Watched]:
    with a_sentinel() as watched:
        yield watched


def is_answered(store: Store) -> bool:
    with within_a_second():
        try:
            ask(store, look())
        except StoreUnavailable:
            return False
        return True


def wait_until_answered(store: Store) -> None:
    until = monotonic() + 30
    while not is_answered(store):
        assert monotonic() < until, "it never answered again"


def test_a113_a_failover_that_lost_a_step_lets_nobody_use_its_code_again(
    servers: Watched, open_redis: OpenRedis
) -> None:
    with open_redis(servers.url) as store, open_redis(servers.url) as fresh:
        enrol(store)
        (replica,) = servers.replicas
        stop_following(replica)
        assert isinstance(ask(store, spend_step()), asks.Spent)
        servers.primary.kill()
        for question in (look(), spend_step(step=STEP + 2), spend_code()):
            with within_a_second(), pytest.raises(StoreUnavailable, match=f'^Redis "{SERVICE}" of the Sentinels'):
                ask(store, question)
        assert servers.wait_for_another_primary() is replica
        for one in (store, fresh):
            wait_until_answered(one)
            assert account_of(one).last_step == STEP  # lost
            assert ask(one, spend_step()) == asks.SpentBefore()
        assert isinstance(ask(store, spend_step(step=STEP + 2, at=NOW + 30)), asks.Spent)
        assert ask(fresh, spend_step(step=STEP + 2, at=NOW + 30)) == asks.SpentBefore()


def test_a_primary_that_steps_down_is_left_for_the_one_that_takes_over(servers: Watched, open_redis: OpenRedis) -> None:
    with open_redis(servers.url) as store:
        enrol(store)
        assert servers.watchers[0].say("SENTINEL", "FAILOVER", SERVICE).startswith(b"+OK")
        servers.wait_for_another_primary()
        until = monotonic() + 30
        while True:
            assert monotonic() < until
            with within_a_second():
                try:
                    spent = ask(store, spend_step(step=STEP + 2, at=NOW + 30))
                except StoreUnavailable:
                    continue
            break
        assert isinstance(spent, asks.Spent | asks.SpentBefore)
        assert ask(store, spend_step(step=STEP + 3, at=NOW + 60)) in (asks.Spent(3), asks.SpentBefore())
        assert isinstance(ask(store, spend_step(step=STEP + 9, at=NOW + 240)), asks.Spent)


def test_what_the_sentinels_said_is_believed_for_two_seconds(servers: Watched, open_redis: OpenRedis) -> None:
    """The old primary goes on as one, as in a part of the network that was cut off."""
    with open_redis(servers.url) as store:
        enrol(store)
        (other,) = servers.replicas
        for watcher in servers.watchers:
            watcher.say("SENTINEL", "REMOVE", SERVICE)
        other.say("REPLICAOF", "NO", "ONE")
        for watcher in servers.watchers:
            watcher.say("SENTINEL", "MONITOR", SERVICE, "127.0.0.1", str(other.port), "2")
        began = monotonic()
        while isinstance(ask(store, spend_step(step=STEP + 1)), asks.Spent | asks.SpentBefore):
            if other.info("replication")["master_replid"].encode() in other.say("HGETALL", "2fa:test:{*}:fence"):
                break
            assert monotonic() - began < 3


def test_a113_a_sentinel_that_has_missed_a_failover_is_not_believed(server: Server, open_redis: OpenRedis) -> None:
    """It is cut off together with the primary of before, which still is one and has the store."""
    with open_redis(server.url) as store:
        enrol(store)
    with a_replica_of(server) as promoted, ExitStack() as ending:
        promoted.say("REPLICAOF", "NO", "ONE")
        late, first, second = (
            ending.enter_context(a_watcher_of(primary.port, f"sentinel config-epoch {SERVICE} {epoch}"))
            for primary, epoch in ((server, 1), (promoted, 2), (promoted, 2))
        )
        stores = [
            ending.enter_context(open_redis(url_of(watchers)))
            for watchers in ((late, first, second), (first, second, late), (late, second))
        ]
        for one in stores:
            assert account_of(one).last_step == STEP  # each has set or met the fence, which refuses steps up to now
        spent = [ask(one, spend_step(step=STEP + 3, at=NOW + 60)) for one in stores]
        assert [type(one) for one in spent] == [asks.Spent, asks.SpentBefore, asks.SpentBefore]
        assert promoted.say("HGET", "2fa:test:{alice}:account", "s").endswith(f"{STEP + 3}\r\n".encode())


def test_a_sentinel_that_has_not_answered_is_left_out_while_others_answer() -> None:
    sentinels = tuple(Node(host, 26379, is_sentinel=True) for host in ("first", "second", "third"))
    topology = BySentinels(sentinels, SERVICE)

    def asked(*silent: str) -> list[str]:
        """Whom it asks, of whom these do not answer."""
        steps, found = topology.find("key"), []
        step = next(steps)
        with suppress(StopIteration, StoreUnavailable):
            while True:
                assert isinstance(step, Take)
                found.append(step.node.host)
                if step.node.host in silent:
                    step = steps.throw(TimeoutError())
                else:
                    steps.send(None)
                    step = steps.send([[b"primary", b"6379"], [b"config-epoch", b"1"]])
        topology.lost()
        return found

    assert asked("second") == ["first", "second", "third"]
    assert asked("second") == ["first", "third"]
    assert asked("first", "third") == ["first", "third", "second"]
    assert asked() == ["second"]
    assert asked("first", "second", "third") == ["second", "third", "first"]
    assert asked("first", "third") == ["first", "third", "second"]  # who was reached last, or not at all, is first now
    assert asked() == ["second"]


def test_sentinels_that_hang_or_are_gone_are_passed_over(servers: Watched, open_redis: OpenRedis) -> None:
    with open_redis(servers.url) as store, open_redis(servers.url) as fresh:
        enrol(store)
        servers.watchers[0].signal(signal.SIGSTOP)
        servers.watchers[1].kill()
        for one in (fresh, store):
            with within_a_second():
                assert ask(one, look()).account is not None
        servers.watchers[2].kill()
    with (
        open_redis_of(servers) as alone,
        within_a_second(),
        pytest.raises(StoreUnavailable, match="no Sentinel named the"),
    ):
        ask(alone, look())


@contextmanager
def open_redis_of(servers: Watched) -> Iterator[RedisStore]:
    with closing(RedisStore(servers.url, "some-id", "test")) as store:
        yield store


def test_a_service_that_no_sentinel_knows_is_named() -> None:
    url = shared_sentinel().url.replace(f"/{SERVICE}", "/other")
    with (
        closing(RedisStore(url, "some-id", "test")) as store,
        pytest.raises(StoreUnavailable, match='knows no "other"'),
    ):
        ask(store, look())


def test_what_is_no_sentinel_names_nobody() -> None:
    url = f"redis+sentinel://127.0.0.1:{shared_sentinel().primary.port}/{SERVICE}"
    with (
        closing(RedisStore(url, "some-id", "test")) as store,
        pytest.raises(StoreUnavailable, match=r"no Sentinel named the primary .* unknown command"),
    ):
        ask(store, look())


def test_a_replica_that_the_sentinels_name_is_not_believed() -> None:
    """As one whose Sentinels have not heard of the failover yet."""
    watched, realm = shared_sentinel(), new_realm()
    with redis_at(watched.url, realm) as store:
        enrol(store)
        with a_sentinel() as misled:
            misled.primary.say("REPLICAOF", "127.0.0.1", str(watched.primary.port))
            wait_until(lambda: follows(misled.primary), "it follows")
            with (
                closing(RedisStore(misled.url, RedisStore.create(watched.url, realm), realm)) as other,
                pytest.raises(StoreUnavailable, match="is a replica, which may be behind"),
            ):
                ask(other, look())


def test_the_servers_user_and_the_sentinels_are_who_the_url_says() -> None:
    with a_sentinel() as servers:
        realm = new_realm()
        store_id = RedisStore.create(servers.url, realm)
        servers.primary.say("ACL", "SETUSER", "gate", ">canary", *acl_rules(realm))
        for watcher in servers.watchers:
            watcher.say("ACL", "SETUSER", "watch", "on", ">canary", "+sentinel")
        url, options = servers.url.replace("//", "//gate@"), StoreOptions("canary")
        with closing(RedisStore(f"{url}?sentinel_user=watch", store_id, realm, options)) as store:
            enrol(store)
        with closing(RedisStore(f"{url}?sentinel_user=nobody", store_id, realm, options)) as store:
            with pytest.raises(StoreUnavailable, match="invalid username-password pair") as refused:
                ask(store, look())
            assert "canary" not in str(refused.value)

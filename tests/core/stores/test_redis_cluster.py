"""A Redis Cluster: slots that move, nodes that fall, and a node that comes back empty. Attacks 111, 113, 115."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from time import monotonic

import pytest

from support.lossy_wire import a_wire
from support.redis_clusters import SLOTS, Cluster, a_cluster_of_three, shared_cluster, slot_of
from support.redis_servers import Server, new_realm, stop_following, wait_until
from support.stores import (
    ALICE,
    NOW,
    STEP,
    a_browser,
    a_setup,
    account_of,
    acl_rules,
    ask,
    enrol,
    fail,
    has_pass,
    look,
    note,
    redis_at,
    spend_code,
    spend_step,
    within_a_second,
)
from support.tls_proxy import ADDRESS, Authority, a_tls_proxy
from twofa_middleware import asks
from twofa_middleware.errors import StoreMismatch, StoreUnavailable
from twofa_middleware.protocol import Store, StoreOptions, UserKey
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_identity import MARKERS, Identity
from twofa_middleware.stores.redis_keys import keys_of
from twofa_middleware.stores.redis_scripts import script_of

OpenRedis = Callable[..., AbstractContextManager[Store]]


@pytest.fixture(scope="module")
def moving() -> Iterator[Cluster]:
    """A cluster whose slots may be moved, and that is whole again after each test."""
    with a_cluster_of_three(node_timeout="15000") as cluster:
        yield cluster


@pytest.fixture
def realm() -> str:
    return new_realm()


def slot_of_user(realm: str, user: UserKey = ALICE) -> int:
    return slot_of(keys_of(realm, user)[0])


def home_of(cluster: Cluster, realm: str, user: UserKey = ALICE) -> tuple[int, Server, Server]:
    """The slot of a user, the node that has it, and another node."""
    key = keys_of(realm, user)[0]
    home = cluster.primary_of(key)
    return slot_of(key), home, next(node for node in cluster.primaries if node is not home)


def have_every_key(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, asks.BeginSetup(ALICE, a_setup("another"), NOW))
    note(store, "event", person=b"who")
    fail(store, 1, at=NOW + 60)


def test_a_slot_that_has_moved_is_followed(moving: Cluster, open_redis: OpenRedis, realm: str) -> None:
    slot, home, other = home_of(moving, realm)
    with open_redis(moving.url, realm) as store:
        enrol(store)
        for source, target, step in ((home, other, STEP + 1), (other, home, STEP + 2)):
            moving.move(slot, source, target)
            assert isinstance(ask(store, spend_step(step=step)), asks.Spent)
            assert ask(store, spend_step(step=step)) == asks.SpentBefore()


def test_a_question_in_the_middle_of_a_move_is_asked_where_the_keys_are(
    moving: Cluster, open_redis: OpenRedis, realm: str
) -> None:
    slot, home, other = home_of(moving, realm)
    with open_redis(moving.url, realm) as store:
        have_every_key(store)
        moving.begin_move(slot, home, other)
        assert account_of(store).last_step == STEP + 1  # nothing is there yet
        assert moving.move_keys(slot, home, other, of=realm) == 6
        assert other.info("commandstats").get("cmdstat_asking") is None
        assert account_of(store).last_step == STEP + 1
        assert isinstance(ask(store, spend_step(step=STEP + 2)), asks.Spent)
        assert "cmdstat_asking" in other.info("commandstats")
        moving.move_keys(slot, home, other)
        moving.end_move(slot, home, other)
        assert ask(store, spend_step(step=STEP + 2)) == asks.SpentBefore()
        moving.move(slot, other, home)
        other.say("CONFIG", "RESETSTAT")


def test_a_user_whose_keys_are_torn_apart_is_refused_until_they_are_together(
    moving: Cluster, open_redis: OpenRedis, realm: str
) -> None:
    slot, home, other = home_of(moving, realm)
    with open_redis(moving.url, realm) as store:
        have_every_key(store)
        moving.begin_move(slot, home, other)
        assert moving.move_keys(slot, home, other, of=realm, most=3) == 3
        for question in (look(), asks.TakeAttempt(ALICE, NOW + 300), spend_step(step=STEP + 2)):
            with within_a_second(), pytest.raises(StoreUnavailable, match="did not answer"):
                ask(store, question)
        assert moving.move_keys(slot, home, other, of=realm) == 3
        moving.move_keys(slot, home, other)
        moving.end_move(slot, home, other)
        assert isinstance(ask(store, spend_step(step=STEP + 2)), asks.Spent)
        moving.move(slot, other, home)


def test_while_a_slot_moves_to_and_fro_each_step_is_accepted_once(moving: Cluster, realm: str) -> None:
    slot, home, other = home_of(moving, realm)
    ended = threading.Event()

    def move() -> None:
        try:
            for source, target in [(home, other), (other, home)] * 10:
                moving.move(slot, source, target)
        finally:
            ended.set()

    with redis_at(moving.url, realm) as store:
        have_every_key(store)
        mover, until = threading.Thread(target=move), monotonic() + 120
        mover.start()
        for step in itertools.count(STEP + 2):
            is_last, refused = ended.is_set(), 0
            while True:
                try:
                    outcome = ask(store, spend_step(step=step))
                except StoreUnavailable:
                    refused += 1  # what was refused here has not run
                    assert monotonic() < until, "nothing was answered any more"
                    continue
                break
            assert isinstance(outcome, asks.Spent), (step - STEP, refused)
            assert account_of_soon(store).last_step == step
            if is_last:
                break
        mover.join()


def account_of_soon(store: Store) -> asks.AccountRow:
    until = monotonic() + 60
    while True:
        try:
            return account_of(store)
        except StoreUnavailable:
            assert monotonic() < until, "nothing was answered any more"


def test_a_question_whose_reply_a_node_loses_was_asked_once(open_redis: OpenRedis, realm: str) -> None:
    with a_cluster_of_three(node_timeout="15000") as cluster, ExitStack() as stack:
        wires = [stack.enter_context(a_wire(node.port)) for node in cluster.primaries]
        announce(cluster, [wire.port for wire in wires])
        with (
            redis_at(cluster.url, realm) as near,
            open_redis(wires[0].url.replace("redis:", "redis+cluster:"), realm) as far,
        ):
            enrol(near)
            fail(near, 1)
            ask(far, look())
            wire = wires[cluster.primaries.index(home_of(cluster, realm)[1])]
            wire.break_after(script_of("TakeAttempt").sha.encode(), lambda data: None)
            with pytest.raises(StoreUnavailable):
                ask(far, asks.TakeAttempt(ALICE, NOW))
            wire.wait_until_lost()
            wire.mend()
            assert ask(far, asks.ReadAttempts(ALICE, NOW)) == asks.Ready(3)


def announce(cluster: Cluster, ports: list[int]) -> None:
    """Let the nodes say that they are at other ports, and wait until all know."""
    for node, port in zip(cluster.primaries, ports, strict=True):
        node.say("CONFIG", "SET", "cluster-announce-port", str(port))
    for node in cluster.primaries:
        wait_until(
            lambda node=node: all(f":{port}\r\n".encode() in node.say("CLUSTER", "SLOTS") for port in ports),  # type: ignore[misc]
            "the nodes know each other's ports",
        )


def test_a_cluster_over_tls_is_asked_by_tls_at_every_node(open_redis: OpenRedis, realm: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    papers, options = authority.papers(ADDRESS), StoreOptions(ca=authority.certificate)
    with a_cluster_of_three(node_timeout="15000") as cluster, ExitStack() as stack:
        proxies = [stack.enter_context(a_tls_proxy(node.port, papers)) for node in cluster.primaries]
        announce(cluster, [proxy.port for proxy in proxies])
        url = f"rediss+cluster://{ADDRESS}:{proxies[1].port}"
        with closing(RedisStore(url, RedisStore.create(url, realm, options), realm, options)) as store:
            for number in range(20):
                enrol(store, UserKey(f"user-{number}"))
            assert asyncio.run(store.answer_async(look(UserKey("user-1")))).account is not None
        assert all(proxy.versions for proxy in proxies)


def test_the_user_of_the_page_may_do_in_a_cluster_what_is_needed(moving: Cluster, realm: str) -> None:
    store_id = RedisStore.create(moving.url, realm)
    for node in moving.primaries:
        assert node.say("ACL", "SETUSER", realm, ">canary", *acl_rules(realm)) == b"+OK\r\n"
    slot, home, other = home_of(moving, realm)
    url = moving.url.replace("//", f"//{realm}@")
    with closing(RedisStore(url, store_id, realm, StoreOptions("canary"))) as store:
        have_every_key(store)
        moving.begin_move(slot, home, other)
        moving.move_keys(slot, home, other)
        assert isinstance(ask(store, spend_step(step=STEP + 2)), asks.Spent)
        moving.end_move(slot, home, other)
        moving.move(slot, other, home)
        store.check()


# ---- nodes that fall ------------------------------------------------------------------------------------------------


def test_a113_a_node_that_is_replaced_has_a_fence_and_needs_no_restart(open_redis: OpenRedis, realm: str) -> None:
    with a_cluster_of_three(with_replicas=True) as cluster, open_redis(cluster.url, realm) as store:
        enrol(store)
        _, home, _ = home_of(cluster, realm)
        replica = cluster.replicas[cluster.primaries.index(home)]
        stop_following(replica)
        assert isinstance(ask(store, spend_step()), asks.Spent)
        home.kill()
        for question in (look(), spend_step(step=STEP + 2), spend_code()):
            with within_a_second(), pytest.raises(StoreUnavailable, match="Redis Cluster at"):
                ask(store, question)
        cluster.wait_for_promotion(replica)
        until = monotonic() + 30
        while True:
            assert monotonic() < until
            try:
                outcome = ask(store, spend_step())
            except StoreUnavailable:
                continue
            break
        assert outcome == asks.SpentBefore()
        assert account_of(store).last_step == STEP  # lost
        assert isinstance(ask(store, spend_step(step=STEP + 2, at=NOW + 30)), asks.Spent)


def test_a_seed_that_is_gone_is_passed_over(realm: str) -> None:
    cluster = shared_cluster()
    url = cluster.url.replace("//", "//127.0.0.1:1,")
    with redis_at(url, realm) as store:
        enrol(store)
        store.check()


def test_what_is_no_cluster_or_a_node_of_one_is_told(realm: str) -> None:
    with (
        closing(RedisStore(f"redis+cluster://{ADDRESS}:1", "some-id", realm)) as store,
        pytest.raises(StoreUnavailable, match="no node of the cluster told where the slots are"),
    ):
        ask(store, look())
    told = []
    for node in shared_cluster().primaries:
        with (
            closing(RedisStore(node.url, "some-id", realm)) as store,
            pytest.raises((StoreUnavailable, StoreMismatch)) as refused,
        ):
            ask(store, look())
        told.append("is part of a Redis Cluster: name it by redis+cluster://…" in str(refused.value))
    assert sorted(told) == [False, True, True]  # the third has the slot of the id, and no id


def ask_until_refused(store: Store, user: UserKey) -> None:
    until = monotonic() + 10
    while monotonic() < until:
        ask(store, look(user))


# ---- which store ----------------------------------------------------------------------------------------------------


def a_user_at(cluster: Cluster, realm: str, node: Server) -> UserKey:
    users = (UserKey(f"user-{number}") for number in itertools.count())
    return next(user for user in users if home_of(cluster, realm, user)[1] is node)


@pytest.mark.parametrize("has_id", [True, False])
def test_a115_a_node_that_lost_all_it_had_closes_and_init_does_not_heal_it(open_redis: OpenRedis, has_id: bool) -> None:
    realm = new_realm()
    with a_cluster_of_three(node_timeout="15000") as cluster, open_redis(cluster.url, realm) as store:
        home = cluster.primary_of(f"2fa:{realm}:id")
        emptied = home if has_id else next(node for node in cluster.primaries if node is not home)
        users = {node: a_user_at(cluster, realm, node) for node in cluster.primaries}
        for user in users.values():
            enrol(store, user)
        began = monotonic()
        emptied.say("FLUSHALL")
        with pytest.raises(StoreMismatch, match="holds no store"):
            ask_until_refused(store, users[emptied])
        assert monotonic() - began < 2
        if has_id:
            with pytest.raises(StoreMismatch, match="has lost its id, but not all of its store"):
                RedisStore.create(cluster.url, realm)
        else:
            RedisStore.create(cluster.url, realm)
        with pytest.raises(StoreMismatch):
            ask(store, look(users[emptied]))
        with pytest.raises(StoreMismatch):
            store.check()
        whole = next(user for node, user in users.items() if node is not emptied)
        assert has_pass(store, "first", whole)


def test_making_a_store_that_was_broken_off_goes_on(realm: str) -> None:
    cluster, identity = shared_cluster(), Identity("here", realm)
    for key in (f"2fa:{realm}:making", *identity.markers[:100]):
        assert cluster.primary_of(key).say("SET", key, "1 the-id") == b"+OK\r\n"
    assert RedisStore.create(cluster.url, realm) == "the-id"
    for key in (identity.key, *identity.markers):
        assert cluster.primary_of(key).say("GET", key) == b"$8\r\n1 the-id\r\n"
    making = f"2fa:{realm}:making"
    assert cluster.primary_of(making).say("EXISTS", making) == b":0\r\n"


def test_making_a_store_in_many_threads_at_once_makes_one(realm: str) -> None:
    url = shared_cluster().url
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(RedisStore.create, [url] * 8, [realm] * 8))
    assert made == {RedisStore.create(url, realm)}
    with closing(RedisStore(url, made.pop(), realm)) as store:
        store.check()


def test_another_store_in_a_cluster_is_refused(realm: str) -> None:
    with redis_at(shared_cluster().url, realm):
        pass
    with closing(RedisStore(shared_cluster().url, "other-id", realm)) as store:
        for refused in (store.check, lambda: ask(store, look())):
            with pytest.raises(StoreMismatch, match="but `store_id` says other-id"):
                refused()


def test_a_node_that_has_no_marker_is_vouched_for_by_the_id(open_redis: OpenRedis) -> None:
    realm = "few"
    marked = {slot_of(f"2fa:{realm}:{{{number}}}:id") for number in range(MARKERS)}
    users = (UserKey(f"user-{number}") for number in itertools.count())
    user = next(user for user in users if slot_of_user(realm, user) not in marked)
    slot = slot_of_user(realm, user)
    shares = ([(0, slot - 1)], [(slot + 1, SLOTS - 1)], [(slot, slot)])
    with a_cluster_of_three(node_timeout="15000", shares=shares) as cluster, open_redis(cluster.url, realm) as store:
        enrol(store, user)
        store.check()
        assert cluster.primaries[2].say("EXISTS", keys_of(realm, user)[0]) == b":1\r\n"
        key = f"2fa:{realm}:id"
        for node in cluster.primaries:
            node.say("DEL", key)
        began = monotonic()
        with pytest.raises(StoreMismatch):
            ask_until_refused(store, user)
        assert monotonic() - began < 2

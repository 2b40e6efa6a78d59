"""Nothing is believed of a Redis that cannot say what has changed: cut off, stopped, replaced, moved, or not for us to hear.
Attacks 111, 113, 115.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import ExitStack, closing
from time import monotonic, sleep
from typing import Any

import pytest

from support.listening import SECONDS, Process, a_process, ended
from support.redis_clusters import a_cluster_of_three, shared_cluster, slot_of
from support.redis_sentinels import a_sentinel
from support.redis_servers import Server, a_server, new_realm, shared_redis
from support.stores import ALICE, BOB, NOW, a_setup, acl_rules, enrol, redis_at
from support.tls_proxy import ADDRESS
from twofa_middleware import asks
from twofa_middleware.protocol import StoreOptions
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_pushes import _Listening

SILENT = 2.0
"""So long after the last word of a server something may still be believed."""


# ---- what is not heard ----------------------------------------------------------------------------------------------


def test_a111_a_connection_that_is_cut_ends_all_that_was_remembered(alone: Process, server: Server) -> None:
    alone.remembers()
    mark = alone.near.mark()
    assert mark is not None
    with alone.hears_of(None):
        server.say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    alone.near.keep(mark, ALICE, ALICE, "stale")
    assert not alone.has()
    alone.remembers()
    after = alone.near.mark()
    assert after is not None
    assert after.stamp != mark.stamp
    alone.near.keep(mark, BOB, BOB, "stale")
    assert not alone.has(BOB)
    with alone.hears_of():
        ended(alone.store)


def test_a111_a_server_that_says_nothing_is_believed_for_two_seconds_at_most(alone: Process, server: Server) -> None:
    alone.remembers()
    server.signal(signal.SIGSTOP)
    try:
        stopped = monotonic()
        while alone.has():
            assert monotonic() - stopped < SILENT + 0.5
            sleep(0.01)
        while monotonic() - stopped < SILENT:
            sleep(0.05)
        assert (alone.is_believed(), alone.has()) == (False, False)
    finally:
        server.signal(signal.SIGCONT)
    alone.remembers()
    with alone.hears_of():
        ended(alone.store)


def test_a115_a_server_that_was_started_again_is_heard_anew(alone: Process, server: Server) -> None:
    alone.remembers()
    with alone.hears_of(None):
        server.kill()
    assert not alone.is_believed()
    server.start()
    alone.remembers()
    with alone.hears_of():
        server.say("HSET", alone.keys()[1], "field", "value")


def test_a113_a_server_that_became_a_replica_is_not_believed(alone: Process, server: Server) -> None:
    with a_server() as other:
        alone.remembers()
        with alone.hears_of(None):
            server.say("REPLICAOF", ADDRESS, str(other.port))
        began = monotonic()
        while monotonic() - began < 1:
            assert not alone.is_believed()
            sleep(0.05)


def test_a113_after_a_failover_the_new_primary_is_heard(ending: ExitStack) -> None:
    watched = ending.enter_context(a_sentinel())
    process = a_process(ending, watched.url)
    enrol(process.store)
    with process.hears_of(None):
        watched.primary.kill()
    assert not process.is_believed()
    replica = watched.wait_for_another_primary()
    process.remembers()
    with process.hears_of():
        replica.say("DEL", process.keys()[1])


def test_a113_a_failover_that_nobody_notices_is_noticed(ending: ExitStack) -> None:
    """The old primary lives on and answers; the Sentinels say that it is another one now."""
    watched = ending.enter_context(a_sentinel())
    process = a_process(ending, watched.url)
    with process.hears_of(None):
        watched.watchers[0].say("SENTINEL", "FAILOVER", "twofa")
        replica = watched.wait_for_another_primary()
    process.remembers()
    with process.hears_of():
        replica.say("SET", process.keys()[0], "anything")


def test_a_slot_that_moves_takes_nothing_stale_with_it(ending: ExitStack) -> None:
    cluster = ending.enter_context(a_cluster_of_three())
    process = a_process(ending, cluster.url)
    enrol(process.store)
    key = process.keys()[1]
    slot, home = slot_of(key), cluster.primary_of(key)
    target = next(node for node in cluster.primaries if node is not home)
    with process.hears_of():
        cluster.move(slot, home, target)
    process.remembers()
    with process.hears_of():
        assert not target.say("DEL", key).startswith(b"-")


def test_a113_a_node_that_is_lost_is_missed(ending: ExitStack) -> None:
    cluster = ending.enter_context(a_cluster_of_three(with_replicas=True))
    process = a_process(ending, cluster.url)
    enrol(process.store)
    key = process.keys()[1]
    home = cluster.primary_of(key)
    replica = cluster.replicas[cluster.primaries.index(home)]
    with process.hears_of(None):
        home.kill()
    cluster.wait_for_promotion(replica)
    process.remembers()
    with process.hears_of():
        assert not replica.say("DEL", key).startswith(b"-")


def test_a_stopped_node_of_many_is_silent_for_all(ending: ExitStack) -> None:
    cluster = ending.enter_context(a_cluster_of_three())
    process = a_process(ending, cluster.url)
    process.remembers()
    for node in cluster.primaries:
        process.remembers()
        node.signal(signal.SIGSTOP)
        try:
            stopped = monotonic()
            while monotonic() - stopped < SILENT:
                sleep(0.05)
            assert (process.is_believed(), process.has()) == (False, False)
        finally:
            node.signal(signal.SIGCONT)


# ---- who may not, and the end ---------------------------------------------------------------------------------------


def test_a_user_who_may_not_listen_asks_each_time_and_one_line_says_so(
    ending: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    server, realm = shared_redis(), new_realm()
    rules = [rule for rule in acl_rules(realm) if rule != "+client|tracking"]
    assert len(rules) == len(acl_rules(realm)) - 1
    store_id = RedisStore.create(server.url, realm)
    server.say("ACL", "SETUSER", realm, ">canary", *rules)
    url = server.url.replace("//", f"//{realm}@")
    store = ending.enter_context(closing(RedisStore(url, store_id, realm, StoreOptions("canary"))))
    process = Process(store, realm)
    ending.callback(process.near.close)
    with caplog.at_level(logging.WARNING, "twofa_middleware"):
        process.near.mark()
        refused = process.heard.setdefault(None, threading.Event())
        for _ in range(3):
            assert refused.wait(SECONDS)
            refused.clear()
    enrol(store)
    assert not process.is_believed()
    (line,) = [record.getMessage() for record in caplog.records]
    assert "every request asks it" in line
    assert "client" in line
    assert "canary" not in line


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("twofa-pushes")}


def are_over(which: set[threading.Thread]) -> bool:
    for thread in which:
        thread.join(SECONDS)
    return not any(thread.is_alive() for thread in which)


def test_who_closes_it_hears_nothing_more(ending: ExitStack) -> None:
    before = threads()
    process = a_process(ending, shared_cluster().url)
    process.remembers()
    begun = threads() - before
    assert len(begun) == 4  # one, and one for each node
    process.near.close()
    assert (process.is_believed(), process.has()) == (False, False)
    assert are_over(begun)


def test_who_throws_it_away_leaves_no_thread(ending: ExitStack) -> None:
    before = threads()
    with redis_at(shared_redis().url) as store:
        changes = store.changes()
        changes.begin(lambda user: None)
        until = monotonic() + SECONDS
        while changes.stamp() is None:
            assert monotonic() < until
            sleep(0.01)
        begun = threads() - before
        del changes
        assert are_over(begun)


def test_a_forked_child_listens_for_itself(alone: Process) -> None:
    alone.remembers()
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # one that waits for ever has failed, too
        is_well = not alone.has()
        with alone.hears_of():
            ended(alone.store)
        os._exit(0 if is_well else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with alone.hears_of():
        alone.store.answer(asks.BeginSetup(ALICE, a_setup(), NOW))


class EndsInBetween:
    """An ear that is lost just when it is asked when it has heard something."""

    def __init__(self, listening: _Listening, end: Any) -> None:
        self._end = end
        self._listening = listening

    def run(self) -> None:
        """Nothing comes."""

    @property
    def heard_at(self) -> float:
        self._end(self._listening)
        return monotonic()


def closed_as_it_begins(listening: _Listening) -> None:
    listening.end()
    listening._fails.clear()


@pytest.mark.parametrize("end", [_Listening.failed, _Listening.end, closed_as_it_begins])
def test_a111_what_fails_at_any_moment_is_believed_no_longer(end: Any) -> None:
    nobody: Any = None  # whoever goes on asks it which servers there are
    listening = _Listening(nobody, "", nobody, nobody, lambda user: None)
    ear: Any = EndsInBetween(listening, end)
    listening._hear((), [ear])

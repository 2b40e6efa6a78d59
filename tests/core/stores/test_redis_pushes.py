"""What a Redis says by itself of changes is heard by every process, whoever has made them and however. Attacks 6, 115."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.listening import SECONDS, Process, a_process, ended
from support.redis_clusters import shared_cluster
from support.redis_sentinels import shared_sentinel
from support.redis_servers import Server, shared_redis, shared_valkey
from support.stores import ALICE, BOB, NOW, ask, enrol, fail, note, redis_at
from support.tls_proxy import ADDRESS, Authority, a_tls_proxy
from twofa_middleware import asks
from twofa_middleware.protocol import StoreOptions
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import realm_keys

URLS: dict[str, Callable[[], str]] = {
    "redis": lambda: shared_redis().url,
    "valkey": lambda: shared_valkey().socket_url,
    "sentinel": lambda: shared_sentinel().url,
    "cluster": lambda: shared_cluster().url,
}


@pytest.fixture(params=URLS)
def process(request: pytest.FixtureRequest, ending: ExitStack) -> Process:
    """On each kind of Redis; alice has a factor there."""
    made = a_process(ending, URLS[request.param]())
    enrol(made.store)
    return made


def one_ended(store: RedisStore) -> None:
    ask(store, asks.EndPass(ALICE, b"first", NOW))


@pytest.mark.parametrize("act", [ended, one_ended])
def test_a006_what_another_process_has_changed_is_forgotten(
    process: Process, act: Callable[[RedisStore], None]
) -> None:
    with redis_at(process.url, process.realm) as another, process.hears_of():
        act(another)


def test_what_changes_of_others_and_what_ends_no_pass_is_no_reason_to_forget(process: Process) -> None:
    process.remembers(BOB)
    process.remembers()
    process.heard.clear()
    fail(process.store, 2)
    note(process.store, "event")
    with redis_at(shared_redis().url) as stranger:
        enrol(stranger)
    with process.hears_of(BOB):
        enrol(process.store, BOB)  # what was said before that has been heard with it
    assert (process.has(), ALICE in process.heard, None in process.heard) == (True, False, False)


RAW = [
    "DEL rows", "UNLINK account", "PEXPIRE rows 20", "HSET rows field value", "RENAME rows elsewhere", "GETDEL rows",
    "EVAL return(redis.call('DEL',KEYS[1])) 1 account",
]  # fmt: skip


@pytest.mark.parametrize("words", RAW)
def test_a006_whoever_does_it_and_however_it_is_heard(alone: Process, server: Server, words: str) -> None:
    account, rows, *_ = alone.keys()
    if words.startswith("GETDEL"):
        server.say("DEL", rows)
        server.say("SET", rows, "a string")
    with alone.hears_of():
        said = server.say(*({"account": account, "rows": rows}.get(word, word) for word in words.split()))
    assert not said.startswith(b"-")


@pytest.mark.parametrize("words", [("FLUSHALL",), ("FLUSHDB",), ("FLUSHALL", "ASYNC")])
def test_a115_a_server_that_is_emptied_is_heard_of_by_all(
    alone: Process, server: Server, words: tuple[str, ...]
) -> None:
    alone.remembers(BOB)
    with alone.hears_of(None):
        server.say(*words)
    assert not alone.has(BOB)


def test_flags_on_roles_are_heard_of_as_the_realms_own(process: Process) -> None:
    with process.hears_of(asks.REALM):
        ask(process.store, asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW))
    assert realm_keys(process.realm)[0].startswith(f"2fa:{process.realm}:{{{asks.REALM}}}")


def test_a_realm_whose_name_begins_alike_is_another_one(ending: ExitStack, server: Server) -> None:
    process = a_process(ending, server.url, "shop")
    other = a_process(ending, server.url, "shop2")
    process.remembers()
    process.heard.clear()
    enrol(other.store)
    with process.hears_of(BOB):
        enrol(process.store, BOB)
    assert process.has()


def test_a111_nothing_stale_is_kept_however_reads_and_changes_fall(alone: Process, server: Server) -> None:
    """One writes as fast as it can, the other reads and keeps; at the end what is kept is what was written last."""
    key, said, is_over = alone.keys()[1], itertools.count(1), threading.Event()

    def read() -> bytes:
        return server.say("HGET", key, "number").split(b"\r\n")[1]

    def write() -> None:
        for _ in range(300):
            server.say("HSET", key, "number", str(next(said)))
        is_over.set()

    alone.listens()
    server.say("HSET", key, "number", "0")
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    kept = 0
    while not is_over.is_set():
        if alone.near.find("number") is None and (mark := alone.near.mark()) is not None:
            alone.near.vouch(mark)
            alone.near.keep(mark, ALICE, "number", read())
            kept += alone.near.find("number") is not None
    writer.join()
    alone.listens()
    with alone.hears_of(BOB):
        enrol(alone.store, BOB)
    assert alone.near.find("number") in (None, b"300")
    assert kept > 0


def test_over_tls_it_is_the_same(ending: ExitStack, server: Server, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ours")
    proxy = ending.enter_context(a_tls_proxy(server.port, authority.papers(ADDRESS)))
    url = f"rediss://{ADDRESS}:{proxy.port}"
    process = a_process(ending, url, options=StoreOptions(ca=authority.certificate))
    enrol(process.store)
    with process.hears_of():
        ended(process.store)
    stranger = Process(RedisStore(url, "id", process.realm, StoreOptions()), process.realm)
    ending.callback(stranger.near.close)
    ending.callback(stranger.store.close)
    stranger.near.mark()
    assert stranger.heard.setdefault(None, threading.Event()).wait(SECONDS)
    assert not stranger.is_believed()

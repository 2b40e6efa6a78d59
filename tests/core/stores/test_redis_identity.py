"""Which store a Redis holds: made once by init, never by a server, and asked for all the time. Attacks 112, 115."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from time import monotonic

import pytest

from support.redis_servers import Server, new_realm, shared_redis
from support.store_races import Place, create_in_processes
from support.stores import account_of, ask, enrol, look, redis_at, spend_step
from twofa_middleware.errors import StoreMismatch
from twofa_middleware.protocol import Layout, Store
from twofa_middleware.stores.redis import RedisStore

OpenRedis = Callable[..., AbstractContextManager[Store]]


def the_id(realm: str) -> str:
    return f"2fa:{realm}:id"


@pytest.fixture
def url() -> str:
    return shared_redis().url


@pytest.fixture
def realm() -> str:
    return new_realm()


def test_init_makes_an_id_with_the_version_of_the_schema(url: str, realm: str) -> None:
    made = RedisStore.create(url, realm)
    assert re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", made)
    assert shared_redis().say("GET", the_id(realm)) == f"$21\r\n1 {made}\r\n".encode()


def test_creating_again_answers_the_same_id_and_keeps_what_is_there(url: str, realm: str) -> None:
    with redis_at(url, realm) as store:
        enrol(store)
        assert RedisStore.create(url, realm) == RedisStore.create(url, realm)
        assert ask(store, look()).account is not None


def test_creating_in_many_threads_at_once_makes_one_store(url: str, realm: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(RedisStore.create, [url] * 16, [realm] * 16))) == 1


def test_creating_in_many_processes_at_once_makes_one_store(url: str) -> None:
    made = create_in_processes([Place(RedisStore, url, new_realm()) for _ in range(30)])
    assert [len(set(ids)) for ids in zip(*made, strict=True)] == [1] * 30
    assert len(set(made[0])) == 30


@pytest.mark.parametrize("question", [look(), spend_step()])
def test_a115_a_server_makes_no_store(url: str, realm: str, question: object) -> None:
    with closing(RedisStore(url, "some-id", realm)) as store:
        for refused in (lambda: ask(store, question), store.check):  # type: ignore[arg-type]
            with pytest.raises(StoreMismatch, match=rf"^Redis at .*, realm {realm} holds no store .*`twofa restore`"):
                refused()
    assert shared_redis().say("KEYS", f"2f?:{realm}:*") == b"*0\r\n"


def test_another_store_than_the_named_one_is_refused(url: str, realm: str) -> None:
    found = RedisStore.create(url, realm)
    with closing(RedisStore(url, "other-id", realm)) as store, pytest.raises(StoreMismatch) as refused:
        ask(store, look())
    assert f"is the store {found}, but `store_id` says other-id" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [("2 some-id", "newer twofa-middleware"), ("0 some-id", "unknown layout"), ("1 ", "no store"),
     ("some-id", "no store"), ("", "no store"), ("x some-id", "no store"), ("é some-id", "no store")],
)  # fmt: skip
def test_an_id_of_another_version_or_of_somebody_else_is_refused(
    url: str, realm: str, value: str, message: str
) -> None:
    shared_redis().say("SET", the_id(realm), value)
    with closing(RedisStore(url, "some-id", realm)) as store, pytest.raises(StoreMismatch, match=message):
        ask(store, look())
    with pytest.raises(StoreMismatch, match=message):
        RedisStore.create(url, realm)


def ask_until_refused(store: Store) -> None:
    while True:
        ask(store, look())


def test_a115_an_emptied_store_closes_within_two_seconds(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store:
        enrol(store)
        began = monotonic()
        server.say("FLUSHALL")
        with pytest.raises(StoreMismatch):
            ask_until_refused(store)
        assert monotonic() - began < 2
        RedisStore.create(server.url, "test")
        with pytest.raises(StoreMismatch):  # a new one in its place is not the one that was named
            ask(store, look())


def test_the_id_is_asked_for_again_and_again_by_a_store_that_is_what_it_was(
    server: Server, open_redis: OpenRedis
) -> None:
    def times_read() -> int:
        found = re.search(rb"cmdstat_get:calls=(\d+)", server.say("INFO", "commandstats"))
        assert found
        return int(found[1])

    with open_redis(server.url) as store:
        enrol(store)
        account_of(store)  # by now every connection that is used has asked
        before, began = times_read(), monotonic()
        while times_read() == before:
            account_of(store)
            assert monotonic() - began < 2
        assert monotonic() - began > 0.5  # not with every question


def test_realms_on_one_server_do_not_see_each_other(url: str) -> None:
    with redis_at(url) as one, redis_at(url) as other:
        enrol(one)
        assert ask(other, look(pass_="first")).account is None
        enrol(other)
        ask(one, spend_step())
        assert ask(other, look()).account != ask(one, look()).account


def test_databases_on_one_server_do_not_see_each_other(server: Server) -> None:
    with redis_at(server.url, "test") as one, redis_at(f"{server.url}/3", "test") as other:
        enrol(one)
        assert ask(other, look()).account is None
        assert RedisStore.create(server.url, "test") != RedisStore.create(f"{server.socket_url}?db=3", "test")


def test_a_store_that_a_newer_version_has_upgraded_is_served_until_it_needs_that_version(url: str, realm: str) -> None:
    made = RedisStore.create(url, realm)
    shared_redis().say("SET", the_id(realm), f"2 {made} 1")
    with closing(RedisStore(url, made, realm)) as store:
        store.check()
        assert store.layout() == Layout(2, 1, 1)
    shared_redis().say("SET", the_id(realm), f"2 {made} 2")
    with closing(RedisStore(url, made, realm)) as store, pytest.raises(StoreMismatch, match="install the version"):
        store.check()

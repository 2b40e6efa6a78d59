"""The URL of a Redis: what it says, what it may not say, and that its password stays in it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.realm import make_realm
from support.redis_servers import new_realm, shared_redis
from support.stores import enrol, redis_at
from twofa_middleware.asks import Look, Seen
from twofa_middleware.cli.init import make_realm as init_realm
from twofa_middleware.errors import ConfigError, StoreUnavailable
from twofa_middleware.keys_and_store import store_kind
from twofa_middleware.plugins import plugin
from twofa_middleware.protocol import StoreOptions, UserKey
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_address import SCHEMES, Node, address_of
from twofa_middleware.wiring import build


@pytest.mark.parametrize(
    ("url", "options", "where"),
    [
        ("redis://db.example", {"host": "db.example", "port": 6379, "db": 0}, "Redis at db.example:6379/0"),
        ("redis://db.example/", {"host": "db.example", "port": 6379, "db": 0}, "Redis at db.example:6379/0"),
        ("redis://10.0.0.1:7000/3", {"host": "10.0.0.1", "port": 7000, "db": 3}, "Redis at 10.0.0.1:7000/3"),
        ("redis://[::1]:7000", {"host": "::1", "port": 7000, "db": 0}, "Redis at [::1]:7000/0"),
        ("redis://:pw@db", {"host": "db", "port": 6379, "db": 0, "password": "pw"}, "Redis at db:6379/0"),
        ("redis://me:p%40%2f%25@db",
         {"host": "db", "port": 6379, "db": 0, "username": "me", "password": "p@/%"}, "Redis at db:6379/0"),
        ("rediss://db.example/2", {"host": "db.example", "port": 6379, "db": 2}, "Redis at db.example:6379/2"),
        ("unix:///run/redis.sock", {"path": "/run/redis.sock", "db": 0}, "Redis at /run/redis.sock (db 0)"),
        ("unix:///run/a%20b?db=2", {"path": "/run/a b", "db": 2}, "Redis at /run/a b (db 2)"),
        ("unix://me:pw@/s", {"path": "/s", "db": 0, "username": "me", "password": "pw"}, "Redis at /s (db 0)"),
    ],
)  # fmt: skip
def test_an_address_is_what_it_says(url: str, options: dict[str, object], where: str) -> None:
    address = address_of(url)
    assert (address.options(address.nodes[0]), address.where) == (options, where)
    assert (address.tls is not None) == url.startswith("rediss")


@pytest.mark.parametrize(
    ("url", "nodes", "db", "login", "sentinel_login", "where"),
    [
        ("redis+sentinel://s1,s2:7000,[::1]/mymaster", [("s1", 26379), ("s2", 7000), ("::1", 26379)], 0, {}, {},
         'Redis "mymaster" of the Sentinels at s1:26379, s2:7000, [::1]:26379'),
        ("redis+sentinel://me:p%2Cw@s1/my%20master/3", [("s1", 26379)], 3, {"username": "me", "password": "p,w"}, {},
         'Redis "my master" of the Sentinels at s1:26379'),
        ("rediss+sentinel://:pw@s1/m?sentinel_user=watch", [("s1", 26379)], 0, {"password": "pw"},
         {"username": "watch", "password": "pw"}, 'Redis "m" of the Sentinels at s1:26379'),
        ("redis+cluster://n1,n2:7001,n1", [("n1", 6379), ("n2", 7001)], 0, {}, {}, "Redis Cluster at n1:6379, n2:7001"),
        ("rediss+cluster://me:pw@n1/", [("n1", 6379)], 0, {"username": "me", "password": "pw"}, {},
         "Redis Cluster at n1:6379"),
    ],
)  # fmt: skip
def test_an_address_of_many_is_what_it_says(
    url: str, nodes: list[tuple[str, int]], db: int, login: object, sentinel_login: object, where: str
) -> None:
    address = address_of(url)
    assert [(node.host, node.port) for node in address.nodes] == nodes
    assert (address.db, address.login, address.sentinel_login, address.where) == (db, login, sentinel_login, where)
    assert (address.tls is not None) == url.startswith("rediss")


def test_sentinels_are_asked_as_nobody_unless_the_url_says_as_whom() -> None:
    for query, login in (("", {}), ("?sentinel_user=watch", {"username": "watch", "password": "pw"})):
        address = address_of(f"redis+sentinel://me:pw@s1/m/2{query}")
        assert address.options(address.nodes[0]) == {"host": "s1", "port": 26379, **login}
        assert address.options(Node("db", 6379)) == {
            "host": "db", "port": 6379, "db": 2, "username": "me", "password": "pw",
        }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["redis:", "redis://", "redis://:canary@", "redis://:canary@/0", "redis://u:canary@db/x", "redis://u:canary@db/-1",
     "redis://u:canary@db/0/1", "redis://u:canary@db:port", "redis://u:canary@db:70000", "redis://u:canary@db/1/",
     "redis://u:canary@db?db=1", "redis://u:canary@db?ssl=true", "redis://u:canary@db#x", "redis://u:canary@[db",
     "redis://u:canary@db/\u0661", "unix:", "unix://", "unix:///", "unix://host/path?x=canary", "unix:///path?canary=2",
     "unix:///path?db=canary", "unix:///path?db=1&db=2", "unix:///path#canary", "unix:///pa%00th", "canary", "",
     "redis://u:can@ary@db", "redis://u:canary@a,b", "rediss://u:canary@db?ssl_cert_reqs=none", "rediss://u:canary@",
     "redis+sentinel://u:canary@db", "redis+sentinel://u:canary@db/", "redis+sentinel://u:canary@/m",
     "redis+sentinel://u:canary@db,/m", "redis+sentinel://u:canary@db/m/x", "redis+sentinel://u:canary@db/m/0/1",
     "redis+sentinel://u:canary@db/m?user=canary", "redis+sentinel://u:canary@db/m?sentinel_user=",
     "redis+sentinel://u:canary@db/m?sentinel_user=a&sentinel_user=b", "redis+sentinel://db/m?sentinel_user=canary",
     "redis+cluster://u:canary@", "redis+cluster://u:canary@db/1", "redis+cluster://u:canary@db/0",
     "redis+cluster://u:canary@db,:7000", "redis+cluster://u:canary@db?x=1", "redis+cluster://u:canary@d b",
     "sentinel://u:canary@db/m", "redis+unix://u:canary@/path"],
)  # fmt: skip
def test_what_is_no_address_stops_the_start_without_showing_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"redis(s?)(\+[a-z]+)?://|unix://|add `password`") as refused:
        RedisStore(url, "some-id", "test")
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(ConfigError):
        RedisStore.create(url, "test")


@pytest.mark.parametrize("url", ["redis://db:70000", "redis+sentinel://s1,s2:0/m", "rediss+cluster://n1:65536"])
def test_a_port_that_there_is_none_of_is_told_by_the_numbers_that_there_are(url: str) -> None:
    with pytest.raises(ConfigError, match=r"; a port is a number from 1 to 65535$"):
        address_of(url)


def test_the_password_may_stand_beside_the_url_and_only_once() -> None:
    options = StoreOptions(password="canary")
    assert address_of("redis://me@db", options).login == {"username": "me", "password": "canary"}
    assert address_of("redis+cluster://db", options).login == {"password": "canary"}
    assert "canary" not in repr(address_of("redis+sentinel://me@db/m?sentinel_user=me", options))
    for url in ("redis://:pw@db", "unix://me:pw@/s", "redis+sentinel://me:pw@db/m", "redis+cluster://me:pw@db"):
        with pytest.raises(ConfigError, match="in its URL and in `password`: take it out of the URL") as refused:
            address_of(url, options)
        assert "canary" not in str(refused.value)


def test_a_host_that_is_none_is_unavailable() -> None:
    for host in ("no-such-host.invalid", "x" * 64 + ".invalid"):
        with closing(RedisStore(f"redis://:canary@{host}", "some-id", "test")) as store:
            with pytest.raises(StoreUnavailable) as refused:
                store.check()
            assert "canary" not in str(refused.value)


def test_a_socket_is_an_address_too() -> None:
    with redis_at(shared_redis().socket_url) as store:
        enrol(store)
        store.check()


def test_the_settings_can_name_a_redis(tmp_path: Path) -> None:
    settings = replace(make_realm(tmp_path, store=shared_redis().url, realm=new_realm()).settings, store_id="")
    settings = replace(settings, store_id=init_realm(settings).store_id)
    assert init_realm(settings).store_id == settings.store_id
    runtime, question = build(settings, "shop", asynchronous=True), Look(UserKey("u"), None, None, 1)
    assert runtime.answer(question) == asyncio.run(runtime.answer_async(question)) == Seen(None, None, None)
    assert store_kind(settings)[0] is RedisStore
    runtime.answers.store.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_schemes_are_offered_to_settings(scheme: str) -> None:
    assert plugin("store", scheme) is RedisStore


def alone(script: str) -> str:
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", path + script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_redis_py_the_start_stops_and_says_what_to_install() -> None:
    script = """
sys.modules["redis"] = None  # as if it were not installed
from twofa_middleware.errors import ConfigError
from twofa_middleware.plugins import plugin
for make in (lambda kind: kind("redis://db", "some-id", "test"), lambda kind: kind.create("redis://db", "test")):
    try:
        make(plugin("store", "redis"))
    except ConfigError as error:
        print(error)
"""
    assert alone(script) == 'the Redis store needs redis-py: pip install "twofa-middleware[redis]"\n' * 2


def test_redis_py_is_imported_only_where_a_redis_is_named() -> None:
    script = """
import twofa_middleware.wiring
from twofa_middleware.plugins import plugin
plugin("store", "sqlite"), plugin("store", "redis")
print("redis" in sys.modules)
"""
    assert alone(script) == "False\n"

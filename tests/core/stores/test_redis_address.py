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
from twofa_middleware.cli.init import make_store
from twofa_middleware.errors import ConfigError, StoreUnavailable
from twofa_middleware.plugins import plugin
from twofa_middleware.protocol import UserKey
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_address import address_of
from twofa_middleware.wiring import build

NETWORK = {"port": 6379, "db": 0}


@pytest.mark.parametrize(
    ("url", "options", "where"),
    [
        ("redis://db.example", NETWORK | {"host": "db.example"}, "Redis at db.example:6379/0"),
        ("redis://db.example/", NETWORK | {"host": "db.example"}, "Redis at db.example:6379/0"),
        ("redis://10.0.0.1:7000/3", {"host": "10.0.0.1", "port": 7000, "db": 3}, "Redis at 10.0.0.1:7000/3"),
        ("redis://[::1]:7000", {"host": "::1", "port": 7000, "db": 0}, "Redis at [::1]:7000/0"),
        ("redis://:pw@db", NETWORK | {"host": "db", "password": "pw"}, "Redis at db:6379/0"),
        ("redis://me:p%40%2f%25@db", NETWORK | {"host": "db", "username": "me", "password": "p@/%"}, "Redis at db:6379/0"),
        ("unix:///run/redis.sock", {"path": "/run/redis.sock", "db": 0}, "Redis at /run/redis.sock (db 0)"),
        ("unix:///run/a%20b?db=2", {"path": "/run/a b", "db": 2}, "Redis at /run/a b (db 2)"),
        ("unix://me:pw@/s", {"path": "/s", "db": 0, "username": "me", "password": "pw"}, "Redis at /s (db 0)"),
    ],
)  # fmt: skip
def test_an_address_is_what_it_says(url: str, options: dict[str, object], where: str) -> None:
    address = address_of(url)
    assert (dict(address.options), address.where) == (options, where)


@pytest.mark.parametrize(
    "url",
    ["redis:", "redis://", "redis://:canary@", "redis://:canary@/0", "redis://u:canary@db/x", "redis://u:canary@db/-1",
     "redis://u:canary@db/0/1", "redis://u:canary@db:port", "redis://u:canary@db:70000", "redis://u:canary@db/1/",
     "redis://u:canary@db?db=1", "redis://u:canary@db?ssl=true", "redis://u:canary@db#x", "redis://u:canary@[db",
     "redis://u:canary@db/\u0661", "unix:", "unix://", "unix:///", "unix://host/path?x=canary", "unix:///path?canary=2",
     "unix:///path?db=canary", "unix:///path?db=1&db=2", "unix:///path#canary", "unix:///pa%00th",
     "rediss://u:canary@db", "redis+sentinel://u:canary@db", "canary", ""],
)  # fmt: skip
def test_what_is_no_address_stops_the_start_without_showing_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"redis://|unix://") as refused:
        RedisStore(url, "some-id", "test")
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(ConfigError):
        RedisStore.create(url, "test")


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
    settings = replace(settings, store_id=make_store(settings))
    assert make_store(settings) == settings.store_id
    runtime, question = build(settings, "shop", asynchronous=True), Look(UserKey("u"), None, None, 1)
    assert runtime.answer(question) == asyncio.run(runtime.answer_async(question)) == Seen(None, None, None)
    assert isinstance(runtime.answers.store, RedisStore)
    runtime.answers.store.close()


@pytest.mark.parametrize("scheme", ["redis", "unix"])
def test_both_schemes_are_offered_to_settings(scheme: str) -> None:
    assert plugin("store", scheme) is RedisStore
    assert scheme in RedisStore.schemes


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

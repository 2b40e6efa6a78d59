"""The flags on roles that a process knows for two seconds: asked for once, and seen at once when somebody else sets one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from support.stores import NOW, redis, sqlite
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Ask, Store
from twofa_middleware.stores.near_cache import NearCache
from twofa_middleware.stores.near_flags import FLAG_SECONDS
from twofa_middleware.stores.near_store import NearStore

FLAG = asks.RoleRow("role", 1, b"flag")


class Counting:
    """A store that counts how often it is asked for flags, can be out, and before whose answers something can happen."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.count = 0
        self.is_out = False
        self.meanwhile: Callable[[], object] = lambda: None

    def check(self) -> None:
        self.store.check()

    def answer(self, question: Ask[Any]) -> Any:
        if self.is_out:
            raise StoreUnavailable("out")
        reply = self.store.answer(question)
        if isinstance(question, asks.ReadRoles):
            self.count += 1
            self.meanwhile()
        return reply

    async def answer_async(self, question: Ask[Any]) -> Any:
        return self.answer(question)


class Shop:
    """One app of a realm, in its process."""

    def __init__(self, store: Any) -> None:
        self.inner = Counting(store)
        self.at = 1000.0
        self.near = NearCache(store.changes(), clock=lambda: self.at)
        self.store: Store = NearStore(self.inner, self.near)

    def flags(self, as_of: int | None = NOW) -> tuple[asks.RoleRow, ...]:
        return self.store.answer(asks.ReadRoles(as_of))


@pytest.fixture(params=[redis, sqlite])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    opened: Callable[[Path], AbstractContextManager[Store]] = request.param
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def shop(store: Any) -> Iterator[Shop]:
    """Its store has begun to say what changes."""
    made = Shop(store)
    until = monotonic() + 5
    while made.near.mark() is None:
        assert monotonic() < until
        sleep(0.01)
    yield made
    made.near.close()


def set_elsewhere(shop: Shop, row: asks.RoleRow = FLAG) -> None:
    assert shop.inner.store.answer(asks.WriteRole(row, NOW)) == asks.Done()


def seen_in_time(shop: Shop, row: asks.RoleRow = FLAG) -> None:
    until = monotonic() + 2
    while shop.flags() != (row,):
        assert monotonic() < until
        sleep(0.001)


def test_the_store_is_asked_once_for_many_decisions(shop: Shop) -> None:
    assert [shop.flags() for _ in range(50)] == [()] * 50
    assert shop.inner.count == 1

    async def many() -> None:
        for _ in range(50):
            assert await shop.store.answer_async(asks.ReadRoles(NOW)) == ()

    asyncio.run(many())
    assert shop.inner.count == 1


def test_who_does_not_say_that_it_will_do_asks_the_store(shop: Shop) -> None:
    assert [shop.flags(None) for _ in range(5)] == [()] * 5
    assert shop.inner.count == 5


def test_a_flag_that_somebody_else_sets_is_seen_within_two_seconds(shop: Shop) -> None:
    assert shop.flags() == ()
    set_elsewhere(shop)
    seen_in_time(shop)
    set_elsewhere(shop, asks.RoleRow("role", 2, b"other"))
    seen_in_time(shop, asks.RoleRow("role", 2, b"other"))


def test_ones_own_change_is_seen_at_once(shop: Shop) -> None:
    assert shop.flags() == ()
    shop.store.answer(asks.WriteRole(FLAG, NOW))
    assert shop.flags() == (FLAG,)


def test_what_was_read_before_a_change_is_not_kept_after_it(shop: Shop) -> None:
    def change() -> None:
        shop.inner.meanwhile = lambda: None
        shop.store.answer(asks.WriteRole(FLAG, NOW))

    shop.inner.meanwhile = change
    assert shop.flags() == ()
    assert shop.flags() == (FLAG,)


@pytest.mark.parametrize(("as_of", "passed"), [(NOW + FLAG_SECONDS + 1, 0.0), (NOW - 1, 0.0), (NOW, FLAG_SECONDS)])
def test_nothing_is_kept_for_longer_whichever_clock_says_so(shop: Shop, as_of: int, passed: float) -> None:
    shop.flags()
    for _ in range(4):  # others keep the cache believed
        shop.at += passed / 4
        mark = shop.near.mark()
        assert mark is not None
        shop.near.vouch(mark)
    shop.flags(as_of)
    assert shop.inner.count == 2


def test_a_store_that_fails_ends_what_is_kept(shop: Shop) -> None:
    shop.flags()
    shop.inner.is_out = True
    with pytest.raises(StoreUnavailable):
        shop.store.answer(asks.ReadMark("none"))
    with pytest.raises(StoreUnavailable):
        shop.flags()


def test_a_forked_child_asks_for_itself(shop: Shop) -> None:
    shop.flags()
    child = os.fork()
    if child == 0:
        os._exit(0 if shop.flags() == () and shop.inner.count == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

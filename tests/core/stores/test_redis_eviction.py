"""A Redis that evicts: it would forget accounts, and nobody may take who is forgotten for one who has no factor. Attack 112."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from support.redis_servers import Server
from support.stores import ALICE, NOW, ask, enrol, look, spend_step
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Store

OpenRedis = Callable[..., AbstractContextManager[Store]]


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_a112_a_server_that_evicts_accounts_is_not_believed(server: Server, open_redis: OpenRedis, policy: str) -> None:
    with open_redis(server.url) as store, open_redis(server.url) as fresh:
        enrol(store)
        server.say("CONFIG", "SET", "maxmemory", "100mb")
        server.say("CONFIG", "SET", "maxmemory-policy", policy)
        for question in (look(), spend_step()):
            with pytest.raises(
                StoreUnavailable, match=f"set maxmemory-policy to noeviction there, instead of {policy}"
            ):
                ask(fresh, question)
        server.say("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert isinstance(ask(fresh, spend_step()), asks.Spent)


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-ttl", "volatile-random"])
def test_a112_a_server_that_evicts_what_ends_anyway_forgets_passes_and_no_account(
    server: Server, open_redis: OpenRedis, policy: str
) -> None:
    server.say("CONFIG", "SET", "maxmemory-policy", policy)
    with open_redis(server.url) as store:
        enrol(store)
        ask(store, asks.TakeAttempt(ALICE, NOW))
        server.say("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailable):
            ask(store, spend_step())
        server.say("CONFIG", "SET", "maxmemory", "0")
        seen = ask(store, look(pass_="first"))
        assert seen.account is not None
        assert seen.pass_row is None  # evicted: he has to verify again
        assert ask(store, spend_step()) == asks.Spent(codes_left=3)
        assert ask(store, spend_step()) == asks.SpentBefore()

"""What is asked most on Redis: one round trip, on one connection of an event loop on which many ask at once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator

import pytest

from core.stores.test_redis_clients import connections, wait_for_connections
from support.lossy_wire import a_wire
from support.redis_servers import Server, a_server, new_realm
from support.stores import ALICE, BOB, NOW, account_of, ask, enrol, look, redis_at, within_a_second
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_lanes import can_be_had
from twofa_middleware.stores.redis_scripts import script_of

SHA = script_of("Look").sha.encode()
ALICES, BOBS = look(ALICE, pass_="first"), look(BOB, pass_="first")


@pytest.fixture(scope="module")
def quiet_server() -> Iterator[Server]:
    """One that only this module's tests are connected to."""
    with a_server() as started:
        yield started


@pytest.fixture
def realm() -> str:
    return new_realm()


@pytest.fixture
def store(quiet_server: Server, realm: str) -> Iterator[RedisStore]:
    """Alice has a pass, and Bob has none."""
    with redis_at(quiet_server.url, realm) as made:
        enrol(made)
        assert can_be_had()
        yield made


def has_pass(seen: object) -> bool:
    assert isinstance(seen, asks.Seen)
    return seen.pass_row is not None


def commands(server: Server) -> int:
    """How many were said; a server counts what scripts call, too, and that of a decision calls three."""
    return int(server.info("stats")["total_commands_processed"]) - 3 * scripts(server)


def scripts(server: Server) -> int:
    said = server.info("commandstats")["cmdstat_evalsha"]
    return int(said.split(",")[0].removeprefix("calls="))


def ever_connected(server: Server) -> int:
    return int(server.info("stats")["total_connections_received"])


async def warm(store: RedisStore) -> None:
    for _ in range(3):
        assert has_pass(await store.answer_async(ALICES))


def test_a_decision_is_one_command_in_either_colour(quiet_server: Server, store: RedisStore) -> None:
    async def many() -> int:
        await warm(store)
        before = commands(quiet_server)
        assert all(map(has_pass, await asyncio.gather(*(store.answer_async(ALICES) for _ in range(100)))))
        return commands(quiet_server) - before

    ask(store, ALICES)
    ask(store, ALICES)
    before = commands(quiet_server)
    for _ in range(100):
        assert has_pass(ask(store, ALICES))
    # INFO itself, and what is asked once a second
    assert 100 <= commands(quiet_server) - before < 120
    assert 100 <= asyncio.run(many()) < 120


def test_however_many_ask_at_once_it_is_one_connection(quiet_server: Server, store: RedisStore, realm: str) -> None:
    async def many(asked: RedisStore) -> int:
        for _ in range(3):
            seen = await asyncio.gather(*(asked.answer_async((ALICES, BOBS)[n % 2]) for n in range(200)))
            assert list(map(has_pass, seen)) == [True, False] * 100
        return connections(quiet_server)

    with redis_at(quiet_server.url, realm) as asked:
        ask(asked, ALICES)  # who meets a server first has more to say
        others = connections(quiet_server)
        assert asyncio.run(many(asked)) == others + 1
        wait_for_connections(quiet_server, others)


def test_who_goes_away_takes_nobodys_reply_along(server: Server) -> None:
    async def cancel(store: RedisStore) -> None:
        await warm(store)
        server.signal(signal.SIGSTOP)
        tasks = [asyncio.create_task(store.answer_async((ALICES, BOBS)[n % 2])) for n in range(6)]
        await asyncio.sleep(0.01)
        for gone in tasks[:3]:
            gone.cancel()
        server.signal(signal.SIGCONT)
        assert [has_pass(await one) for one in tasks[3:]] == [False, True, False]
        assert [has_pass(await store.answer_async(one)) for one in (ALICES, BOBS)] == [True, False]

    with redis_at(server.url) as store:
        enrol(store)
        asyncio.run(cancel(store))


def test_a111_a_late_reply_refuses_all_who_wait_and_is_nobodys(server: Server) -> None:
    async def wait(store: RedisStore) -> None:
        await warm(store)
        server.signal(signal.SIGSTOP)
        with within_a_second():
            outcomes = await asyncio.gather(
                *(store.answer_async((ALICES, BOBS)[n % 2]) for n in range(20)), return_exceptions=True
            )
        assert {type(one) for one in outcomes} == {StoreUnavailable}
        server.signal(signal.SIGCONT)
        async with asyncio.timeout(5):
            while True:
                try:
                    assert not has_pass(await store.answer_async(BOBS))
                    return
                except StoreUnavailable:
                    await asyncio.sleep(0.01)

    with redis_at(server.url) as store:
        enrol(store)
        asyncio.run(wait(store))


def test_a_loop_that_was_held_up_still_reads_what_has_come_meanwhile(store: RedisStore) -> None:
    async def hold_up() -> None:
        await warm(store)
        task = asyncio.create_task(store.answer_async(ALICES))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        time.sleep(0.4)
        assert has_pass(await task)

    asyncio.run(hold_up())


@pytest.mark.parametrize("lose", [lambda data: b"", lambda data: None], ids=["nothing comes", "hung up"])
def test_a111_a_question_whose_reply_is_lost_is_not_asked_again(
    quiet_server: Server, store: RedisStore, realm: str, lose: object
) -> None:
    async def lost(asked: RedisStore) -> None:
        await warm(asked)
        before = scripts(quiet_server)
        wire.break_after(SHA, lose)  # type: ignore[arg-type]
        with within_a_second(), pytest.raises(StoreUnavailable):
            await asked.answer_async(ALICES)
        assert scripts(quiet_server) == before + 1
        wire.mend()
        assert has_pass(await asked.answer_async(ALICES))

    with a_wire(quiet_server.port) as wire, redis_at(wire.url, realm) as asked:
        asyncio.run(lost(asked))


def test_a_reply_that_nobody_asked_for_is_nobodys(quiet_server: Server, store: RedisStore, realm: str) -> None:
    async def one_too_many(asked: RedisStore) -> None:
        await warm(asked)
        wire.break_after(SHA, lambda data: data + data)
        assert has_pass(await asked.answer_async(ALICES))
        wire.mend()
        before = ever_connected(quiet_server)
        assert not has_pass(await asked.answer_async(BOBS))
        assert ever_connected(quiet_server) == before + 2  # who asks is the other

    with a_wire(quiet_server.port) as wire, redis_at(wire.url, realm) as asked:
        asyncio.run(one_too_many(asked))


def test_a_server_that_forgot_the_script_is_told_it_again(quiet_server: Server, store: RedisStore) -> None:
    async def forget() -> None:
        await warm(store)
        quiet_server.say("SCRIPT", "FLUSH")
        assert has_pass(await store.answer_async(ALICES))

    asyncio.run(forget())
    quiet_server.say("SCRIPT", "FLUSH")
    assert account_of(store, at=NOW) is not None

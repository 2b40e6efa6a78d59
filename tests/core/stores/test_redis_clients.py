"""Connections to a Redis: few, kept, never shared over a fork or between event loops, and closed with their loop."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

import pytest

from support.lossy_wire import a_wire
from support.redis_servers import Server, a_server, new_realm
from support.stores import ALICE, NOW, ask, fail, look, redis_at
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import UserKey
from twofa_middleware.stores import redis_loops, redis_threads
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_pools import MOST_CONNECTIONS
from twofa_middleware.stores.redis_scripts import script_of


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
    with redis_at(quiet_server.url, realm) as made:
        yield made


def connections(server: Server) -> int:
    """How many there are besides the one that asks."""
    return server.say("CLIENT", "LIST").count(b"id=") - 1


def wait_for_connections(server: Server, count: int) -> None:
    until = monotonic() + 5
    while (found := connections(server)) != count:
        assert monotonic() < until, f"{found} connections, not {count}"


def everybody_tries(count: int) -> list[asks.TakeAttempt]:
    return [asks.TakeAttempt(UserKey(f"user-{number}"), NOW) for number in range(count)]


async def all_at_once(store: RedisStore, count: int) -> list[object]:
    return list(await asyncio.gather(*map(store.answer_async, everybody_tries(count))))


def test_no_connection_is_made_before_the_first_question(quiet_server: Server, store: RedisStore) -> None:
    wait_for_connections(quiet_server, 0)
    ask(store, look())
    wait_for_connections(quiet_server, 1)


def test_a_connection_is_kept_for_the_next_question(quiet_server: Server, store: RedisStore) -> None:
    for _ in range(5):
        ask(store, look())
        fail(store, 1)
    assert connections(quiet_server) == 1


def test_threads_share_few_connections(quiet_server: Server, store: RedisStore) -> None:
    start = threading.Barrier(100)
    answers: list[object] = []

    def answer(question: asks.TakeAttempt) -> None:
        start.wait()
        answers.append(store.answer(question))

    threads = [threading.Thread(target=answer, args=(question,)) for question in everybody_tries(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 100
    assert 0 < connections(quiet_server) <= MOST_CONNECTIONS


def test_tasks_share_few_connections_that_end_with_their_loop(quiet_server: Server, store: RedisStore) -> None:
    async def many() -> int:
        assert len(await all_at_once(store, 200)) == 200
        return connections(quiet_server)

    assert 0 < asyncio.run(many()) <= MOST_CONNECTIONS
    wait_for_connections(quiet_server, 0)
    gc.collect()  # warns of whatever was left open


def test_each_loop_has_connections_of_its_own(quiet_server: Server, store: RedisStore) -> None:
    for _ in range(3):
        assert len(asyncio.run(all_at_once(store, 3))) == 3
    together = threading.Barrier(3)
    counted: list[int] = []

    def serve() -> None:
        async def ask_and_stay() -> None:
            await all_at_once(store, 5)
            await asyncio.to_thread(together.wait)
            counted.append(len(await all_at_once(store, 5)))

        asyncio.run(ask_and_stay())

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [5, 5, 5]
    wait_for_connections(quiet_server, 0)
    gc.collect()


def test_a_closed_store_is_unavailable_and_leaves_nothing_open(quiet_server: Server) -> None:
    with asyncio.Runner() as runner:
        with redis_at(quiet_server.url) as store:
            ask(store, look())
            runner.run(store.answer_async(look()))
            assert connections(quiet_server) == 2
        wait_for_connections(quiet_server, 0)
        for refused in (lambda: ask(store, look()), store.check, lambda: runner.run(store.answer_async(look()))):
            with pytest.raises(StoreUnavailable, match="closed"):
                refused()
    store.close()


def test_a_store_closed_on_its_running_loop_leaves_nothing_open(quiet_server: Server) -> None:
    async def use_and_close() -> None:
        with redis_at(quiet_server.url, "test") as store:
            await store.answer_async(look())

    asyncio.run(use_and_close())
    wait_for_connections(quiet_server, 0)


def test_a_cancelled_question_goes_on_and_the_next_gets_its_own_reply(quiet_server: Server, store: RedisStore) -> None:
    async def cancel(asked: RedisStore) -> None:
        await asked.answer_async(look())
        for _ in range(3):
            task = asyncio.create_task(asked.answer_async(asks.TakeAttempt(ALICE, NOW)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # it is under way
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        state = await asked.answer_async(asks.ReadAttempts(ALICE, NOW))
        assert isinstance(state, asks.Ready)
        assert (await asked.answer_async(look())).account is None
        async with asyncio.timeout(5):
            while state != asks.Ready(2):
                state = await asked.answer_async(asks.ReadAttempts(ALICE, NOW))

    asyncio.run(cancel(store))


def test_a_cancelled_question_that_fails_afterwards_disturbs_nobody(
    quiet_server: Server, store: RedisStore, realm: str
) -> None:
    unheard: list[object] = []

    async def cancel(asked: RedisStore) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
        await asked.answer_async(look())
        wire.break_after(script_of("TakeAttempt").sha.encode(), lambda data: b"")
        task = asyncio.create_task(asked.answer_async(asks.TakeAttempt(ALICE, NOW)))
        await asyncio.to_thread(wire.wait_until_lost)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        wire.mend()
        for _ in range(MOST_CONNECTIONS + 1):
            assert (await asked.answer_async(look())).account is None

    with a_wire(quiet_server.port) as wire, redis_at(wire.url, realm) as asked:
        asyncio.run(cancel(asked))
    gc.collect()
    assert unheard == []
    assert ask(store, asks.ReadAttempts(ALICE, NOW)) == asks.Ready(4)


class Interrupted(BaseException):
    """What a signal handler, or a server that kills a worker's greenlet, may raise anywhere."""


@contextmanager
def interrupted_before(client: str, line: str) -> Iterator[None]:
    """Interrupts the client once, where this line of its file would run."""
    lines = Path(client).read_text(encoding="utf-8").splitlines()
    numbers = {number for number, text in enumerate(lines, 1) if text.strip() == line}
    assert numbers

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != client:
            return None
        if event == "line" and frame.f_lineno in numbers:
            sys.settrace(None)
            raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_a_reply_that_nobody_waited_for_is_not_taken_for_the_next_one(server: Server) -> None:
    with redis_at(server.url) as store, asyncio.Runner() as runner:
        for answer, client, line in (
            (store.answer, redis_threads.__file__, "reply = connection.read_response(timeout=seconds)"),
            (
                lambda question: runner.run(store.answer_async(question)),
                redis_loops.__file__,
                "reply = await connection.read_response()",
            ),
        ):
            question = look() if client == redis_threads.__file__ else asks.ReadMark("none")
            answer(question)
            server.signal(signal.SIGSTOP)  # so that the reply comes while the next one is waited for
            with pytest.raises(Interrupted), interrupted_before(client, line):
                answer(question)
            again = threading.Timer(0.1, server.signal, [signal.SIGCONT])
            again.start()
            assert answer(asks.ReadAttempts(ALICE, NOW)) == asks.Ready(5)
            again.join()


FORKS = """
import asyncio, os
from support.stores import *
url, realm = sys.argv[1:]
store = RedisStore(url, RedisStore.create(url, realm), realm)
enrol(store)

def in_a_child(function):
    child = os.fork()
    if child == 0:
        try:
            function()
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return child

def fail_async():
    async def fail_once():
        assert isinstance(await store.answer_async(asks.TakeAttempt(ALICE, NOW)), asks.Attempt)
    asyncio.run(fail_once())

for one in (lambda: fail(store, 1), fail_async):
    children = [in_a_child(one) for _ in range(2)]
    for _ in range(50):
        assert ask(store, look(pass_="first")).pass_row is not None  # nobody takes the parent's replies
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(ask(store, asks.ReadAttempts(ALICE, NOW)).left)

with asyncio.Runner() as runner:  # forked while a loop has connections
    runner.run(store.answer_async(look()))
    child = in_a_child(lambda: (runner.run(store.answer_async(look())), fail(store, 1), store.close()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert runner.run(store.answer_async(look(pass_="first"))).pass_row is not None
print(ask(store, asks.ReadAttempts(ALICE, NOW)))
store.close()
"""


def test_a_forked_child_has_connections_of_its_own(quiet_server: Server, realm: str) -> None:
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    command = [sys.executable, "-W", "error", "-c", path + FORKS, quiet_server.url, realm]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1\nWaiting(until=")
    wait_for_connections(quiet_server, 0)

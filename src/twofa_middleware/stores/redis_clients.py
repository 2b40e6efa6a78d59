"""The two clients that take the steps of ``redis_steps.py``: for threads, and for event loops.

By default redis-py asks again up to ten times when a reply does not come, and a script whose reply was lost has run. So
a question is sent once here, on a connection that was just found open and empty; a connection on which anything went
wrong is closed, lest the next question get this one's reply. Nothing is shared over a fork or between loops.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as TimedOut

from ..errors import StoreUnavailable
from .redis_address import Address, Node
from .redis_pools import MOST_CONNECTIONS, Held, connection_to
from .redis_steps import Say, SayAll, Steps, Take

SOCKET_SECONDS = 0.25
"""So long a server may take to be connected to, or to reply."""
QUESTION_SECONDS = 0.8
"""So long everything may take that one question needs."""

Begin = Callable[[], Steps[Any]]

_left_to_the_parent: list[object] = []


class Deadline:
    """When a question has to be answered. A walk through the realm has many parts, and each has its own."""

    def __init__(self, *, is_a_walk: bool) -> None:
        self._is_a_walk = is_a_walk
        self.begin_again()

    def begin_again(self) -> None:
        self._ends_at = monotonic() + QUESTION_SECONDS

    def went_well(self) -> None:
        if self._is_a_walk:
            self.begin_again()

    def seconds(self, longer: float = 0.0) -> float:
        """How long the next step may take; redis-py's TimeoutError if nothing is left."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimedOut("Timeout: the servers took too long together")
        return min(SOCKET_SECONDS + longer, left)


class Kept:
    """The connections of one colour that nobody holds, and how many may be held of each node."""

    def __init__(self, limit: Callable[[int], Any]) -> None:
        self._limit = limit
        self.is_closed = False
        self.free: dict[Node, list[Held]] = {}
        self.limits: dict[Node, Any] = {}

    def limit_of(self, node: Node) -> Any:
        if node not in self.limits:
            self.limits.setdefault(node, self._limit(MOST_CONNECTIONS))
            self.free.setdefault(node, [])
        return self.limits[node]

    def closed(self) -> list[Held]:
        """Nothing is kept any more; those that nobody holds."""
        self.is_closed = True
        return [held for free in self.free.values() for held in _emptied(free)]


def _emptied(free: list[Held]) -> list[Held]:
    found = []
    with suppress(IndexError):
        while True:
            found.append(free.pop())
    return found


class Clients:
    """The connections of this process's threads, and those of each event loop; a forked child begins with none."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._kept = Kept(threading.BoundedSemaphore)
        self._loops: dict[asyncio.AbstractEventLoop, tuple[Kept, AsyncGenerator[None, None]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # ---- threads ----------------------------------------------------------------------------------------------------

    def talk(self, begin: Begin, *, is_a_walk: bool = False) -> Any:
        """Take the steps in this thread; answers what they come to."""
        self._begin()
        kept, held, steps, deadline = self._kept, None, begin(), Deadline(is_a_walk=is_a_walk)
        try:
            step = next(steps)
            while True:
                try:
                    if isinstance(step, Take):
                        if held is None or held.is_broken or held.node != step.node:
                            self._give_back(kept, held)
                            held = None
                            held = self._take(kept, step.node, deadline)
                        reply: Any = held
                    else:
                        reply = self._say(_present(held), step, deadline)
                except (RedisError, OSError) as error:
                    step = steps.throw(error)
                else:
                    deadline.went_well()
                    step = steps.send(reply)
        except StopIteration as end:
            return end.value
        finally:
            self._give_back(kept, held)

    def _take(self, kept: Kept, node: Node, deadline: Deadline) -> Held:
        limit = kept.limit_of(node)
        if not limit.acquire(timeout=_at_most(deadline)):
            raise NotConnected("No connection available.")
        try:
            while kept.free[node]:
                with suppress(IndexError):  # another thread was faster
                    found = kept.free[node].pop()
                    if _is_usable(found.connection):
                        return found
            connection = connection_to(node, self._address, deadline.seconds(), is_coloured=False)
            held = Held(node, connection=connection)
            try:
                connection.connect()
            except BaseException:
                connection.disconnect()
                for other in _emptied(kept.free[node]):  # who cannot be connected to has not kept these either
                    other.connection.disconnect()
                raise
            return held
        except BaseException:
            limit.release()
            raise

    def _say(self, held: Held, step: Say | SayAll, deadline: Deadline) -> Any:
        connection = held.connection
        try:
            if isinstance(step, Say):
                seconds = deadline.seconds(step.longer)
                connection.send_command(*step.words)
                reply = connection.read_response(timeout=seconds)
            else:
                connection.send_packed_command(connection.pack_commands(step.many))
                reply = [_value(connection, deadline) for _ in step.many]
        except ResponseError:
            raise  # the reply was read to its end
        except BaseException:
            held.is_broken = True
            connection.disconnect()
            raise
        return reply

    @staticmethod
    def _give_back(kept: Kept, held: Held | None) -> None:
        if held is None:
            return
        if kept.is_closed:
            held.connection.disconnect()
        elif not held.is_broken:
            kept.free[held.node].append(held)
        kept.limits[held.node].release()

    # ---- event loops ------------------------------------------------------------------------------------------------

    async def talk_async(self, begin: Begin, *, is_a_walk: bool = False) -> Any:
        """Take the steps on the running event loop. They go on when the caller is cancelled, as in a thread."""
        kept = await self._loop()
        task = asyncio.create_task(self._talk_async(kept, begin, is_a_walk))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait({task})
        return task.result()

    def _done(self, task: asyncio.Task[Any]) -> None:
        """Its caller may be gone, and nobody left who would look at its exception."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _talk_async(self, kept: Kept, begin: Begin, is_a_walk: bool) -> Any:
        held, steps, deadline = None, begin(), Deadline(is_a_walk=is_a_walk)
        try:
            step = next(steps)
            while True:
                try:
                    if isinstance(step, Take):
                        if held is None or held.is_broken or held.node != step.node:
                            await self._give_back_async(kept, held)
                            held = None
                            held = await self._take_async(kept, step.node, deadline)
                        reply: Any = held
                    else:
                        reply = await self._say_async(_present(held), step, deadline)
                except (RedisError, OSError) as error:
                    step = steps.throw(error)
                else:
                    deadline.went_well()
                    step = steps.send(reply)
        except StopIteration as end:
            return end.value
        finally:
            await self._give_back_async(kept, held)

    async def _take_async(self, kept: Kept, node: Node, deadline: Deadline) -> Held:
        limit = kept.limit_of(node)
        try:
            async with asyncio.timeout(_at_most(deadline)):
                await limit.acquire()
        except TimeoutError:
            raise NotConnected("No connection available.") from None
        try:
            while kept.free[node]:
                found = kept.free[node].pop()
                if await _is_usable_async(found.connection):
                    return found
            seconds = deadline.seconds()
            connection = connection_to(node, self._address, seconds, is_coloured=True)
            try:
                await connection.connect()
            except BaseException:
                await connection.disconnect(nowait=True)
                for other in _emptied(kept.free[node]):
                    await other.connection.disconnect(nowait=True)
                raise
            return Held(node, connection=connection)
        except BaseException:
            limit.release()
            raise

    async def _say_async(self, held: Held, step: Say | SayAll, deadline: Deadline) -> Any:
        connection = held.connection
        try:
            if isinstance(step, Say):
                connection.socket_timeout = deadline.seconds(step.longer)  # told by argument, no reply would be None
                await connection.send_command(*step.words)
                reply = await connection.read_response()
            else:
                await connection.send_packed_command(connection.pack_commands(step.many))
                reply = [await _value_async(connection, deadline) for _ in step.many]
        except ResponseError:
            raise  # the reply was read to its end
        except BaseException:
            held.is_broken = True
            await connection.disconnect(nowait=True)
            raise
        return reply

    @staticmethod
    async def _give_back_async(kept: Kept, held: Held | None) -> None:
        if held is None:
            return
        if not held.is_broken and not kept.is_closed:
            kept.free[held.node].append(held)
        kept.limits[held.node].release()
        if kept.is_closed:
            await held.connection.disconnect(nowait=True)

    async def _loop(self) -> Kept:
        """What the running loop keeps. It is closed with the loop's asynchronous generators, so before the loop."""
        self._begin()
        loop = asyncio.get_running_loop()
        found = self._loops.get(loop)
        if found is None:
            kept = Kept(asyncio.Semaphore)
            found = self._loops[loop] = kept, _closing(kept)
            with self._lock:
                for other in [one for one in self._loops if one.is_closed()]:
                    del self._loops[other]
            await anext(found[1])
        return found[0]

    # ---- both -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close what this process has opened; later questions are refused."""
        self._closed = True
        if self._pid != os.getpid():
            return
        for held in self._kept.closed():
            held.connection.disconnect()
        for loop, (_, ending) in list(self._loops.items()):
            if loop.is_running():
                asyncio.run_coroutine_threadsafe(ending.aclose(), loop)
            elif not loop.is_closed():
                loop.run_until_complete(ending.aclose())

    def _begin(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store was closed")
        if self._pid != os.getpid():
            _left_to_the_parent.append((self._kept, self._loops))  # closing them here would warn, and help nobody
            self._start()


def _present(held: Held | None) -> Held:
    if held is None or held.is_broken:
        raise NotConnected("the connection was closed")
    return held


def _at_most(deadline: Deadline) -> float:
    """So long may be waited for a connection that others hold: as long as the question has."""
    return deadline.seconds(QUESTION_SECONDS)


def _is_usable(connection: Any) -> bool:
    """Open, and with nothing to read; else it is closed."""
    is_usable = False
    try:
        is_usable = not connection.can_read()
    except (RedisError, OSError):
        pass
    finally:
        if not is_usable:
            connection.disconnect()
    return is_usable


async def _is_usable_async(connection: Any) -> bool:
    is_usable = False
    try:
        is_usable = not await connection.can_read()
    except (RedisError, OSError):
        pass
    finally:
        if not is_usable:
            await connection.disconnect(nowait=True)
    return is_usable


def _value(connection: Any, deadline: Deadline) -> Any:
    try:
        return connection.read_response(timeout=deadline.seconds())
    except ResponseError as error:
        return error


async def _value_async(connection: Any, deadline: Deadline) -> Any:
    connection.socket_timeout = deadline.seconds()
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


async def _closing(kept: Kept) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        for held in kept.closed():
            await held.connection.disconnect()

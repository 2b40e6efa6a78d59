"""The client for event loops: takes the steps of ``redis_steps.py`` in a task. ``redis_threads.py`` is its like."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TimedOut

from .redis_address import Address, Node
from .redis_deadline import Deadline
from .redis_lanes import Lane, can_be_had
from .redis_pools import Held, Kept, connection_to, emptied, present
from .redis_steps import Begin, Read, Say, SayAll, Take


class Loops:
    """The connections of each event loop of this process. They end with it, and no loop has another's."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._loops: dict[asyncio.AbstractEventLoop, tuple[Kept, AsyncGenerator[None, None]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def talk(self, begin: Begin, *, is_a_walk: bool = False, deadline: Deadline | None = None) -> Any:
        """Take the steps on the running event loop. They go on when the caller is cancelled, as in a thread."""
        kept = await self._loop()
        task = asyncio.create_task(self._talk(kept, begin, deadline or Deadline(is_a_walk=is_a_walk)))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait({task})
        return task.result()

    def _done(self, task: asyncio.Task[Any]) -> None:
        """Its caller may be gone, and nobody left who would look at its exception."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def read(self, read: Read) -> Any:
        """Say it on the lane to its node, and else take the steps; answers what they come to."""
        deadline = Deadline(is_a_walk=False)
        kept = await self._loop()
        lane = kept.lanes.get(read.node)
        try:
            if lane is not None and lane.is_open and read.believes(lane.held):
                return await lane.say(read.packed)
            if can_be_had() and (lane := await self._lane(kept, read, deadline)) is not None:
                return await _said(lane, read.packed, deadline.seconds())
        except (NoScriptError, MovedError, AskError):
            pass  # nothing has run
        except RedisError:
            if lane is not None:
                lane.held.checked_at = None  # it may have become another one
            raise
        return await self.talk(read.begin, deadline=deadline)

    async def _lane(self, kept: Kept, read: Read, deadline: Deadline) -> Lane | None:
        """The lane to the node, opened and asked for its store by one for all who come meanwhile; None if even then the
        steps have to be taken."""
        turn = kept.turns.setdefault(read.node, asyncio.Lock())
        await _acquired(turn, deadline)
        try:
            lane: Lane | None = kept.lanes.get(read.node)
            if lane is None or not lane.is_open:
                lane = kept.lanes[read.node] = Lane(await self._connected(kept, read.node, deadline.seconds()))
            if kept.is_closed:
                lane.drop()
                raise NotConnected("the store was closed")
            if read.believes(lane.held) or await self._talk(kept, read.meets, deadline, lane):
                return lane
            return None
        finally:
            turn.release()

    async def _talk(self, kept: Kept, begin: Begin, deadline: Deadline, lane: Lane | None = None) -> Any:
        """With ``lane``, what is said to its node is said there."""
        held, steps = None, begin()
        try:
            step = next(steps)
            while True:
                try:
                    if isinstance(step, Take):
                        if held is None or held.is_broken or held.node != step.node:
                            await self._give_back(kept, held)
                            held = None
                            if lane is not None and step.node == lane.held.node:
                                held = lane.held
                            else:
                                held = await self._take(kept, step.node, deadline)
                        reply: Any = held
                    else:
                        reply = await self._say(present(held), step, deadline)
                except (RedisError, OSError) as error:
                    step = steps.throw(error)
                else:
                    deadline.went_well()
                    step = steps.send(reply)
        except StopIteration as end:
            return end.value
        finally:
            await self._give_back(kept, held)

    async def _take(self, kept: Kept, node: Node, deadline: Deadline) -> Held:
        limit = kept.limit_of(node)
        await _acquired(limit, deadline)
        try:
            while kept.free[node]:
                found = kept.free[node].pop()
                if await _is_usable(found.connection):
                    return found
            return await self._connected(kept, node, deadline.seconds())
        except BaseException:
            limit.release()
            raise

    async def _connected(self, kept: Kept, node: Node, seconds: float) -> Held:
        connection = connection_to(node, self._address, seconds, is_coloured=True)
        try:
            await connection.connect()
        except BaseException:
            await connection.disconnect(nowait=True)
            for other in emptied(kept.free.get(node, [])):
                await other.connection.disconnect(nowait=True)
            raise
        return Held(node, connection=connection)

    async def _say(self, held: Held, step: Say | SayAll, deadline: Deadline) -> Any:
        connection = held.connection
        if held.lane is not None and isinstance(step, Say):
            packed = b"".join(connection.pack_command(*step.words))
            return await _said(held.lane, packed, deadline.seconds(step.longer))
        try:
            if isinstance(step, Say):
                connection.socket_timeout = deadline.seconds(step.longer)  # told by argument, no reply would be None
                await connection.send_command(*step.words)
                reply = await connection.read_response()
            else:
                await connection.send_packed_command(connection.pack_commands(step.many))
                reply = [await _value(connection, deadline, step.longer) for _ in step.many]
        except ResponseError:
            raise  # the reply was read to its end
        except BaseException:
            held.is_broken = True
            await connection.disconnect(nowait=True)
            raise
        return reply

    @staticmethod
    async def _give_back(kept: Kept, held: Held | None) -> None:
        if held is None or held.lane is not None:
            return
        if not held.is_broken and not kept.is_closed:
            kept.free[held.node].append(held)
        kept.limits[held.node].release()
        if kept.is_closed:
            await held.connection.disconnect(nowait=True)

    async def _loop(self) -> Kept:
        """What the running loop keeps. It is closed with the loop's asynchronous generators, so before the loop."""
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

    def close(self) -> None:
        """Close what each loop keeps, on that loop."""
        for loop, (_, ending) in list(self._loops.items()):
            if loop.is_running():
                asyncio.run_coroutine_threadsafe(ending.aclose(), loop)
            elif not loop.is_closed():
                loop.run_until_complete(ending.aclose())


async def _is_usable(connection: Any) -> bool:
    """Open, and with nothing to read; else it is closed."""
    is_usable = False
    try:
        is_usable = not await connection.can_read()
    except (RedisError, OSError):
        pass
    finally:
        if not is_usable:
            await connection.disconnect(nowait=True)
    return is_usable


async def _value(connection: Any, deadline: Deadline, longer: float) -> Any:
    connection.socket_timeout = deadline.seconds(longer)
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


async def _acquired(turn: asyncio.Lock | asyncio.Semaphore, deadline: Deadline) -> None:
    """Wait for one's turn as long as others may hold it."""
    try:
        async with asyncio.timeout(deadline.seconds_of_others()):
            await turn.acquire()
    except TimeoutError:
        raise NotConnected("No connection available.") from None


async def _said(lane: Lane, packed: bytes, seconds: float) -> Any:
    """The reply, if it comes in time; one that comes later disturbs nobody."""
    try:
        async with asyncio.timeout(seconds):
            return await lane.say(packed)
    except TimeoutError:
        raise TimedOut("Timeout: the servers took too long together") from None


async def _closing(kept: Kept) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        free = kept.closed()
        for lane in kept.lanes.values():  # at once: who waits here may be cancelled
            lane.drop()
        for held in free:
            await held.connection.disconnect()
        for lane in kept.lanes.values():
            await lane.closed

"""redis-py's connections, in both colours: no retry, short time-outs, and nothing shared over a fork or between loops.

By default redis-py asks again up to ten times when a reply does not come, and a script whose reply was lost has run. So
a question is sent once here, on a connection that a pool has just found open and empty; a connection on which anything
went wrong is closed, lest the next question get this one's reply.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio.connection as coloured
import redis.connection as plain
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from ..errors import StoreUnavailable, TwoFactorError
from .redis_address import Address
from .redis_identity import ID_SECONDS
from .redis_talks import Conversation

SOCKET_SECONDS = 0.25
POOL_SECONDS = 1.0
MOST_CONNECTIONS = 32

Begin = Callable[[bool], Conversation]
"""Begins a conversation; True if the connection was told lately which store it is."""

_left_to_the_parent: list[object] = []


class Clients:
    """A pool for the threads of this process, and one for each event loop; a forked child begins with none."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._checked: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._pool: Any = None
        self._loops: dict[asyncio.AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # ---- threads ----------------------------------------------------------------------------------------------------

    def talk(self, begin: Begin) -> Any:
        """Hold a conversation in this thread."""
        pool = self._threads()
        connection = pool.get_connection()
        try:
            return self._say(connection, begin)
        finally:
            pool.release(connection)

    def _say(self, connection: Any, begin: Begin) -> Any:
        asked_at = monotonic()
        conversation = begin(self._is_known(connection, asked_at))
        try:
            command = next(conversation)
            while True:
                connection.send_command(*command)
                try:
                    reply = connection.read_response()
                except ResponseError as error:
                    command = conversation.throw(error)
                else:
                    command = conversation.send(reply)
        except StopIteration as end:
            self._checked.setdefault(connection, asked_at)
            return end.value
        except (ResponseError, TwoFactorError):
            raise  # the reply was read to its end
        except BaseException:
            connection.disconnect()
            raise

    def _threads(self) -> Any:
        self._begin()
        with self._lock:
            if self._pool is None:
                kind = plain.UnixDomainSocketConnection if self._address.is_socket else plain.Connection
                self._pool = plain.BlockingConnectionPool(  # type: ignore[no-untyped-call]
                    **self._options(kind)
                )
            return self._pool

    # ---- event loops ------------------------------------------------------------------------------------------------

    async def talk_async(self, begin: Begin) -> Any:
        """Hold a conversation on the running event loop. It goes on when the caller is cancelled, as in a thread."""
        pool = await self._loop()
        task = asyncio.create_task(self._talk_async(pool, begin))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait({task})
        return task.result()

    def _done(self, task: asyncio.Task[Any]) -> None:
        """Its caller may be gone, and nobody left who would look at its exception."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _talk_async(self, pool: Any, begin: Begin) -> Any:
        connection = await pool.get_connection()
        try:
            return await self._say_async(connection, begin)
        finally:
            await pool.release(connection)

    async def _say_async(self, connection: Any, begin: Begin) -> Any:
        asked_at = monotonic()
        conversation = begin(self._is_known(connection, asked_at))
        try:
            command = next(conversation)
            while True:
                await connection.send_command(*command)
                try:
                    reply = await connection.read_response()
                except ResponseError as error:
                    command = conversation.throw(error)
                else:
                    command = conversation.send(reply)
        except StopIteration as end:
            self._checked.setdefault(connection, asked_at)
            return end.value
        except (ResponseError, TwoFactorError):
            raise  # the reply was read to its end
        except BaseException:
            await connection.disconnect(nowait=True)
            raise

    async def _loop(self) -> Any:
        """The pool of the running loop. It is closed with the loop's asynchronous generators, so before the loop."""
        self._begin()
        loop = asyncio.get_running_loop()
        found = self._loops.get(loop)
        if found is None:
            kind: Any = coloured.UnixDomainSocketConnection if self._address.is_socket else coloured.Connection
            pool: Any = coloured.BlockingConnectionPool(**self._options(kind))
            found = self._loops[loop] = pool, _closing(pool)
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
        if self._pool is not None:
            self._pool.disconnect()
        for loop, (_, ending) in list(self._loops.items()):
            if loop.is_running():
                asyncio.run_coroutine_threadsafe(ending.aclose(), loop)
            elif not loop.is_closed():
                loop.run_until_complete(ending.aclose())

    def _begin(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store was closed")
        if self._pid != os.getpid():
            _left_to_the_parent.append((self._pool, self._loops))  # closing them here would warn, and help nobody
            self._start()

    def _is_known(self, connection: Any, now: float) -> bool:
        """Whether it said lately enough which store it is; if not, it has to say so in this conversation."""
        checked_at = self._checked.pop(connection, None)
        if checked_at is None or now - checked_at >= ID_SECONDS:
            connection.register_connect_callback(self._forget)
            return False
        self._checked[connection] = checked_at
        return True

    def _forget(self, connection: Any) -> None:
        """It was opened anew, to who knows whom."""
        self._checked.pop(connection, None)

    def _options(self, kind: type[Any]) -> dict[str, Any]:
        return {
            **self._address.options,
            "connection_class": kind,
            "max_connections": MOST_CONNECTIONS,
            "timeout": POOL_SECONDS,
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": SOCKET_SECONDS,
            "retry": Retry(NoBackoff(), 0),
            "retry_on_error": [],
            "health_check_interval": 0,
            "protocol": 2,
            "driver_info": None,
            "decode_responses": False,
        }


async def _closing(pool: Any) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await pool.aclose()

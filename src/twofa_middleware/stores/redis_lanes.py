"""A connection of an event loop on which many ask at once: what is said goes out in order, and so the replies come back.

Nobody waits for a connection, and none is looked at, held and given back with every question. Whoever has gone away
meanwhile leaves his place in the row, so the next one gets his own reply. Once a reply comes late, or something comes
that nobody asked for, nothing that follows can be told apart: the connection is closed, and all who wait are refused.

Only for what changes nothing and stands alone: between two commands of one there may be those of others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import cache
from importlib.util import find_spec
from typing import Any

from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import InvalidResponse, RedisError
from redis.exceptions import TimeoutError as TimedOut

from .redis_deadline import Deadline
from .redis_pools import Held, error_of, hand_over, let_go

_MORE = object()
_AGAIN_SECONDS = 0.01
"""A loop that was held up runs its timers before it reads what has come meanwhile: it is looked again so much later."""


@cache
def can_be_had() -> bool:
    """Whether replies can be read as they come. redis-py's own parser waits for them; hiredis does not, but there may be
    interpreters for which it is not made."""
    return find_spec("hiredis") is not None


class Lane(asyncio.Protocol):
    """``held``: the link, and redis-py's connection, which has been opened and has nothing to read."""

    def __init__(self, held: Held) -> None:
        from hiredis import Reader

        self.held = held
        self.is_open = True
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(protocolError=InvalidResponse, replyError=error_of, notEnoughData=_MORE)
        self._waiting: deque[tuple[asyncio.Future[Any], float]] = deque()
        self._to_send: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self.closed = self._loop.create_future()
        held.lane = self
        self._transport = hand_over(held, self)

    def say(self, packed: bytes) -> asyncio.Future[Any]:
        """Send it; the reply, or an error, will be in the future. Cancelled, it has been asked all the same."""
        future = self._loop.create_future()
        if not self.is_open:
            future.set_exception(NotConnected("the connection was closed"))
            return future
        if not self._waiting:
            self._transport.write(packed)
        else:  # with others on their way, those of one turn of the loop go out together
            if not self._to_send:
                self._loop.call_soon(self._send)
            self._to_send.append(packed)
        now = self._loop.time()
        self._waiting.append((future, now))
        due = now + Deadline.seconds_of_a_reply()
        if self._timer is None or self._timer.when() > due:
            self._set_timer(due, is_sure=False)
        return future

    def _set_timer(self, at: float, *, is_sure: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._look_for_late, is_sure)

    def _send(self) -> None:
        if self.is_open:
            self._transport.write(b"".join(self._to_send))
        self._to_send.clear()

    def data_received(self, data: bytes) -> None:
        """Hand each reply that is whole to whom it is for."""
        reader, waiting = self._reader, self._waiting
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _MORE:
                if not waiting:
                    raise InvalidResponse("a reply that nobody has asked for")
                future, _ = waiting.popleft()
                if future.done():
                    continue
                if isinstance(reply, Exception):
                    future.set_exception(reply)
                else:
                    future.set_result(reply)
        except RedisError as error:
            self._break(type(error), str(error))

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing more will come."""
        self._break(NotConnected, str(error or "Connection closed by server."))
        let_go(self.held)
        if not self.closed.done():
            self.closed.set_result(None)

    def _look_for_late(self, is_sure: bool) -> None:
        self._timer = None
        if not self._waiting:
            return
        left = self._waiting[0][1] + Deadline.seconds_of_a_reply() - self._loop.time()
        if left <= 0 and is_sure:
            self._break(TimedOut, "Timeout reading from the server")
            return
        self._set_timer(self._loop.time() + max(left, _AGAIN_SECONDS), is_sure=left <= 0)

    def _break(self, kind: type[Exception], said: str) -> None:
        self.is_open = False
        self._to_send.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.abort()
        while self._waiting:
            future, _ = self._waiting.popleft()
            if not future.done():
                future.set_exception(kind(said))

    def drop(self) -> None:
        """Close it, and refuse all who wait; ``closed`` says when that is done."""
        self._break(NotConnected, "the connection was closed")

"""An open connection that is watched: the gate is asked again every second, and about what passes meanwhile.

Nothing goes either way under an answer of the gate that is older than its limit. One task asks, and closes the
connection; it ends with the app, and none of its errors is left to nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeAlias

from starlette.types import Message, Receive

from twofa_middleware.vouching import Ended, Pace, Untold, Verdict, Voucher

Ask: TypeAlias = Callable[[], Awaitable[Verdict]]
Close: TypeAlias = Callable[[Ended | Untold], Awaitable[None]]


class Watch:
    """Watches one connection, from the head of its answer to ``stop``.

    ``ask`` asks the gate; ``close`` closes the connection, and is called once. ``admitted_at``: when the gate was first
    asked (monotonic). ``asks_each``: the login may have changed with each message of the client's.
    """

    def __init__(self, ask: Ask, close: Close, pace: Pace, admitted_at: float, *, asks_each: bool) -> None:
        self.ended: Ended | Untold | None = None
        self._ask = ask
        self._close = close
        self._voucher = Voucher(pace, admitted_at)
        self._asked_at = admitted_at
        self._asks_each = asks_each
        self._app_has_message = False
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._coming: asyncio.Task[Message | None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = asyncio.create_task(self._keep_asking())

    async def lets_out(self) -> bool:
        """Whether a message of the app's may go out. The first after one of the client's may come of a log-in by it."""
        self._waiting += 1
        try:
            holds = await self._holds(anew=self._app_has_message, in_turn=self._waiting > 1)
        finally:
            self._waiting -= 1
        if holds:
            self._app_has_message = False
        return holds

    async def next(self, receive: Receive) -> Message | None:
        """What the server gives next, or None once the connection has ended. An app that is cancelled while it waits
        loses nothing: the message comes the next time."""
        async with self._reading:
            if self.ended is not None:
                return None
            coming = self._coming = self._coming or asyncio.create_task(self._received(receive))
            ends: tuple[asyncio.Future[Any], ...] = (coming, self._over)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self.ended is not None:
                return None
            self._coming = None
            return self.handed(coming.result())

    async def lets_in(self, message: Message) -> bool:
        """Whether the app may get a message that the server gave."""
        if message["type"].endswith(".disconnect"):
            await self.rest()
        return message["type"] != "websocket.receive" or await self._holds(anew=self._asks_each)

    def handed(self, message: Message | None) -> Message | None:
        """The message, which the app gets now."""
        if message is not None and message["type"] == "websocket.receive":
            self._app_has_message = self._asks_each
        return message

    async def _received(self, receive: Receive) -> Message | None:
        message = await receive()
        return message if await self.lets_in(message) else None

    async def rest(self) -> None:
        """The connection is closed by the app or the client: nobody is asked any more."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    async def stop(self) -> None:
        """The app is done: no task is left behind."""
        await self.rest()
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
        if self._closing is not None:
            await self._closing

    async def _keep_asking(self) -> None:
        pace = self._voucher.pace
        while self.ended is None:
            # What could not be told is asked again soon, since the limit is near.
            due = max(self._voucher.at, self._asked_at - pace.every_seconds * 3 / 4) + pace.every_seconds
            await asyncio.sleep(max(0.0, due - monotonic()))
            await self._holds()

    async def _holds(self, *, anew: bool = False, in_turn: bool = False) -> bool:
        """Whether it may go on, by a question that is not too old; with ``anew`` by one that is asked from now on.

        ``in_turn``: another waits already, and must not be overtaken.
        """
        came = monotonic()
        if anew or in_turn or self._voucher.is_due(came):
            async with self._turn:
                is_asked = self._asked_at >= came if anew else not self._voucher.is_due(monotonic())
                if self.ended is None and not is_asked:
                    await self._ask_now()
        return self.ended is None

    async def _ask_now(self) -> None:
        self._asked_at = asked = monotonic()
        left, pace = self._voucher.left(asked), self._voucher.pace
        try:
            async with asyncio.timeout(left if left > 0 else pace.limit_seconds - pace.every_seconds):
                verdict, heard = await self._ask(), monotonic()
        except TimeoutError:
            verdict, heard = Untold("the answer took too long"), math.inf
        except Exception as error:
            verdict, heard = Untold(type(error).__name__, error), monotonic()
        self.ended = self._voucher.hear(verdict, asked, heard)
        if self.ended is not None:
            self._closing = asyncio.create_task(self._close_now(self.ended))
            if not self._over.done():
                self._over.set_result(None)

    async def _close_now(self, ended: Ended | Untold) -> None:
        with contextlib.suppress(Exception):  # the client or the app was first
            await self._close(ended)

"""A response on its way through: controls are put into it, and a stream ends once its login may not pass any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async

from twofa_middleware.errors import TwoFactorError
from twofa_middleware.gate import Gate
from twofa_middleware.http import Allow, Splicing
from twofa_middleware.protocol import Flow
from twofa_middleware.vouching import Voucher

Run: TypeAlias = Callable[[Flow[bytes]], bytes]
AsyncRun: TypeAlias = Callable[[Flow[bytes]], Awaitable[bytes]]


class StreamCut(TwoFactorError):
    """A stream was cut off, since its login may not pass any more; it must not look whole."""


class StreamEnds(Exception):
    """A stream that is whole wherever it ends, as server-sent events are, ends here for the same reason."""


@dataclass(slots=True)
class Passing:
    """``voucher``: of a stream that is watched; ``may_end``: whether it is whole wherever it ends; ``clock``: seconds
    since 1970."""

    gate: Gate
    allow: Allow
    clock: Callable[[], float]
    splicing: Splicing | None
    voucher: Voucher | None
    may_end: bool

    def chunk(self, chunk: bytes) -> Flow[bytes]:
        """What goes on of the body, now that this has come. Raises StreamCut or StreamEnds."""
        yield from self.look()
        return chunk if self.splicing is None else (yield from self.splicing.feed(chunk))

    def look(self) -> Flow[bytes]:
        """Nothing, after the gate was asked again, if that is due. Raises StreamCut or StreamEnds."""
        voucher, asked = self.voucher, monotonic()
        if voucher is not None and voucher.is_due(asked):
            verdict = yield from self.gate.still_passes(self.allow, int(self.clock()))
            ended = voucher.hear(verdict, asked, monotonic())
            if ended is not None:
                yield from self.gate.tell_of_end(self.allow, ended, int(self.clock()))
                raise StreamEnds if self.may_end else StreamCut(ended.reason)
        return b""

    def rest(self) -> Flow[bytes]:
        """What was held back of it, at its end."""
        return b"" if self.splicing is None else (yield from self.splicing.close())


def pass_on(response: Any, passing: Passing, run: Run) -> None:
    """Change the body of a response under WSGI."""
    if not response.streaming:
        response.content = run(passing.chunk(response.content)) + run(passing.rest())
        return
    parts = response.streaming_content

    def passed() -> Iterator[bytes]:
        with suppress(StreamEnds):
            for part in parts:
                yield run(passing.chunk(part))
            yield run(passing.rest())

    response.streaming_content = passed()


async def apass_on(response: Any, passing: Passing, run: AsyncRun) -> None:
    """The same under ASGI, where Django itself takes in a plain iterator as a whole."""
    if not response.streaming:
        response.content = await run(passing.chunk(response.content)) + await run(passing.rest())
        return
    parts, is_async = response.streaming_content, response.is_async

    async def passed() -> AsyncIterator[bytes]:
        with suppress(StreamEnds):
            if is_async:
                async with aclosing(_looked_after(parts, passing, run)) as looked_after:
                    async for part in looked_after:
                        yield await run(passing.chunk(part))
            else:
                for part in await sync_to_async(list)(parts):
                    yield await run(passing.chunk(part))
            yield await run(passing.rest())

    response.streaming_content = passed()


async def _looked_after(parts: AsyncIterator[bytes], passing: Passing, run: AsyncRun) -> AsyncGenerator[bytes]:
    """The parts as they come, one asked for at a time; while none comes, the gate is asked again each time that is due.

    One task runs through the parts: what a view keeps open from one to the next may belong to a task.
    """
    voucher = passing.voucher
    if voucher is None:
        async for part in parts:
            yield part
        return
    handed: asyncio.Queue[bytes] = asyncio.Queue(1)

    async def hand() -> None:
        async for part in parts:
            await handed.put(part)
            await handed.join()

    handing = asyncio.create_task(hand())
    getting = asyncio.create_task(handed.get())
    asked, every = voucher.at, voucher.pace.every_seconds
    try:
        while True:
            # What could not be told is asked again soon, since the limit is near.
            due = max(voucher.at, asked - every * 3 / 4) + every
            left = max(0.0, due - monotonic())
            await asyncio.wait({handing, getting}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                yield getting.result()
                getting = asyncio.create_task(handed.get())
                handed.task_done()
            elif handing.done():
                handing.result()
                return
            else:
                asked = monotonic()
                await run(passing.look())
    finally:
        for task in (handing, getting):
            task.cancel()
        await asyncio.gather(handing, getting, return_exceptions=True)

"""A body that was begun before the app reads it is for the app as if it were not. Attack 105."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from twofa_middleware.program import PeekBody
from twofa_middleware_asgi.translate import ClientGone, peek_body


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Queue:
    """A server's ``receive`` from which a message is gone for good if the wait for it is broken off."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)
        self.is_open = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        message = self.messages.pop(0)
        if not self.messages:
            await self.is_open.wait()
        return message


def test_a_longer_body_is_read_to_the_limit_and_is_whole_again() -> None:
    async def run() -> None:
        parts = [part(b"x" * 900), part(b"y" * 900), part(b"z" * 900), part(b"", more=False)]
        queue = Queue(*parts)
        queue.is_open.set()
        body, receive = await peek_body(queue.receive, PeekBody(1000, 10))
        assert (body, len(queue.messages)) == (None, 2)
        assert [await receive() for _ in parts] == parts

    asyncio.run(run())


def test_a_slow_body_is_not_waited_for_and_nothing_of_it_is_lost() -> None:
    async def run() -> None:
        parts = [part(b"action="), part(b"logout", more=False)]
        queue = Queue(*parts)
        body, receive = await peek_body(queue.receive, PeekBody(1000, 0))
        assert body is None
        queue.is_open.set()
        assert [await receive() for _ in parts] == parts

    asyncio.run(run())


def test_a_body_that_fits_is_told() -> None:
    async def run() -> None:
        queue = Queue(part(b"action="), part(b"logout", more=False))
        queue.is_open.set()
        assert (await peek_body(queue.receive, PeekBody(1000, 10)))[0] == b"action=logout"

    asyncio.run(run())


def test_nobody_waits_for_a_client_that_has_gone() -> None:
    async def run() -> None:
        queue = Queue(part(b"action="), {"type": "http.disconnect"})
        queue.is_open.set()
        with pytest.raises(ClientGone):
            await peek_body(queue.receive, PeekBody(1000, 10))

    asyncio.run(run())

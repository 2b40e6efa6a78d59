"""The head of the app's answer, held back until the gate has looked at it, and what becomes of the app after a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.types import Message, Receive, Send

from twofa_middleware.errors import TwoFactorError
from twofa_middleware.http import Answer, Headers, Splicing
from twofa_middleware.http import Send as SendOn
from twofa_middleware.protocol import Flow
from twofa_middleware.vouching import Ended, Untold, may_end_anywhere

from .translate import DENIAL, headers_of
from .watching import Close, Watch

Look: TypeAlias = Callable[[int, Headers], Awaitable[SendOn | Answer | None]]
Splice: TypeAlias = Callable[[Flow[bytes]], Awaitable[bytes]]
Refuse: TypeAlias = Callable[[Answer], Awaitable[None]]
Begin: TypeAlias = Callable[[Headers, Close], Watch | None]

HEADS = frozenset({"http.response.start", "websocket.accept", f"{DENIAL}.start"})
WITHOUT_HEAD = frozenset({"websocket.close"})
SWITCHING_PROTOCOLS = 101
MOST_SWALLOWED = 1


class AnswerDropped(OSError):
    """Nobody reads the app's answer any more: the kind of error by which ASGI tells of a client that has gone."""


class BrokenOff(TwoFactorError):
    """An answer that is not whole: the server closes the connection in the midst of it, so that it does not look whole."""


class HeldHead:
    """The ``send`` and ``receive`` that the app gets. Whatever it sends before its head is held back with it.

    Until the head is out, the app's tasks send one after the other: what one sends while another's head is looked at
    comes after that head, or is dropped with it.
    """

    def __init__(
        self, kind: str, receive: Receive, send: Send, look: Look, refuse: Refuse, splice: Splice, begin: Begin
    ) -> None:
        """``begin`` begins to watch the connection, if one with that head has to be."""
        self._kind = kind
        self._receive = receive
        self._send = send
        self._look = look
        self._refuse = refuse
        self._splice = splice
        self._begin = begin
        self._watch: Watch | None = None
        self._may_end_anywhere = False
        self._splicing: Splicing | None = None
        self._turn = asyncio.Lock()
        self._held: list[Message] = []
        self._is_out = False
        self._swallowed = 0
        self._is_dropped = False

    async def send(self, message: Message) -> None:
        if self._is_out and not self._is_dropped and self._splicing is None and message["type"] not in HEADS:
            await self._send_open(message)
            return
        async with self._turn:
            if self._is_dropped:
                self._swallow()
            elif message["type"] in HEADS:
                await self._settle(message)
            elif self._is_out or message["type"] in WITHOUT_HEAD:
                await self._send_open(message)
            else:
                self._held.append(message)

    async def receive(self) -> Message:
        if self._is_dropped:
            return self._gone()
        if self._watch is not None:
            message = await self._watch.next(self._receive)
        else:
            message = await self._receive()
            if self._watch is not None:  # the head went out meanwhile
                message = self._watch.handed(message) if await self._watch.lets_in(message) else None
        return self._gone() if message is None else message

    async def stop(self) -> bool:
        """The app is done. Answers whether what it sent is whole, as far as the client can tell."""
        if self._watch is None:
            return True
        await self._watch.stop()
        return self._watch.ended is None or self._kind == "websocket" or self._may_end_anywhere

    def _gone(self) -> Message:
        if self._kind != "websocket":
            return {"type": f"{self._kind}.disconnect"}
        ended = self._watch.ended if self._watch is not None else None
        return {"type": "websocket.disconnect", "code": ended.code if ended else 1006, "reason": ""}

    async def _send_open(self, message: Message) -> None:
        """What comes after the head."""
        if self._watch is not None and not await self._watch.lets_out():
            self._swallow()
            return
        await self._send(message if self._splicing is None else await self._spliced(message, self._splicing))
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if self._watch is not None and (is_last or message["type"] == "websocket.close"):
            await self._watch.rest()

    async def _close(self, ended: Ended | Untold) -> None:
        if self._kind == "websocket":
            await self._send({"type": "websocket.close", "code": ended.code, "reason": ""})
        elif self._may_end_anywhere:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _settle(self, head: Message) -> None:
        if self._is_out:
            # No server takes a second head. An app that goes on after the error must not do so under the first one.
            self._is_dropped = True
            raise RuntimeError(f"the app sent a second head: {head['type']}")
        headers = headers_of(head)
        outcome = await self._look(head.get("status", SWITCHING_PROTOCOLS), headers)
        if isinstance(outcome, Answer):
            self._is_dropped = True
            await self._refuse(outcome)
            return
        for earlier in self._held:
            await self._send(earlier)
        self._held.clear()
        # A copy: the app may have changed its message while it was looked at.
        sent = headers if outcome is None else outcome.headers
        await self._send({**head, "headers": list(sent)})
        self._splicing = outcome.splicing if outcome is not None else None
        if not head["type"].startswith(DENIAL):
            self._may_end_anywhere = may_end_anywhere(sent) and not head.get("trailers", False)
            self._watch = self._begin(sent, self._close)
        self._is_out = True

    async def _spliced(self, message: Message, splicing: Splicing) -> Message:
        """The part of the body as it goes on; with the last one comes what was held back."""
        if message["type"] != "http.response.body":
            return message
        body = await self._splice(splicing.feed(bytes(message.get("body", b""))))
        if not message.get("more_body", False):
            self._splicing = None
            body += await self._splice(splicing.close())
        return {**message, "body": body}

    def _swallow(self) -> None:
        self._swallowed += 1
        if self._swallowed > MOST_SWALLOWED:
            raise AnswerDropped("nobody gets this answer: its login has to show a second factor first")


def comes_of_drop(error: BaseException | None) -> bool:
    """Whether the app ended by nothing but our own AnswerDropped: alone, in groups of tasks, or turned into another
    error (Starlette makes ClientDisconnect of it). Cancellation is never meant."""
    if isinstance(error, BaseExceptionGroup):
        return all(comes_of_drop(inner) for inner in error.exceptions)
    if isinstance(error, AnswerDropped):
        return True
    return isinstance(error, Exception) and comes_of_drop(error.__cause__ or error.__context__)

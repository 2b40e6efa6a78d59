"""The head of the app's answer, held back until the gate has looked at it, and what becomes of the app after a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.types import Message, Receive, Send

from twofa_middleware.http import Answer, Headers
from twofa_middleware.http import Send as SendOn

from .translate import DENIAL, headers_of

Look: TypeAlias = Callable[[int, Headers], Awaitable[SendOn | Answer | None]]
Refuse: TypeAlias = Callable[[Answer], Awaitable[None]]

HEADS = frozenset({"http.response.start", "websocket.accept", f"{DENIAL}.start"})
WITHOUT_HEAD = frozenset({"websocket.close"})
SWITCHING_PROTOCOLS = 101
MOST_SWALLOWED = 1


class AnswerDropped(OSError):
    """Nobody reads the app's answer any more: the kind of error by which ASGI tells of a client that has gone."""


class HeldHead:
    """The ``send`` and ``receive`` that the app gets. Whatever it sends before its head is held back with it."""

    def __init__(self, kind: str, receive: Receive, send: Send, look: Look, refuse: Refuse) -> None:
        self._gone: Message = {"type": f"{kind}.disconnect"} | ({"code": 1006} if kind == "websocket" else {})
        self._receive = receive
        self._send = send
        self._look = look
        self._refuse = refuse
        self._held: list[Message] = []
        self._is_sent = False
        self._swallowed = 0
        self.is_dropped = False

    async def send(self, message: Message) -> None:
        if self.is_dropped:
            self._swallow(message)
        elif message["type"] in HEADS:
            await self._settle(message)
        elif self._is_sent or message["type"] in WITHOUT_HEAD:
            await self._send(message)
        else:
            self._held.append(message)

    async def receive(self) -> Message:
        if self.is_dropped:
            return self._gone
        return await self._receive()

    async def _settle(self, message: Message) -> None:
        outcome = await self._look(message.get("status", SWITCHING_PROTOCOLS), headers_of(message))
        if isinstance(outcome, Answer):
            if self._is_sent:
                raise AnswerDropped("the app's second head belongs to a login that may not pass")
            self.is_dropped = True
            self._held.clear()
            await self._refuse(outcome)
            return
        self._is_sent = True
        held, self._held = self._held, []
        for earlier in held:
            await self._send(earlier)
        await self._send(message if outcome is None else {**message, "headers": list(outcome.headers)})

    def _swallow(self, message: Message) -> None:
        self._swallowed += 1
        if self._swallowed > MOST_SWALLOWED:
            raise AnswerDropped("the answer was dropped: its login has to show a second factor first")


def is_dropped_only(error: BaseException) -> bool:
    """Whether the app ended by nothing but our own AnswerDropped, alone or in groups of tasks."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_dropped_only(inner) for inner in error.exceptions)
    return isinstance(error, AnswerDropped)

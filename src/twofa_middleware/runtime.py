"""Who answers the questions of a running gate, in either colour."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .asks import Call, CheckStore, Count, Emit, Random, StoreAsk
from .courier import Courier
from .gate import Gate
from .hot_path import HotPath
from .protocol import Ask, Store
from .references import is_async


@dataclass(frozen=True, slots=True)
class Answers:
    """What answers every question but ``ReadBody`` and ``PeekBody``, which are the adapter's."""

    store: Store
    courier: Courier

    def answer(self, ask: Ask[Any]) -> Any:
        """Answer a question where waiting is allowed."""
        match ask:
            case StoreAsk():
                return self.store.answer(ask)
            case Random(size):
                return os.urandom(size)
            case Emit():
                return self.courier.emit(ask)
            case Count():
                return self.courier.count(ask)
            case CheckStore():
                return self.store.check()
            case Call(function, arguments):
                return function(*arguments)
            case _:
                raise TypeError(f"nobody answers {type(ask).__name__} here")

    async def answer_async(self, ask: Ask[Any]) -> Any:
        """Answer a question on an event loop, which nothing here holds up."""
        match ask:
            case StoreAsk():
                return await self.store.answer_async(ask)
            case Call(function, arguments) if is_async(function):
                return await function(*arguments)
            case Call(function, arguments):
                return await _in_thread(_called, function, arguments)
            case CheckStore():
                return await _in_thread(self.store.check)
            case _:
                return self.answer(ask)

    def close(self) -> None:
        """Write what waits and close what is open. Without it the same happens when the process ends."""
        self.courier.close()
        # A store need not have anything to close.
        getattr(self.store, "close", lambda: None)()


@dataclass(frozen=True, slots=True)
class Runtime:
    """The gate of an app, with all that answers its questions. ``hot``: what it remembers, None if it does not."""

    gate: Gate
    answers: Answers
    hot: HotPath | None = None

    def answer(self, ask: Ask[Any]) -> Any:
        return self.answers.answer(ask)

    async def answer_async(self, ask: Ask[Any]) -> Any:
        return await self.answers.answer_async(ask)

    def close(self) -> None:
        self.answers.close()


def _called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except StopIteration as error:
        # A future cannot carry it: who waits for the thread would wait for ever.
        raise RuntimeError("the function raised StopIteration") from error


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    from asyncio import to_thread  # under WSGI nobody needs it

    return await to_thread(function, *arguments)

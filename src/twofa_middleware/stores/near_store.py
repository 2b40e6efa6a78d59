"""The store of a gate that remembers: what is asked of it here ends what is remembered, before the store's own word comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import asks
from ..errors import StoreError
from ..protocol import Ask, Result, Store
from .near_cache import NearCache
from .near_flags import NearFlags

_CHANGES = (*asks.ENDING, asks.WriteRole, asks.Reseal)


class NearStore:
    """Answers by ``store``; what may end a pass, and every failure, is told to the cache."""

    def __init__(self, store: Store, near: NearCache) -> None:
        self._store = store
        self._near = near
        self._flags = NearFlags(near)

    def check(self) -> None:
        self._store.check()

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        with self._told(ask) as told:
            if told.reply is None:
                told.reply = self._store.answer(ask)
        reply: Result = told.reply
        return reply

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer on the running event loop."""
        with self._told(ask) as told:
            if told.reply is None:
                told.reply = await self._store.answer_async(ask)
        reply: Result = told.reply
        return reply

    def close(self) -> None:
        """Close the store, if it has anything to close."""
        self._near.close()
        getattr(self._store, "close", lambda: None)()

    @contextmanager
    def _told(self, ask: Ask[Any]) -> Iterator[_Told]:
        # Before, for what is read meanwhile; and after, for what was read before the change was made.
        user = ask.user if isinstance(ask, _CHANGES) else None
        told = _Told()
        if user is not None:
            self._near.forget(user)
        flags = ask if isinstance(ask, asks.ReadRoles) and ask.as_of is not None else None
        told.reply = self._flags.find(flags) if flags is not None else None
        mark = self._near.mark() if flags is not None and told.reply is None else None
        try:
            yield told
            if flags is not None and mark is not None:
                self._flags.keep(mark, flags, told.reply)
        except StoreError:
            self._near.doubt()
            raise
        finally:
            if user is not None:
                self._near.forget(user)


class _Told:
    """Room for the answer; it is there already where the store need not be asked."""

    reply: Any = None

"""The store of a gate that remembers: what is asked of it here ends what is remembered, before the store's own word comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import asks
from ..errors import StoreError
from ..protocol import Ask, Result, Store
from .near_cache import NearCache


class NearStore:
    """Answers by ``store``; what may end a pass, and every failure, is told to the cache."""

    def __init__(self, store: Store, near: NearCache) -> None:
        self._store = store
        self._near = near

    def check(self) -> None:
        self._store.check()

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        with self._told(ask):
            return self._store.answer(ask)

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer on the running event loop."""
        with self._told(ask):
            return await self._store.answer_async(ask)

    def close(self) -> None:
        """Close the store, if it has anything to close."""
        self._near.close()
        getattr(self._store, "close", lambda: None)()

    @contextmanager
    def _told(self, ask: Ask[Any]) -> Iterator[None]:
        # Before, for what is read meanwhile; and after, for what was read before the change was made.
        user = ask.user if isinstance(ask, asks.ENDING) else None
        if user is not None:
            self._near.forget(user)
        try:
            yield
        except StoreError:
            self._near.doubt()
            raise
        finally:
            if user is not None:
                self._near.forget(user)

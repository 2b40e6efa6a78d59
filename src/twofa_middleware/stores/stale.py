"""A short outage as an option: passes that this process has seen go on for a moment while the store does not answer.

What is kept is what the store said of a pass, and from when; only the store's own word renews it, so no pass goes on for
longer than ``seconds`` after the store last vouched for it, however often it is used or the store is made unreachable.
Everything else is refused as without this: a browser is not remembered, no pass is opened, no code is tried, no strict
path and no page of ours that reads or changes anything answers. A store that is another one is no outage.

What it costs: within these seconds a pass that was ended elsewhere, by a log-out or an administrator, goes on here.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .. import asks
from ..errors import StoreUnavailable
from ..protocol import Ask, Result, Store, UserKey

LOGGER = logging.getLogger("twofa_middleware")
MOST_KEPT = 10_000
Key = tuple[UserKey, bytes]


class StaleStore:
    """Answers by ``store``, and a known pass for ``seconds`` where that is unavailable."""

    def __init__(self, store: Store, seconds: int) -> None:
        self._store = store
        self._seconds = seconds
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[asks.Seen, int]] = OrderedDict()
        self._of_user: dict[UserKey, set[Key]] = {}
        self._ends = 0
        self._is_out = False

    def check(self) -> None:
        self._store.check()

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        with self._known(ask) as known:
            known.reply = self._store.answer(ask)
        reply: Result = known.reply
        return reply

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer on the running event loop."""
        with self._known(ask) as known:
            known.reply = await self._store.answer_async(ask)
        reply: Result = known.reply
        return reply

    def close(self) -> None:
        """Close the store, if it has anything to close."""
        getattr(self._store, "close", lambda: None)()

    @contextmanager
    def _known(self, ask: Ask[Any]) -> Iterator[_Reply]:
        """Keep what is answered in here, or answer from what is kept where that is StoreUnavailable."""
        if self._pid != os.getpid():  # what another process has seen, and its locks, are not this one's
            self._start()
        known, ends = _Reply(), self._ends
        if isinstance(ask, asks.ENDING):
            self._drop(ask.user)
        try:
            yield known
        except StoreUnavailable:
            known.reply = self._stale(ask)
            if known.reply is None:
                raise
            if not self._is_out:
                self._is_out = True
                LOGGER.warning("the store does not answer: passes that are known go on for %d s", self._seconds)
        else:
            self._is_out = False
            if isinstance(ask, asks.Look) and ask.pass_digest is not None:
                self._keep(ask, ask.pass_digest, known.reply, ends)
        finally:
            if isinstance(ask, asks.ENDING):
                self._drop(ask.user)

    def _keep(self, ask: asks.Look, digest: bytes, seen: asks.Seen, ends: int) -> None:
        key = (ask.user, digest)
        with self._lock:
            self._forget(key)
            if seen.pass_row is None or ends != self._ends:
                return  # with an end meanwhile nobody can say which of the two came first
            # No browser, and no recovery codes, which nothing may be asked about.
            account = None if seen.account is None else replace(seen.account, codes=frozenset())
            self._kept[key] = asks.Seen(account, seen.pass_row, None), ask.now
            self._of_user.setdefault(ask.user, set()).add(key)
            while len(self._kept) > MOST_KEPT:
                self._forget(next(iter(self._kept)))

    def _stale(self, ask: Ask[Any]) -> asks.Seen | asks.Done | None:
        match ask:
            case asks.Look(user, bytes() as digest, _, now, is_strict=False):
                return self._find((user, digest), now)
            case asks.TouchPass(user, digest, now) if self._find((user, digest), now) is not None:
                return asks.Done()
            case _:
                return None

    def _find(self, key: Key, now: int) -> asks.Seen | None:
        with self._lock:
            seen, at = self._kept.get(key, (None, 0))
            if seen is None or seen.pass_row is None:
                return None
            if not 0 <= now - at <= self._seconds or now >= seen.pass_row.expires_at:
                self._forget(key)
                return None
            return seen

    def _drop(self, user: UserKey) -> None:
        with self._lock:
            self._ends += 1
            for key in tuple(self._of_user.get(user, ())):
                self._forget(key)

    def _forget(self, key: Key) -> None:
        if self._kept.pop(key, None) is not None:
            keys = self._of_user[key[0]]
            keys.discard(key)
            if not keys:
                del self._of_user[key[0]]


class _Reply:
    """Room for the answer."""

    reply: Any = None

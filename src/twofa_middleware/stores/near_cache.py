"""What this process remembers of decisions, until the store says that something has changed.

Nothing is remembered that might have changed while it was read: whoever is about to read takes a ``Mark`` first, and
what comes of it is kept only if no change of that user, and no silence of the store, was noticed since. Remembered or
not, one request a second asks the store, so that one which is gone, emptied or an older copy closes this process within
``BELIEVED_SECONDS``; the first question that it refuses ends all that is remembered.

Nothing is inherited over a fork, and it is bounded: the oldest goes first.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ..protocol import Changes, UserKey

MOST_KEPT = 8192
MOST_OF_A_USER = 64
"""So many of one user's, lest somebody who sends other bytes with each request push out what is known of all others."""
MOST_NOTED = 8192
"""So many users are known by when they last changed; what began to be read before the first of them is not kept."""
ASK_SECONDS = 1.0
BELIEVED_SECONDS = 2.0
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment before something is read."""

    stamp: int
    number: int
    at: float


@dataclass(slots=True, eq=False)
class _Kept:
    stamp: int
    user: UserKey
    what: Any


class NearCache:
    """Remembers under any key, for one user each. ``find`` is asked with every request; it takes no lock."""

    def __init__(self, changes: Changes, *, clock: Callable[[], float] = monotonic) -> None:
        """``clock``: seconds, monotonic."""
        self._changes = changes
        self._stamp = changes.stamp
        self._clock = clock
        self._begin()
        _every.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._has_begun = False
        self._kept: dict[Hashable, _Kept] = {}
        self._of_user: dict[UserKey, dict[Hashable, None]] = {}
        self._number = 0
        self._noted: dict[UserKey, int] = {}
        self._noted_from = 0
        self._ask_at = self._believed_until = _NEVER

    def mark(self) -> Mark | None:
        """To be taken before the store is asked; None where nothing of the answer may be kept."""
        if not self._has_begun:
            with self._lock:
                if not self._has_begun:
                    self._has_begun = True
                    self._changes.begin(self.forget)
        number, at = self._number, self._clock()  # before the stamp: a change that it counts already costs nothing
        stamp = self._stamp()
        return None if stamp is None else Mark(stamp, number, at)

    def keep(self, mark: Mark, user: UserKey, key: Hashable, what: Any) -> None:
        """Remember what was read after the mark, unless something has changed since."""
        if self._stamp() != mark.stamp:
            return
        with self._lock:
            if mark.number < max(self._noted.get(user, 0), self._noted_from):
                return
            self._drop(key)
            self._kept[key] = _Kept(mark.stamp, user, what)
            his = self._of_user.setdefault(user, {})
            his[key] = None
            if len(his) > MOST_OF_A_USER:
                self._drop(next(iter(his)))
            while len(self._kept) > MOST_KEPT:
                self._drop(next(iter(self._kept)))

    def vouch(self, mark: Mark) -> None:
        """The store has answered a question that was asked after the mark."""
        self._ask_at = max(self._ask_at, mark.at + ASK_SECONDS)
        self._believed_until = max(self._believed_until, mark.at + BELIEVED_SECONDS)

    def find(self, key: Hashable) -> Any | None:
        """What is remembered under the key, if it still holds."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock()
        if now >= self._ask_at:
            if now < self._believed_until:
                # This request asks the store, and the others go on meanwhile, but no longer than is believed.
                self._ask_at = min(now + ASK_SECONDS, self._believed_until)
            return None
        return kept.what if self._stamp() == kept.stamp else None

    def has(self, key: Hashable) -> bool:
        """Whether anything is remembered under the key, also where this request is the one to ask the store."""
        return key in self._kept

    def now(self) -> float:
        """The time by the clock of ``Mark.at``."""
        return self._clock()

    def doubt(self) -> None:
        """The store has refused or failed: nothing is believed until it answers again."""
        self._ask_at = self._believed_until = _NEVER
        self.forget(None)

    def forget(self, user: UserKey | None) -> None:
        """Something of the user has changed; None: of anybody."""
        with self._lock:
            self._number += 1
            if user is None:
                self._noted_from = self._number
                self._noted.clear()
                self._kept.clear()
                self._of_user.clear()
                return
            self._noted.pop(user, None)
            self._noted[user] = self._number
            if len(self._noted) > MOST_NOTED:
                self._noted_from = self._noted.pop(next(iter(self._noted)))
            for key in self._of_user.pop(user, ()):
                self._kept.pop(key, None)

    def close(self) -> None:
        """Stop to listen; nothing is remembered any more."""
        self._changes.close()
        self.doubt()

    def after_fork_in_child(self) -> None:
        self._begin()

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        keys = self._of_user[kept.user]
        keys.pop(key, None)
        if not keys:
            del self._of_user[kept.user]


_every: weakref.WeakSet[NearCache] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for cache in list(_every):
        cache.after_fork_in_child()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork_in_child)

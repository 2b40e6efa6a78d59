"""A key ring that a server looks at again while it runs, so that new keys need no restart.

A file is looked at once a second at most, when keys are needed; a function is called again when a record names a key
that the ring does not have, and so is the file read; a variable of the environment cannot change. What cannot be used is
told in the log, and the keys from before stay in use: a file that is half written stops nobody. So is an older copy of
the ring, for a key that has leaked would come back with it.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from .errors import KeysError
from .keyring import KeyRing

LOOK_SECONDS = 1.0
"""How often a key file is looked at, at most, and how often it is read since a record names an unknown key."""
CALL_SECONDS = 10.0
"""How often a function is called again, at most: it may ask a server, and requests wait for it."""
LOGGER = logging.getLogger("twofa_middleware")

_State: TypeAlias = tuple[int, ...] | None


class LiveRing:
    """The keys in use. ``again`` reads them anew, and ``file`` is looked at for whether that is worth while."""

    def __init__(
        self,
        ring: KeyRing,
        again: Callable[[], KeyRing] | None = None,
        file: Path | None = None,
        state: _State = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ring = ring
        self._older = set(ring.older)
        self._retired = set(ring.retired)
        self._again = again
        self._file = file
        self._state = state
        self._clock = clock
        self._look_at = clock() + LOOK_SECONDS if file else math.inf
        self._seek_at = -math.inf if again else math.inf
        self._told = ""
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls, reference: str, folder: Path, *, has_store: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> LiveRing:
        """What ``keys`` in the settings names; KeysError if there is no key ring that can be used."""
        kind, _, name = reference.partition(":")
        file = folder / name if kind == "file" else None
        state = _state(file)  # before it is read: what changes meanwhile is seen at the next look
        ring = KeyRing.load(reference, folder, has_store=has_store)
        again = None if kind == "env" else lambda: KeyRing.load(reference, folder)
        return cls(ring, again, file, state, clock=clock)

    def now(self) -> KeyRing:
        """The ring to work with. It costs a look at a clock, and once a second one at the file."""
        # One thread looks; the others do not wait for it.
        if self._clock() >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look_at = self._clock() + LOOK_SECONDS
                state = _state(self._file)
                if state != self._state and self._read():
                    self._state = state
            finally:
                self._lock.release()
        return self._ring

    @property
    def last(self) -> KeyRing:
        """The ring as it was found at the last look."""
        return self._ring

    def seek(self, key_id: bytes) -> KeyRing:
        """The ring, read anew if it does not have this key, for a record that was made by somebody who is ahead.

        Anybody who can write to the store can name keys that there are not, so it is not read anew for each.
        """
        with self._lock:  # who comes second waits for what the first one finds
            if key_id not in self._ring.keys and self._clock() >= self._seek_at:
                self._seek_at = self._clock() + (LOOK_SECONDS if self._file else CALL_SECONDS)
                self._read()
            return self._ring

    def _read(self) -> bool:
        """Whether there is a ring that can be used; it is told once why not."""
        if self._again is None:
            return False
        try:
            new = self._again()
        except KeysError as error:
            return self._refuse(str(error).removeprefix("keys: "))
        why = self._ring.refuses(new, self._older, self._retired)
        if why:
            return self._refuse(why)
        self._told = ""
        if (new, list(new.keys)) != (self._ring, list(self._ring.keys)):
            gone = ", ".join(key_id.hex() for key_id in self._ring.keys if key_id not in new.keys)
            LOGGER.info("keys: %s is the current key now%s", new.current.hex(), f"; gone: {gone}" if gone else "")
            self._older |= {*new.older, self._ring.current} - {new.current}
            self._retired.update(new.retired)
            self._ring = new
        return True

    def _refuse(self, why: str) -> bool:
        if why != self._told:
            self._told = why
            LOGGER.warning("keys: what is there now is not taken, and the keys from before stay in use: %s", why)
        return False


def _state(file: Path | None) -> _State:
    """What changes with the file; None where there is none."""
    if file is None:
        return None
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode

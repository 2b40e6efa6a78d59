"""Carries the steps of ``redis_steps.py`` to the servers: one client for threads, one for event loops.

By default redis-py asks again up to ten times when a reply does not come, and a script whose reply was lost has run. So
a question is sent once by either, on a connection that was just found open and empty; a connection on which anything
went wrong is closed, lest the next question get this one's reply. Nothing is shared over a fork or between loops.
"""

from __future__ import annotations

import os
from typing import Any

from ..errors import StoreUnavailable
from .redis_address import Address
from .redis_loops import Loops
from .redis_steps import Begin, Read
from .redis_threads import Threads

_left_to_the_parent: list[object] = []


class Clients:
    """Both clients of this process; a forked child begins with new ones."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._threads = Threads(self._address)
        self._loops = Loops(self._address)

    def talk(self, begin: Begin, *, is_a_walk: bool = False) -> Any:
        """Take the steps in this thread; answers what they come to."""
        self._begin()
        return self._threads.talk(begin, is_a_walk=is_a_walk)

    def read(self, read: Read) -> Any:
        """Ask in this thread what is asked most; answers the reply."""
        self._begin()
        return self._threads.read(read)

    async def talk_async(self, begin: Begin, *, is_a_walk: bool = False) -> Any:
        """Take the steps on the running event loop. They go on when the caller is cancelled, as in a thread."""
        self._begin()
        return await self._loops.talk(begin, is_a_walk=is_a_walk)

    async def read_async(self, read: Read) -> Any:
        """Ask on the running event loop what is asked most; answers the reply."""
        self._begin()
        return await self._loops.read(read)

    def close(self) -> None:
        """Close what this process has opened; later questions are refused."""
        self._closed = True
        if self._pid == os.getpid():
            self._threads.close()
            self._loops.close()

    def _begin(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store was closed")
        if self._pid != os.getpid():
            _left_to_the_parent.append((self._threads, self._loops))  # closing them here would warn, and help nobody
            self._start()

"""The client for threads: takes the steps of ``redis_steps.py`` in the thread that asks. ``redis_loops.py`` is its like."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NotConnected

from .redis_address import Address, Node
from .redis_deadline import Deadline
from .redis_pools import Held, Kept, connection_to, emptied, present
from .redis_steps import Begin, Read, Say, SayAll, Take


class Threads:
    """The connections of this process's threads."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._kept = Kept(threading.BoundedSemaphore)

    def talk(self, begin: Begin, *, is_a_walk: bool = False, deadline: Deadline | None = None) -> Any:
        """Take the steps; answers what they come to."""
        held, steps = None, begin()
        deadline = deadline or Deadline(is_a_walk=is_a_walk)
        try:
            step = next(steps)
            while True:
                try:
                    if isinstance(step, Take):
                        if held is None or held.is_broken or held.node != step.node:
                            self._give_back(held)
                            held = None
                            held = self._take(step.node, deadline)
                        reply: Any = held
                    else:
                        reply = self._say(present(held), step, deadline)
                except (RedisError, OSError) as error:
                    step = steps.throw(error)
                else:
                    deadline.went_well()
                    step = steps.send(reply)
        except StopIteration as end:
            return end.value
        finally:
            self._give_back(held)

    def read(self, read: Read) -> Any:
        """Say it on a connection that is there and believed, and else take the steps; answers what they come to."""
        node, deadline = read.node, Deadline(is_a_walk=False)
        limit = self._kept.limit_of(node)
        if not self._kept.free[node] or not limit.acquire(blocking=False):
            return self.talk(read.begin, deadline=deadline)
        held = None
        try:
            held = self._found(node)
            if held is not None and read.believes(held):
                return self._said(held, read.packed, deadline.seconds())
        except (NoScriptError, MovedError, AskError):
            pass  # nothing has run
        finally:
            if held is None:
                limit.release()
            self._give_back(held)
        return self.talk(read.begin, deadline=deadline)

    @staticmethod
    def _said(held: Held, packed: bytes, seconds: float) -> Any:
        connection = held.connection
        try:
            connection.send_packed_command([packed])
            reply = connection.read_response(timeout=seconds)
        except (NoScriptError, MovedError, AskError):
            raise
        except ResponseError:
            held.checked_at = None  # it may have become another one
            raise
        except BaseException:
            held.is_broken = True
            connection.disconnect()
            raise
        return reply

    def _found(self, node: Node) -> Held | None:
        """A connection that was kept, open and with nothing to read."""
        free = self._kept.free[node]
        while free:
            with suppress(IndexError):  # another thread was faster
                found = free.pop()
                if _is_usable(found.connection):
                    return found
        return None

    def _take(self, node: Node, deadline: Deadline) -> Held:
        kept = self._kept
        limit = kept.limit_of(node)
        if not limit.acquire(timeout=deadline.seconds_of_others()):
            raise NotConnected("No connection available.")
        try:
            if (found := self._found(node)) is not None:
                return found
            connection = connection_to(node, self._address, deadline.seconds(), is_coloured=False)
            held = Held(node, connection=connection)
            try:
                connection.connect()
            except BaseException:
                connection.disconnect()
                for other in emptied(kept.free[node]):  # who cannot be connected to has not kept these either
                    other.connection.disconnect()
                raise
            return held
        except BaseException:
            limit.release()
            raise

    def _say(self, held: Held, step: Say | SayAll, deadline: Deadline) -> Any:
        connection = held.connection
        try:
            if isinstance(step, Say):
                seconds = deadline.seconds(step.longer)
                connection.send_command(*step.words)
                reply = connection.read_response(timeout=seconds)
            else:
                connection.send_packed_command(connection.pack_commands(step.many))
                reply = [_value(connection, deadline, step.longer) for _ in step.many]
        except ResponseError:
            raise  # the reply was read to its end
        except BaseException:
            held.is_broken = True
            connection.disconnect()
            raise
        return reply

    def _give_back(self, held: Held | None) -> None:
        if held is None:
            return
        if self._kept.is_closed:
            held.connection.disconnect()
        elif not held.is_broken:
            self._kept.free[held.node].append(held)
        self._kept.limits[held.node].release()

    def close(self) -> None:
        """Close what nobody holds; what is held is closed when it is given back."""
        for held in self._kept.closed():
            held.connection.disconnect()


def _is_usable(connection: Any) -> bool:
    """Open, and with nothing to read; else it is closed."""
    is_usable = False
    try:
        is_usable = not connection.can_read()
    except (RedisError, OSError):
        pass
    finally:
        if not is_usable:
            connection.disconnect()
    return is_usable


def _value(connection: Any, deadline: Deadline, longer: float) -> Any:
    try:
        return connection.read_response(timeout=deadline.seconds(longer))
    except ResponseError as error:
        return error

"""How a near cache learns what has changed in a Redis: every server that holds keys says it by itself.

One connection to each, with ``CLIENT TRACKING ON BCAST`` for the keys of users
(https://redis.io/docs/latest/develop/reference/client-side-caching/#broadcasting-mode): whatever is done to one of them, by
whomever, is said here, in the order in which it was done. A thread reads, and asks ``INFO`` twice a second, whose answer
comes behind all that was said before. Where that does not come within ``SILENT_SECONDS``, or from a server that is no
primary any more, nothing is believed until all connections are new. What was said on one that is gone is unknown, so all
is forgotten with it.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Any

from redis.exceptions import RedisError

from ..errors import StoreError, StoreUnavailable
from ..protocol import UserKey
from .redis_address import Address, Node
from .redis_belief import INFO
from .redis_clients import Clients
from .redis_deadline import SOCKET_SECONDS
from .redis_pools import connection_to
from .redis_routes import Routes
from .redis_slots import Slots

LOGGER = logging.getLogger("twofa_middleware")
BEAT_SECONDS = 0.5
SILENT_SECONDS = 1.5
AGAIN_SECONDS = 0.5
_NEVER = float("-inf")

Forget = Callable[[UserKey | None], None]


class Pushes:
    """The ``Changes`` of a Redis store. ``stamp`` is a number of all connections together: another one when any is new."""

    def __init__(self, address: Address, realm: str, clients: Clients, routes: Routes) -> None:
        self._address = address
        self._prefix = f"2fa:{realm}:{{"
        self._clients = clients
        self._routes = routes
        self._listening: _Listening | None = None

    def begin(self, forget: Forget) -> None:
        self._listening = one = _Listening(self._address, self._prefix, self._clients, self._routes, forget)
        weakref.finalize(self, one.end).atexit = False
        threading.Thread(target=one.run, name="twofa-pushes", daemon=True).start()

    def stamp(self) -> int | None:
        one = self._listening
        if one is None or monotonic() >= one.believed_until or self._routes.slots is not one.slots:
            return None
        return one.epoch

    def close(self) -> None:
        if self._listening is not None:
            self._listening.end()


class _Listening:
    """What the threads of one process hear. ``slots``: the map of a Cluster by which the servers were chosen."""

    def __init__(self, address: Address, prefix: str, clients: Clients, routes: Routes, forget: Forget) -> None:
        self.epoch = 0
        self.believed_until = _NEVER
        self.slots: Slots | None = None
        self._address = address
        self._prefix = prefix
        self._clients = clients
        self._routes = routes
        self._forget = forget
        self._ends = threading.Event()
        self._fails = threading.Event()
        self._told = ""

    def end(self) -> None:
        """Let the threads end; from now on nothing is believed."""
        self._ends.set()
        self._fails.set()
        self.believed_until = _NEVER  # last: see _hear

    def run(self) -> None:
        """Listen, and begin anew whenever that fails, until the end."""
        while not self._ends.is_set():
            ears: list[_Ear] = []
            self._fails.clear()
            try:
                nodes, self.slots = self._primaries()
                ears = [_Ear(self._connection(node), self) for node in nodes]
                for ear in ears:
                    ear.begin(self._prefix)
                self.epoch += 1
                self._told = ""
                self._hear(nodes, ears)
            except (RedisError, OSError, StoreError) as error:
                self._routes.lost(error)  # or a Cluster's map would name a node that has gone until somebody asks it
                self._tell(error)
            finally:
                self.failed()
                for ear in ears:
                    ear.close()
            self._ends.wait(AGAIN_SECONDS)

    def failed(self) -> None:
        """What is said from now on is not heard."""
        self._fails.set()
        self.believed_until = _NEVER  # last: see _hear
        self._forget(None)

    def primary(self, info: Any) -> bytes:
        """Under which id the server that says this writes; StoreUnavailable if it is no primary."""
        return self._routes.writes_as(info)

    def changed(self, push: list[Any]) -> None:
        """``invalidate`` with the keys, or with None where all keys were thrown away."""
        for key in push[1] or ():
            user = bytes(key).partition(b"{")[2].partition(b"}")[0]
            self._forget(UserKey(user.decode("ascii", "replace")))
        if push[1] is None:
            self._forget(None)

    def _hear(self, nodes: tuple[Node, ...], ears: list[_Ear]) -> None:
        for ear in ears:
            threading.Thread(target=ear.run, name="twofa-pushes-of-one", daemon=True).start()
        while True:
            self.believed_until = min(ear.heard_at for ear in ears) + SILENT_SECONDS
            # Asked after that was said: whoever fails meanwhile is seen here, or takes it back afterwards.
            if self._fails.is_set() or self._ends.is_set():
                return
            if monotonic() >= self.believed_until:
                raise StoreUnavailable("a server was silent for too long")
            found, slots = self._primaries()
            if found != nodes:
                raise StoreUnavailable("other servers have the keys now")
            self.slots = slots
            self._fails.wait(BEAT_SECONDS)

    def _primaries(self) -> tuple[tuple[Node, ...], Slots | None]:
        slots = self._routes.slots  # before: who comes between makes it look older than it is
        nodes: tuple[Node, ...] = self._clients.talk(self._routes.primaries)
        return nodes, (slots if self._routes.slots is slots else None)

    def _connection(self, node: Node) -> Any:
        return connection_to(node, self._address, SOCKET_SECONDS, is_coloured=False, protocol=3)

    def _tell(self, error: Exception) -> None:
        said = str(error) or type(error).__name__
        if said != self._told and not self._ends.is_set():
            self._told = said
            LOGGER.warning("the store does not say what changes, so every request asks it: %s", said)


class _Ear:
    """The connection to one server, and the thread that reads it. ``heard_at``: when that was asked which it has
    answered last."""

    def __init__(self, connection: Any, listening: _Listening) -> None:
        self.heard_at = _NEVER
        self._connection = connection
        self._listening = listening
        self._asked_at: float | None = None
        self._server = b""

    def begin(self, prefix: str) -> None:
        connection = self._connection
        connection.connect()
        # redis-py keeps its parser to itself, and has no other way to hand on what a server says by itself.
        connection._parser.set_invalidation_push_handler(self._listening.changed)
        asked_at = monotonic()
        self._say("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix)
        self._server = self._listening.primary(self._say(*INFO))
        self.heard_at = asked_at

    def run(self) -> None:
        try:
            while True:
                self._hear()
        except (RedisError, OSError, StoreError, ValueError, TypeError, AttributeError):
            # The last three are those of a connection that was closed meanwhile.
            self._listening.failed()

    def close(self) -> None:
        self._connection.disconnect()

    def _hear(self) -> None:
        connection, now = self._connection, monotonic()
        if self._asked_at is None and now >= self.heard_at + BEAT_SECONDS:
            self._asked_at = now
            connection.send_command(*INFO)
        if not connection.can_read(timeout=BEAT_SECONDS / 2):
            return
        said = connection.read_response(timeout=SOCKET_SECONDS, push_request=True)
        if said is not None and self._asked_at is not None:
            if self._listening.primary(said) != self._server:
                raise StoreUnavailable("the server became another one")
            self.heard_at, self._asked_at = self._asked_at, None

    def _say(self, *words: str) -> Any:
        self._connection.send_command(*words)
        return self._connection.read_response(timeout=SOCKET_SECONDS)

"""Connections that are kept for the next question: those of one colour to all nodes of a store.

A connection of redis-py opens itself again where it finds itself closed, to who knows whom; so a connection on which
anything went wrong is thrown away, and what is kept is looked at before it is used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis.asyncio.connection as coloured
import redis.connection as plain
from redis._parsers import BaseParser
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.retry import Retry

from .redis_address import Address, Node
from .redis_steps import Link

MOST_CONNECTIONS = 32
"""To one node, from the threads of one process or from one event loop."""


@dataclass(slots=True, eq=False)
class Held(Link):
    """A Link and its connection of redis-py; ``lane``: the one of ``redis_lanes.py`` to which it belongs."""

    connection: Any = None
    is_broken: bool = False
    lane: Any = None


class Kept:
    """The connections of one colour that nobody holds, and how many may be held of each node; ``lanes``: those on which
    many ask at once, and whose turn it is to open one."""

    def __init__(self, limit: Callable[[int], Any]) -> None:
        self._limit = limit
        self.is_closed = False
        self.free: dict[Node, list[Held]] = {}
        self.limits: dict[Node, Any] = {}
        self.lanes: dict[Node, Any] = {}
        self.turns: dict[Node, Any] = {}

    def limit_of(self, node: Node) -> Any:
        if node not in self.limits:
            self.free.setdefault(node, [])  # first: who finds the limit finds the list as well
            self.limits.setdefault(node, self._limit(MOST_CONNECTIONS))
        return self.limits[node]

    def closed(self) -> list[Held]:
        """Nothing is kept any more; those that nobody holds."""
        self.is_closed = True
        return [held for free in self.free.values() for held in emptied(free)]


def emptied(free: list[Held]) -> list[Held]:
    """All that was free, and is nobody's from now on; others may take of it meanwhile."""
    found = []
    with suppress(IndexError):
        while True:
            found.append(free.pop())
    return found


def present(held: Held | None) -> Held:
    """What is held; redis-py's ConnectionError if there is nothing to say anything on."""
    if held is None or held.is_broken:
        raise NotConnected("the connection was closed")
    return held


def hand_over(held: Held, protocol: asyncio.Protocol) -> asyncio.Transport:
    """What comes on a connection of an event loop goes to the protocol from now on. Nothing may be on its way.

    redis-py connects, and then knows streams alone, each read of which is a task's.
    """
    transport: asyncio.Transport = held.connection._writer.transport
    transport.set_protocol(protocol)
    return transport


def let_go(held: Held) -> None:
    """The connection that was handed over is closed."""
    held.connection._close()


def error_of(text: str) -> Exception:
    """The exception that redis-py raises for a reply that is an error."""
    error: Exception = BaseParser.parse_error(text)  # type: ignore[no-untyped-call]
    return error


class TLSConnection(plain.Connection):
    """redis-py's own makes a new context for every connection, and reads all authorities again."""

    def __init__(self, *, context: ssl.SSLContext, **options: Any) -> None:
        self._context = context
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        connected = super()._connect()  # type: ignore[no-untyped-call]
        try:
            return self._context.wrap_socket(connected, server_hostname=self.host)
        except BaseException:
            connected.close()
            raise


class ColouredTLSConnection(coloured.Connection):
    """The same for an event loop."""

    def __init__(self, *, context: ssl.SSLContext, **options: Any) -> None:
        self._context = context
        super().__init__(**options)

    def _connection_arguments(self) -> Any:
        return {"host": self.host, "port": self.port, "ssl": self._context}


def connection_to(node: Node, address: Address, seconds: float, *, is_coloured: bool, protocol: int = 2) -> Any:
    """A new connection, not open yet: no retry, no health check, RESP2 unless told, bytes."""
    options = {
        **address.options(node),
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
        "health_check_interval": 0,
        "protocol": protocol,
        "driver_info": None,
        "decode_responses": False,
    }
    if not node.port:
        kind: Any = coloured.UnixDomainSocketConnection if is_coloured else plain.UnixDomainSocketConnection
    elif address.tls is None:
        kind = coloured.Connection if is_coloured else plain.Connection
    else:
        kind, options["context"] = ColouredTLSConnection if is_coloured else TLSConnection, address.tls
    return kind(**options)

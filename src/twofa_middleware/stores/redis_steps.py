"""What answering a question takes, step by step, in either colour: a generator yields the steps, a client takes them.

One connection is held at a time. A step that fails is thrown in; then the connection was closed, unless the error was
the server's own reply.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from .redis_address import Node

Words: TypeAlias = tuple[Any, ...]
"""A command and its arguments, as redis-py sends them."""

Conversation: TypeAlias = Generator[Any, Any, Any]
"""Commands go out (Words, or a list of them that may go out together), replies come in, a list of them for a list; a
ResponseError is thrown in; what is returned is the result."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Commands of a conversation that go out together on the connection on which the last one went, since they ask about
    it; in the list of their replies errors stand as values. ``longer``: as with ``Say``."""

    many: tuple[Words, ...]
    longer: float


@dataclass(frozen=True, slots=True)
class Fence:
    """Stands in a command for the fence of the server that it is said to, and its id: see ``redis_fence.py``."""


FENCE = Fence()


@dataclass(slots=True, eq=False)
class Link:
    """A connection: when it last said which store it is (by the clock of this process; None: never), and under which
    id it writes."""

    node: Node
    checked_at: float | None = None
    writes_as: bytes = b""


@dataclass(frozen=True, slots=True)
class Take:
    """Hold a connection to this node, which is open and has nothing to read; answers its Link."""

    node: Node


@dataclass(frozen=True, slots=True)
class Say:
    """Say something on the connection that is held, once; answers the reply. ``longer``: seconds by which the server
    may take longer than for anything else."""

    words: Words
    longer: float = 0.0


@dataclass(frozen=True, slots=True)
class SayAll:
    """Say all of it, then read all replies: a list, in which errors stand as values. ``longer``: as with ``Say``."""

    many: tuple[Words, ...]
    longer: float = 0.0


@dataclass(slots=True, eq=False)
class Read:
    """A question that is asked most and changes nothing. It may be said as it is, packed, on a connection to ``node`` that
    is believed; or as the steps that ``begin`` begins, which also know what to do where that is not enough.

    ``believes``: whether a connection is believed. ``meets``: the steps after which one to the node is; False if even then
    the steps of ``begin`` have to be taken.
    """

    node: Node
    packed: bytes
    believes: Callable[[Link], bool]
    meets: Callable[[], Steps[bool]]
    begin: Begin


Step: TypeAlias = Take | Say | SayAll
Found = TypeVar("Found")
Steps: TypeAlias = Generator[Step, Any, Found]
Begin: TypeAlias = Callable[[], Steps[Any]]

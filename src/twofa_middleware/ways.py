"""What a path has to do with the gate, for the short way of requests that are known."""

from __future__ import annotations

from enum import Enum, auto


class Way(Enum):
    """What a path has to do with the gate."""

    PLAIN = auto()
    PLAIN_WITHOUT_QUERY = auto()
    EXEMPT = auto()
    STRICT = auto()
    LONG = auto()

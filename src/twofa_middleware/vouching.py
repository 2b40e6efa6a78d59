"""For how long a connection that stays open, a WebSocket or a stream, may go on: until it is known that it may not any more,
or has been unknown for too long. Whether it may is decided in ``lasting.py``; the adapters keep the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

LOG_IN_AGAIN = 4401
"""The code of the close frame (RFC 6455 §7.4.2 leaves those from 4000 on to applications): as HTTP's 401."""
INTERNAL_ERROR = 1011
"""RFC 6455 §7.4.1: the server cannot go on; whoever comes again later may be let in."""


@dataclass(frozen=True, slots=True)
class Holds:
    """The connection may go on."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It may not: ``reason`` is for the event."""

    reason: str
    code: ClassVar[int] = LOG_IN_AGAIN


@dataclass(frozen=True, slots=True)
class Untold:
    """It could not be told. ``reason`` and ``error`` are for the event."""

    reason: str
    error: Exception | None = None
    code: ClassVar[int] = INTERNAL_ERROR


Verdict: TypeAlias = Holds | Ended | Untold


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an open connection is asked about, and how old the last good answer may be: by then it is closed."""

    every_seconds: float = 1.0
    limit_seconds: float = 2.0


@dataclass(slots=True)
class Voucher:
    """Since when a connection is known to hold. ``at``: when the last question with a good answer was asked.

    All times are those of a monotonic clock, in seconds.
    """

    pace: Pace
    at: float

    def is_due(self, now: float) -> bool:
        return now >= self.at + self.pace.every_seconds

    def left(self, now: float) -> float:
        """For how long it may go on without a new answer."""
        return self.at + self.pace.limit_seconds - now

    def hear(self, verdict: Verdict, asked: float, now: float) -> Ended | Untold | None:
        """What ends the connection, if this does. What could not be told does once the last good answer is too old."""
        if isinstance(verdict, Holds):
            self.at = asked
            return None
        return None if isinstance(verdict, Untold) and self.left(now) > 0 else verdict


def is_event_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer is one of server-sent events (HTML Standard §9.2)."""
    kinds = [value for name, value in headers if name.lower() == b"content-type"]
    return any(kind.partition(b";")[0].strip().lower() == b"text/event-stream" for kind in kinds)


def may_end_anywhere(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body with this head is whole wherever it ends. Any other must not look whole when it is cut off."""
    return is_event_stream(headers) and not any(name.lower() in (b"content-length", b"trailer") for name, _ in headers)

"""A connection that stays open, a WebSocket or a stream, and whether the login that it was opened under still passes.

What lets a request in is asked again for as long as it is under way: who is logged in, and whether that login passes.
Three verdicts: it holds, it has ended, or it could not be told. Nothing is changed by asking: no pass is opened, and
none counts as used, or the heartbeat of a page that nobody sits at would keep its session alive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from .accounts.access import MustSetUp, MustVerify, Passes, decide, look
from .asks import Emit
from .browser.origin import is_own_websocket
from .http import Allow, Request
from .identify import CannotTell, Conflicting, Known, Nobody, Unclaimed, says_same
from .protocol import Flow, Login
from .release import Admitted

if TYPE_CHECKING:
    from .gate import Gate

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


def still_passes(gate: Gate, allow: Allow, now: int) -> Flow[Verdict]:
    """Decide anew about what was allowed, at ``now`` (seconds since 1970). Every error is ``Untold``."""
    admitted: Admitted = allow.state
    request = replace(allow.request, now=now)
    try:
        identified = yield from gate.identify(request)
        match identified:
            case Known(login, by):
                return (yield from _passes(gate, admitted, request, login, by))
            case Nobody():
                return Ended("nobody is logged in") if admitted.login else Holds()
            case CannotTell(reason, error):
                return Untold(reason, error)
            case Conflicting(reason):
                return Ended(reason)
            case Unclaimed():
                return Ended("a credential that nobody reads")
    except Exception as error:
        return Untold(type(error).__name__, error)


def _passes(gate: Gate, admitted: Admitted, request: Request, login: Login, by: str) -> Flow[Verdict]:
    site = gate.site
    if admitted.login is not None and not says_same(login, admitted.login):
        return Ended("another log-in")
    if admitted.login is None and request.kind == "websocket" and not is_own_websocket(request, site.app.origins):
        return Ended("a log-in on a connection of a foreign page")
    if site.is_service_account(login, by, request.now):
        return Holds()
    # A pass that the browser brought when it was nobody's is none of a log-in that has appeared since.
    access = yield from look(site, login, request, log_in_begins=admitted.login is None, counts_as_use=False)
    if admitted.had_pass and access.valid_pass is None:
        return Ended("its pass has ended")
    decision = yield from decide(site, login, request, access)
    match decision:
        case Passes():
            return Holds()
        case MustVerify():
            return Ended("it has to verify")
        case MustSetUp():
            return Ended("it has to set up")


def tell_of_end(gate: Gate, allow: Allow, ended: Ended | Untold, now: int) -> Flow[None]:
    """The event of a connection that was closed; of what could not be told with its traceback."""
    request, site = allow.request, gate.site
    event = site.desk.event(
        "open connection ended",
        allow.login,
        now,
        reason=ended.reason,
        method="WEBSOCKET" if request.kind == "websocket" else request.method,
        path=request.path[:200],
    )
    if isinstance(ended, Untold):
        event = replace(event, error=ended.error, severity="error")
    yield from Emit(event)

"""A connection that stays open, a WebSocket or a stream, and whether the login that it was opened under still passes.

What lets a request in is asked again for as long as it is under way: who is logged in, and whether that login passes.
Three verdicts: it holds, it has ended, or it could not be told. Nothing is changed by asking: no pass is opened, and
none counts as used, or the heartbeat of a page that nobody sits at would keep its session alive.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .accounts.access import MustSetUp, MustVerify, Passes, decide, look
from .asks import Emit
from .browser.origin import is_own_websocket
from .http import Allow, Request
from .identify import CannotTell, Conflicting, Known, Nobody, Unclaimed, says_same
from .protocol import Flow, Login
from .release import Admitted
from .vouching import Ended, Holds, Untold, Verdict

if TYPE_CHECKING:
    from .gate import Gate


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

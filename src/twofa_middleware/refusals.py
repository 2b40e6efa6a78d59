"""What is answered where nobody may be let in. Each refusal is one event, found by the reference that the answer shows.

In mode ``report`` the event says what would have been refused, and ``modes.py`` lets the request by.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from .accounts.access import MustSetUp, MustVerify
from .asks import Count, Emit
from .errors import BadRequest
from .http import Answer, Request
from .identify import CannotTell, Conflicting, Unclaimed
from .pages import notices
from .pages.render import owned
from .protocol import Event, Flow, Login, Result
from .site import Site

_LONGEST_PATH = 200

Severity = Literal["info", "warning", "error"]


def closed_on_error(site: Site, request: Request, flow: Flow[Result]) -> Flow[Result | Answer]:
    """The one place where an exception becomes an answer, and that answer refuses."""
    try:
        return (yield from flow)
    except BadRequest as error:
        reference = yield from refuse(site, request, "own form refused", None, "refused", {"status": error.status})
        answer = notices.said(site, request, error.status, "bad-request", error.detail, reference)
        return owned(Answer(answer.status, answer.headers, answer.body, closes=True))
    except Exception as error:
        return (yield from our_fault(site, request, type(error).__name__, error))


def demand(
    site: Site, request: Request, login: Login, decision: MustVerify | MustSetUp, after: str | None = None
) -> Flow[Answer]:
    """Send a login to where it has to go first; ``after`` is where it may go then."""
    what: Literal["verify", "setup"] = "verify" if isinstance(decision, MustVerify) else "setup"
    facts = {"role": decision.role} if isinstance(decision, MustSetUp) else {}
    reference = yield from refuse(site, request, f"{what} demanded", login, what, facts)
    return owned(notices.demand(site, request, what, after, reference))


def prove_first(site: Site, request: Request, login: Login, address: str) -> Flow[Answer]:
    """A form asks for what only somebody may do who has shown a factor lately; ``address`` is where that is done."""
    reference = yield from refuse(site, request, "verify demanded", login, "verify")
    return owned(notices.unsent(site, request, address, reference))


def foreign_websocket(site: Site, request: Request, login: Login) -> Flow[Answer]:
    """A page of another site has opened a WebSocket with this user's cookies."""
    reference = yield from refuse(site, request, "websocket of a foreign page refused", login, "refused")
    detail = "This page may not open a connection here."
    return owned(notices.said(site, request, 403, "foreign-origin", detail, reference))


def unlisted_websocket(site: Site, request: Request) -> Flow[Answer]:
    """Who is logged in depends on the app's state here, so that a log-in could come later, over the connection itself."""
    reference = yield from refuse(site, request, "websocket of nobody refused", None, "refused")
    return owned(notices.said(site, request, 403, "anonymous-websocket", "Log in before you open this.", reference))


def not_told(site: Site, request: Request, identified: CannotTell | Conflicting | Unclaimed) -> Flow[Answer]:
    """It cannot be told who is there, or a credential came that nobody has read."""
    match identified:
        case CannotTell(reason, error):
            return (yield from our_fault(site, request, reason, error))
        case Conflicting(reason):
            reference = yield from refuse(site, request, "identities ambiguous", None, "refused", {"reason": reason})
            detail = (
                "This request can be read as coming from two people. Delete this site’s cookies, then log in again."
            )
            return owned(notices.said(site, request, 400, "ambiguous", detail, reference))
        case Unclaimed():
            reference = yield from refuse(site, request, "unread credential refused", None, "refused")
            detail = "This address does not take an Authorization header of that kind."
            return owned(notices.said(site, request, 403, "unread-credential", detail, reference))


def our_fault(site: Site, request: Request, reason: str, error: Exception | None) -> Flow[Answer]:
    """503. The event has the traceback."""
    reference = yield from refuse(
        site, request, "refused, our fault", None, "error", {"reason": reason}, severity="error", error=error
    )
    return owned(notices.our_fault(site, request, reference))


def refuse(
    site: Site,
    request: Request,
    name: str,
    login: Login | None,
    decision: str,
    more: Mapping[str, str | int] = MappingProxyType({}),
    *,
    severity: Severity = "info",
    error: Exception | None = None,
) -> Flow[str]:
    """Count and tell of a refusal; the reference under which its event is found."""
    reference = yield from notices.new_reference()
    where = {"reference": reference, "method": request.method, "path": request.path[:_LONGEST_PATH]}
    facts: dict[str, str | int] = {**more, **where}
    user, label = (login.user, login.label) if login else ("", "")
    if site.mode == "report":
        yield from Count(site.name, f"would {decision}")
        repeats = f"{site.name} would {name} {user or request.path[:_LONGEST_PATH]}"
        yield from Emit(
            Event("let by in report", request.now, site.name, user, facts | {"would": name}, error, severity, label),
            once_a_day=repeats,
        )
        return reference
    yield from Count(site.name, decision)
    yield from Emit(Event(name, request.now, site.name, user, facts, error, severity, label))
    return reference

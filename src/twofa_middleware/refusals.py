"""What is answered where nobody may be let in because something cannot be told. Each refusal is an event."""

from __future__ import annotations

import base64

from .asks import Emit, Random
from .errors import BadRequest
from .http import Answer, Request
from .identify import CannotTell, Conflicting, Unclaimed
from .pages import notices
from .pages.render import owned
from .protocol import Event, Flow, Result
from .site import Site

_REFERENCE_BYTES = 5


def closed_on_error(site: Site, request: Request, flow: Flow[Result]) -> Flow[Result | Answer]:
    """The one place where an exception becomes an answer, and that answer refuses."""
    try:
        return (yield from flow)
    except BadRequest as error:
        answer = notices.said(site, request, error.status, "bad-request", error.detail)
        return owned(Answer(answer.status, answer.headers, answer.body, closes=True))
    except Exception as error:
        return (yield from our_fault(site, request, type(error).__name__, error))


def our_fault(site: Site, request: Request, reason: str, error: Exception | None) -> Flow[Answer]:
    """503. The page shows a reference by which the event, with its traceback, is found."""
    reference = base64.b32encode((yield from Random(_REFERENCE_BYTES))).decode()[:6]
    facts = {"reason": reason, "reference": reference, "method": request.method, "path": request.path[:200]}
    event = Event("refused, our fault", request.now, site.name, facts=facts, error=error, severity="error")
    yield from Emit(event)
    return owned(notices.our_fault(site, request, reference))


def not_told(site: Site, request: Request, identified: CannotTell | Conflicting | Unclaimed) -> Flow[Answer]:
    """It cannot be told who is there, or a credential came that nobody has read."""
    match identified:
        case CannotTell(reason, error):
            return (yield from our_fault(site, request, reason, error))
        case Conflicting(reason):
            yield from site.emit("identities ambiguous", None, request.now, reason=reason)
            detail = (
                "This request can be read as coming from two people. Delete this site’s cookies, then log in again."
            )
            return owned(notices.said(site, request, 400, "ambiguous", detail))
        case Unclaimed():
            yield from site.emit("unread credential refused", None, request.now)
            detail = "This address does not take an Authorization header of that kind."
            return owned(notices.said(site, request, 403, "unread-credential", detail))

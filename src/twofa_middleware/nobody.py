"""A request of nobody's on its way to the app: without what nobody has read, and watched if it may become somebody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts.passes import end_pass
from .browser.cookies import hide_ours, read_pass
from .http import Allow, Answer, Request
from .letting_on import let_on
from .moments import Moment
from .policy.paths import asks_less
from .protocol import Flow
from .refusals import unlisted_websocket
from .release import Admitted

if TYPE_CHECKING:
    from .gate import Gate


def admit_nobody(
    gate: Gate,
    request: Request,
    moment: Moment,
    takes_out: frozenset[bytes],
    headers_out: frozenset[bytes],
    is_refused: bool,
) -> Flow[Allow | Answer]:
    """``takes_out`` are the cookies and ``headers_out`` the headers that the app does not get. ``is_refused``: the app, when
    it was asked, refused a header by which it knows people."""
    site = gate.site
    may_log_in_later = request.kind == "websocket" and gate.depends_on_state
    if may_log_in_later and not asks_less(site.anonymous_websockets, request):
        return (yield from unlisted_websocket(site, request))
    for unread in sorted(takes_out & gate.cookies_read):
        yield from site.warn("session cookie could not be read", request.now, cookie=unread.decode())
    begins = moment.logs_in
    changes = hide_ours(request, takes_out | gate.withheld if begins else takes_out) | dict.fromkeys(headers_out)
    carries = _carries_credential(gate, request)
    resolves = gate.depends_on_state and (carries or not request.is_safe)
    cookie = read_pass(request, site.cookies.passes)
    ended = cookie is not None and _shows_log_out(gate, request)
    if ended and cookie is not None:
        yield from end_pass(site, cookie, request.now, "nobody is logged in")
    admitted = Admitted(None, cookie, begins=begins, resolves=resolves, ended=ended, is_refused=is_refused)
    watches = gate.depends_on_state and carries
    return let_on(gate, request, admitted, changes, watches, may_last=watches or may_log_in_later)


def _shows_log_out(gate: Gate, request: Request) -> bool:
    """A person comes without a login, where the app's cookie would have been sent: the log-in has ended.

    From another site a browser may hold back a SameSite=Strict cookie, so that says nothing.
    """
    inside = gate.site.app.cookie_path.rstrip("/")
    path = request.root + request.path
    foreign = request.header(b"sec-fetch-site") == b"cross-site"
    return request.is_navigation and not foreign and (path == inside or path.startswith(inside + "/"))


def _carries_credential(gate: Gate, request: Request) -> bool:
    names = {name for name, _ in request.headers}
    return not names.isdisjoint(gate.headers_read) or not gate.cookies_read.isdisjoint(request.cookies())

"""The app's answer on its way back: whoever it logs in has to pass before its first byte is sent.

The identity is resolved again with the answer's cookies merged into the request. A login that is new and may not pass
loses the answer's body and headers; the cookies stay, so that the app knows its login after the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .accounts.access import Passes, decide, look
from .accounts.passes import end_pass
from .accounts.unprompted import Opening, open_unprompted
from .browser.cookies import PassCookie, is_ours, read_pass
from .browser.kept import may_be_shared, merge_cookies
from .browser.origin import leads_to
from .http import Allow, Answer, Headers, Request, Send, always, set_cookies
from .identify import CannotTell, Known, Nobody, says_same
from .inserts.passing import Passing, go
from .moments import settle
from .pages.render import Urls
from .policy.paths import asks_more
from .protocol import Flow, Login
from .refusals import demand, not_told
from .site import Site
from .vouching import is_event_stream

if TYPE_CHECKING:
    from .gate import Gate


@dataclass(frozen=True, slots=True)
class Admitted:
    """What ``release`` has to know of the way in.

    ``opens``: a pass to open that nobody was prompted for. ``begins``: a log-in rule matched. ``resolves``: the app may
    have changed who is logged in without a cookie that would show it. ``ended``: the pass has ended already.
    ``passing``: the page gets controls of ours. ``held``: what resolvers
    hold that learn from log-ins. ``had_pass``: it was let in by a valid pass.
    ``is_refused``: the app, when it was asked, refused the header by which it knows people.
    """

    login: Login | None
    pass_cookie: PassCookie | None
    opens: Opening | None = None
    begins: bool = False
    resolves: bool = False
    ended: bool = False
    passing: Passing | None = None
    held: tuple[Any, ...] = ()
    had_pass: bool = False
    is_refused: bool = False

    @property
    def needs_release(self) -> bool:
        begins_or_ends = self.begins or self.resolves or self.ended or self.is_refused
        return begins_or_ends or self.opens is not None or self.passing is not None


def release(gate: Gate, allow: Allow, admitted: Admitted, status: int, headers: Headers) -> Flow[Send | Answer]:
    """Look at the head of an answer that may have changed who is logged in, or that a pass goes out with."""
    request, site = allow.request, gate.site
    if admitted.is_refused and status < 400:
        return (yield from not_told(site, request, CannotTell("the app took a header that its door has refused")))
    sets = set_cookies(headers)
    kept = tuple(pair for pair in headers if not _is_our_cookie(pair))
    watched = [(name, value) for name, value in sets if name in gate.cookies_read]
    if gate.watchers and not _sets_two(watched):
        reason = yield from settle(site, gate.watchers, request, admitted.login, admitted.held, status, headers)
        if reason:
            return (yield from not_told(site, request, CannotTell(reason)))
    if not (watched or admitted.resolves or admitted.begins):
        return (yield from _send(gate, allow, admitted, status, kept))
    if _sets_two(watched):
        return (yield from not_told(site, request, CannotTell("the answer sets a cookie to two values")))
    merged = _merge(request, sets)
    identified = yield from gate.identify(merged)
    if isinstance(identified, Known | Nobody) and not (admitted.held or admitted.begins or admitted.ended):
        gone = lost(allow, identified.takes_out) - {name for name, _ in sets}
        if gone and admitted.login is not None:
            return (
                yield from not_told(site, request, CannotTell("a cookie that was read before is not read any more"))
            )
    match identified:
        case Nobody():
            if admitted.login is None:
                yield from _tell_of_unseen_login(gate, admitted, request, status, sets)
                return (yield from _send(gate, allow, admitted, status, kept))
            yield from _end_pass(gate, admitted, request, "log-out")
            return Send((*kept, site.cookies.expire(site.cookies.passes)))
        case Known(login, by):
            if says_same(login, admitted.login) and not admitted.begins:
                return (yield from _send(gate, allow, admitted, status, kept))
            return (yield from _send_new_login(gate, allow, admitted, merged, login, by, kept))
        case _:
            return (yield from not_told(site, request, CannotTell(f"after the app's answer: {identified}")))


def lost(allow: Allow, takes_out: frozenset[bytes]) -> frozenset[bytes]:
    """The cookies that the app got and that nobody reads any more: by now the app may know them as somebody else's."""
    return takes_out & allow.request.with_headers(allow.changes).cookies().keys()


def _send(gate: Gate, allow: Allow, admitted: Admitted, status: int, headers: Headers) -> Flow[Send | Answer]:
    """The same login as before: the answer goes on, and with it the pass that was decided on the way in."""
    send = yield from _with_pass(gate, allow, admitted, headers)
    return (yield from go(admitted.passing, status, headers, send)) if admitted.passing else send


def _with_pass(gate: Gate, allow: Allow, admitted: Admitted, headers: Headers) -> Flow[Send]:
    site = gate.site
    if admitted.ended:
        return Send((*headers, site.cookies.expire(site.cookies.passes)))
    if admitted.opens is None or may_be_shared(headers):
        return Send(headers)
    cookie = yield from open_unprompted(site, admitted.opens, allow.request.now)
    return Send((*headers, cookie) if cookie else headers)


def _send_new_login(
    gate: Gate, allow: Allow, admitted: Admitted, merged: Request, login: Login, by: str, headers: Headers
) -> Flow[Send | Answer]:
    """The answer begins a log-in: its pass is decided anew, whatever pass the browser had."""
    site, request = gate.site, allow.request
    yield from _end_pass(gate, admitted, request, "another log-in")
    if site.is_service_account(login, by, request.now):
        yield from gate.tell_of_service_account(login, request)
        return Send(headers, goes_on=_under(gate, allow, login, merged))
    access = yield from look(site, login, merged, log_in_begins=True)
    decision = yield from decide(site, login, merged, access)
    if isinstance(decision, Passes):
        cookie = None
        if decision.opens is not None and not may_be_shared(headers):
            browser = access.browser.digest if access.browser else None
            opening = Opening(login, decision.opens, access.account.generation, browser, None, decision.roles)
            cookie = yield from open_unprompted(site, opening, request.now)
        goes_on = _under(gate, allow, login, merged, cookie)
        if cookie is None and admitted.pass_cookie is not None:
            cookie = site.cookies.expire(site.cookies.passes)
        return Send((*headers, cookie) if cookie else headers, goes_on=goes_on)
    if site.app.login_answer == "pass" and admitted.begins and request.kind == "http" and not request.is_navigation:
        return Send(headers, goes_on=_under(gate, allow, login, merged))
    answer = yield from demand(site, request, login, decision, _next(gate, request, headers))
    cookies = tuple(pair for pair in headers if pair[0].lower() == b"set-cookie")
    unread = {name for name, value in set_cookies(headers) if value} - gate.cookies_read - site.credential_cookies
    for name in sorted(unread):
        yield from site.warn(
            "a log-in set a cookie that no resolver reads",
            request.now,
            cookie=name.decode("latin-1"),
            remedy="if it can log in, name it in `credential_cookies`",
        )
    ends = (site.cookies.expire(site.cookies.passes),) if admitted.pass_cookie else ()
    return answer.adding(*cookies, *ends)


def watched_heads(site: Site, request: Request) -> Callable[[Iterable[tuple[bytes, bytes]]], bool]:
    """Which heads of an answer belong to one that is watched while it lasts."""
    lasts = request.kind == "websocket" or asks_more(site.streams, request)
    return always if lasts else is_event_stream


def _under(
    gate: Gate, allow: Allow, login: Login, merged: Request, opened: tuple[bytes, bytes] | None = None
) -> Allow | None:
    """As what the connection goes on: under the login that its answer begins, with the pass that goes out with it."""
    if gate.site.mode != "enforce":
        return None
    request = _merge(merged, set_cookies((opened,))) if opened else merged
    cookie = read_pass(request, gate.site.cookies.passes) if opened else None
    admitted = Admitted(login, cookie, had_pass=opened is not None)
    return replace(allow, request=request, login=login, state=admitted, is_watched=watched_heads(gate.site, request))


def _tell_of_unseen_login(
    gate: Gate, admitted: Admitted, request: Request, status: int, sets: list[tuple[bytes, bytes]]
) -> Flow[None]:
    """A log-in rule was answered with a cookie, and no resolver sees anybody: if it succeeded, nobody is protected."""
    cookies = sorted({name.decode("latin-1") for name, value in sets if value and not is_ours(name)})
    if admitted.begins and cookies and status < 400:
        yield from gate.site.warn(
            "no resolver sees a login after a log-in",
            request.now,
            answered=f"{request.method} {request.path[:200]} with {status}",
            sets=", ".join(cookies)[:200],
            remedy="if it succeeded, this app is NOT protected: check `identity`",
        )


def _end_pass(gate: Gate, admitted: Admitted, request: Request, why: str) -> Flow[None]:
    if admitted.pass_cookie is not None:
        yield from end_pass(gate.site, admitted.pass_cookie, request.now, why, admitted.login)


def _next(gate: Gate, request: Request, headers: Headers) -> str:
    """Where the app wanted to send the browser, if that is a place of its own; never the path of an unsafe request."""
    return leads_to(headers, gate.site.app.origins) or Urls.of(gate.site, request).home


def _merge(request: Request, sets: list[tuple[bytes, bytes]]) -> Request:
    """The request that the browser would send next: the answer's cookies in place of those of the same names."""
    merged = merge_cookies(request.header_line(b"cookie"), sets)
    return request.with_headers({b"cookie": merged or None})


def _sets_two(watched: list[tuple[bytes, bytes]]) -> bool:
    """Whether a cookie that a resolver reads is set to two values: which one comes back depends on paths and domains."""
    values = [(name, value) for name, value in set(watched) if value]
    return len({name for name, _ in values}) != len(values)


def _is_our_cookie(pair: tuple[bytes, bytes]) -> bool:
    return pair[0].lower() == b"set-cookie" and is_ours(pair[1].partition(b"=")[0].strip(b" \t"))

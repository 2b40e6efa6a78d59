"""Whether a request is a log-in or a log-out, by the rules of the app; and the resolvers that learn from these.

A rule about a field of the form reads the body, of requests that it fits otherwise and that carry a form. So does one
about another method than the request's, since an app may take the method from a field. What cannot be read without
breaking the app (too long, too slow, a content coding) counts as if the field stood there, and the app gets all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .asks import PeekBody
from .browser.origin import leads_below
from .form_body import is_form
from .http import Headers, Request
from .policy.login_rules import LoginRule
from .protocol import Flow, Login, LoginWatcher
from .site import Site

BODY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Moment:
    """``logs_in``, ``logs_out``: the request may log somebody in, or out. It may do both, and mostly does neither."""

    logs_in: bool = False
    logs_out: bool = False

    @property
    def is_one(self) -> bool:
        return self.logs_in or self.logs_out


@dataclass(frozen=True, slots=True)
class _Form:
    """A form that was read; ``kind`` None: one that cannot be, so any field may stand there."""

    kind: bytes | None
    body: bytes = b""

    def fits(self, rule: LoginRule, request: Request) -> bool:
        return self.kind is None or rule.holds_for_form(
            self.kind, None, self.body, names_method=rule.asks_method(request)
        )


_UNREADABLE = _Form(None)


def moment_of(site: Site, request: Request) -> Flow[Moment]:
    """Which of the rules hold for a request."""
    if not (site.login_rules or site.logout_rules):
        return Moment()
    # Under WSGI any request can say Upgrade; one that is not safe has a body all the same.
    has_form = (request.kind == "http" or not request.is_safe) and _may_have_form(request)
    in_rules = [rule for rule in site.login_rules if rule.holds(request, has_form=has_form)]
    out_rules = [rule for rule in site.logout_rules if rule.holds(request, has_form=has_form)]
    form = None
    if has_form and any(rule.asks_form(request) for rule in (*in_rules, *out_rules)):
        form = yield from _read_form(site.app.form_limit_bytes, request)
    return Moment(_holds(in_rules, request, form), _holds(out_rules, request, form))


def begin(watchers: Iterable[LoginWatcher], request: Request, moment: Moment) -> Flow[tuple[Any, ...]]:
    """The app is about to be called with a log-in or a log-out."""
    held = []
    for watcher in watchers:
        held.append((yield from watcher.before_app(request, moment.logs_in)))
    return tuple(held)


def settle(
    site: Site,
    watchers: Iterable[LoginWatcher],
    request: Request,
    login: Login | None,
    held: tuple[Any, ...],
    status: int,
    headers: Headers,
) -> Flow[str | None]:
    """The app has answered; why nothing of its answer may go on, None if it may."""
    place = leads_below(headers, site.app.origins, request.quoted_root)
    for number, watcher in enumerate(watchers):
        one = held[number] if held else None
        reason: str | None = yield from watcher.after_app(request, login, one, status, headers, place)
        if reason:
            return reason
    return None


def _holds(rules: Iterable[LoginRule], request: Request, form: _Form | None) -> bool:
    return any(not rule.asks_form(request) or (form is not None and form.fits(rule, request)) for rule in rules)


def _may_have_form(request: Request) -> bool:
    """Whether the head says so, or says nothing: some apps read whatever has no type as a form."""
    kinds = request.values(b"content-type")
    return (len(kinds) > 1 or is_form(kinds[0])) if kinds else _has_body(request)


def _has_body(request: Request) -> bool:
    lengths = request.values(b"content-length")
    return bool(request.values(b"transfer-encoding")) or any(length.strip(b" 0") for length in lengths)


def _read_form(limit_bytes: int, request: Request) -> Flow[_Form | None]:
    """The form of a request that may have one."""
    kinds, lengths = request.values(b"content-type"), request.values(b"content-length")
    if len(kinds) != 1 or request.values(b"content-encoding"):
        return _UNREADABLE
    if not lengths and "wsgi.version" in request.server and not request.server.get("wsgi.input_terminated"):
        # Nobody can tell where it ends; without chunks there is none.
        return _UNREADABLE if request.values(b"transfer-encoding") else None
    if any(not length.isdigit() or int(length) > limit_bytes for length in lengths):
        return _UNREADABLE
    body = yield from PeekBody(limit_bytes, BODY_SECONDS)
    return _UNREADABLE if body is None else _Form(kinds[0], body)

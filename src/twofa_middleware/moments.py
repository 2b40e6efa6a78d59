"""Whether a request is a log-in or a log-out, by the rules of the app; and the resolvers that learn from these.

A rule about a field of the form reads the body, of requests that it fits otherwise and that carry a form. What cannot be
read without breaking the app (too long, a content coding) counts as if the field stood there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .asks import ReadBody
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
    coding: bytes | None = None
    body: bytes = b""


def moment_of(site: Site, request: Request) -> Flow[Moment]:
    """Which of the rules hold for a request."""
    in_rules = [rule for rule in site.login_rules if rule.holds(request)]
    out_rules = [rule for rule in site.logout_rules if rule.holds(request)]
    form = None
    # Under WSGI any request can say Upgrade; one that is not safe has a body all the same.
    has_form = request.kind == "http" or not request.is_safe
    if has_form and any(rule.place == "form" for rule in (*in_rules, *out_rules)):
        form = yield from _read_form(site.app.form_limit_bytes, request)
    return Moment(_holds(in_rules, form), _holds(out_rules, form))


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


def _holds(rules: Iterable[LoginRule], form: _Form | None) -> bool:
    return any(
        rule.place != "form"
        or (form is not None and (form.kind is None or rule.holds_for_form(form.kind, form.coding, form.body)))
        for rule in rules
    )


def _read_form(limit_bytes: int, request: Request) -> Flow[_Form | None]:
    kinds, codings = request.values(b"content-type"), request.values(b"content-encoding")
    lengths = request.values(b"content-length")
    is_chunked = bool(request.values(b"transfer-encoding"))
    if not kinds and (is_chunked or any(length.strip(b" 0") for length in lengths)):
        return _Form(None)  # some apps read whatever has no type as a form
    if not kinds or (len(kinds) == 1 and not is_form(kinds[0])):
        return None
    ends_by_itself = is_chunked or request.server.get("wsgi.input_terminated")
    if not lengths and not ends_by_itself and "wsgi.version" in request.server:
        return None  # no body, and nothing that could be read
    is_long = any(not length.isdigit() or int(length) > limit_bytes for length in lengths)
    if len(kinds) > 1 or codings or is_long:
        return _Form(None)
    body = yield from ReadBody(limit_bytes, BODY_SECONDS)
    return _Form(kinds[0], None, body)

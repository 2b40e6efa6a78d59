"""Which paths, methods and queries the gate decides about alike each time, and which always go the long way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .http import Request
from .inserts.rules import InsertRule
from .pages.routes import is_own
from .policy.paths import asks_less, asks_more, is_plain
from .ways import Way

if TYPE_CHECKING:
    from .gate import Gate


def way_of(gate: Gate, request: Request) -> Way:
    """``LONG`` wherever a decision could be another one than for the same bytes a moment ago."""
    site = gate.site
    is_odd = request.kind != "http" or not is_plain(request) or is_own(site, request)
    changes_what_is_read = gate.depends_on_state and not request.is_safe
    if is_odd or changes_what_is_read or asks_more(site.streams, request) or _has_controls(gate.inserts, request):
        return Way.LONG
    rules = [rule for rule in (*site.login_rules, *site.logout_rules) if rule.fits(request.path)]
    if any(rule.place != "query" for rule in rules):
        return Way.LONG
    if asks_less(site.exempt, request):
        return Way.LONG if rules or gate.headers_read or gate.server_read else Way.EXEMPT
    if asks_more(site.strict, request):
        return Way.LONG if rules or gate.depends_on_state else Way.STRICT
    if any(rule.may_match(None, request.path) for rule in site.strict):
        return Way.LONG  # by another method, which an app may take from elsewhere
    return Way.PLAIN_WITHOUT_QUERY if rules else Way.PLAIN


def _has_controls(rules: Iterable[InsertRule], request: Request) -> bool:
    return any(rule.path.matches("GET", request.path) or rule.path.matches("POST", request.path) for rule in rules)

"""A request of somebody's on its way to the app: may this login pass, and what is to be done in the app's answer if so?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .accounts.access import Access, Passes, decide, look
from .accounts.passes import end_pass
from .accounts.unprompted import Opening
from .browser.cookies import read_pass
from .browser.origin import is_own_websocket
from .http import Allow, Answer, KnownPass, Request
from .identify import CannotTell
from .inserts.controls import Scene, prove_again
from .inserts.forms import MustProve
from .inserts.passing import come, rules_for
from .inserts.rules import InsertRule
from .inserts.splicing import ASKS_WHOLE
from .letting_on import let_on
from .moments import Moment
from .policy.paths import may_override
from .protocol import Flow, Login
from .refusals import demand, foreign_websocket, not_told, prove_first
from .release import Admitted

if TYPE_CHECKING:
    from .gate import Gate


def admit_login(
    gate: Gate, request: Request, moment: Moment, login: Login, by: str, changes: Mapping[bytes, bytes | None]
) -> Flow[Allow | Answer]:
    """``by`` is the resolver that knows the log-in. ``changes``: what is taken out of the request's headers for it."""
    site = gate.site
    if request.kind == "websocket" and not is_own_websocket(request, site.app.origins):
        return (yield from foreign_websocket(site, request, login))
    cookie = read_pass(request, site.cookies.passes)
    begins = moment.logs_in
    # The app may see another login by now, whatever the method: a second request can have logged somebody in.
    resolves = watches_body = gate.depends_on_state
    if site.is_service_account(login, by, request.now):
        yield from gate.tell_of_service_account(login, request)
        admitted = Admitted(login, cookie, begins=begins, resolves=resolves)
        return let_on(gate, request, admitted, changes, watches_body, may_last=True)
    access = yield from look(site, login, request)
    decision = yield from decide(site, login, request, access)
    if not isinstance(decision, Passes):
        return (yield from demand(site, request, login, decision))
    opens = None
    if decision.opens is not None and request.is_navigation:
        browser = access.browser.digest if access.browser else None
        opens = Opening(login, decision.opens, access.account.generation, browser, access.pass_digest, decision.roles)
    ended = False
    if moment.logs_out:
        opens, ended = None, True
        if cookie is not None:
            yield from end_pass(site, cookie, request.now, "log-out", login)
    had_pass = access.valid_pass is not None
    admitted = Admitted(login, cookie, opens, begins, resolves, ended, had_pass=had_pass)
    rules = rules_for(gate.inserts, request) if site.mode == "enforce" else ()
    if rules:
        return (yield from _allow_page(gate, Scene(site, request, login, access), rules, admitted, changes))
    allow = let_on(gate, request, admitted, changes, watches_body, may_last=True)
    if request.kind != "http" or moment.is_one or replace(admitted, resolves=False).needs_release:
        return allow
    return replace(allow, known=_known(gate, request, login, access))


def _known(gate: Gate, request: Request, login: Login, access: Access) -> KnownPass | None:
    known = access.known(gate.site, login)
    if known is None or gate.cache_seconds is None:
        return known
    until = min(known.until, request.now + gate.cache_seconds)
    may_change = not request.is_safe or may_override(request)
    return replace(known, until=until) if gate.cache_seconds and not may_change else None


def _allow_page(
    gate: Gate,
    scene: Scene,
    rules: tuple[InsertRule, ...],
    admitted: Admitted,
    changes: Mapping[bytes, bytes | None],
) -> Flow[Allow | Answer]:
    """A page of the app's that gets controls of ours, or a form with one."""
    passing = yield from come(scene, rules)
    if isinstance(passing, MustProve):
        return (yield from prove_first(gate.site, scene.request, scene.login, prove_again(scene)))
    allow = let_on(
        gate,
        scene.request,
        replace(admitted, passing=passing),
        {**changes, **ASKS_WHOLE},
        watches_body=gate.depends_on_state and passing.body is None,
        may_last=True,
    )
    if passing.body is not None and gate.depends_on_state and not (yield from gate.still_same(allow)):
        return (yield from not_told(gate.site, scene.request, CannotTell("another log-in came with the form")))
    return replace(allow, body=passing.body, splices=True)

"""A page with controls on its way through the gate: the request before the app, and the app's answer after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..accounts.administer import SwitchedOff
from ..asks import Done, Emit, Moved
from ..browser.origin import leads_to
from ..http import Answer, Headers, Request, Send
from ..pages import notices
from ..pages.render import owned
from ..policy.paths import is_plain
from ..protocol import Event, Flow
from . import forms
from .controls import Scene
from .forms import Intent, MustProve
from .rules import InsertRule
from .splicing import ControlSplicing, of_changed_page, page_of


@dataclass(frozen=True, slots=True)
class Passing:
    """What has to be known when the answer comes. ``body``: what the app reads instead, if a form was read."""

    scene: Scene
    rules: tuple[InsertRule, ...]
    intent: Intent | None = None
    body: bytes | None = None


def rules_for(rules: Iterable[InsertRule], request: Request) -> tuple[InsertRule, ...]:
    """The rules of a page; an odd path has none, since the app may take it for another page than we do."""
    if request.kind != "http" or request.method not in ("GET", "HEAD", "POST") or not is_plain(request):
        return ()
    return tuple(rule for rule in rules if rule.path.matches(request.method, request.path))


def come(scene: Scene, rules: tuple[InsertRule, ...]) -> Flow[Passing | MustProve]:
    """The request for a page with controls."""
    request = scene.request
    rule = next((rule for rule in rules if rule.has_form), None)
    if request.method != "POST" or rule is None:
        return Passing(scene, rules)
    read = yield from forms.read_form(scene, rule, rule.path.parts(request.path))
    if isinstance(read, MustProve):
        return read
    return Passing(scene, rules, read.intent, read.body) if read else Passing(scene, rules)


def go(passing: Passing, status: int, headers: Headers, send: Send) -> Flow[Send | Answer]:
    """The app's answer: first what its form has asked of us, then the controls of the page."""
    scene, intent = passing.scene, passing.intent
    if intent is not None and forms.is_accepted(scene, intent.rule, status, headers):
        said = yield from _carried_out(scene, intent, headers)
        if said is not None:
            return said
    page = page_of(status, headers)
    if page is None:
        return send
    splicing = ControlSplicing(scene, passing.rules, page) if scene.request.method != "HEAD" else None
    return replace(send, headers=of_changed_page(send.headers), splicing=splicing)


def _carried_out(scene: Scene, intent: Intent, headers: Headers) -> Flow[Answer | None]:
    """A page of ours where the app's own answer would not tell all; the app has saved its part in any case."""
    site, request = scene.site, scene.request
    error: Exception | None = None
    done: SwitchedOff | Done | Moved = Moved()
    try:
        done = yield from forms.carry_out(scene, intent)
    except Exception as raised:
        error = raised
    cookies = tuple(pair for pair in headers if pair[0].lower() == b"set-cookie")
    on = (f"Continue in {site.label}", leads_to(headers, site.app.origins) or scene.urls.home)
    match done:
        case SwitchedOff(code) if code:
            shown = notices.notice(
                site,
                request,
                200,
                "Two-factor authentication is off",
                f"{site.label} has saved the form. Give this one-time code to the user: the next set-up needs it. "
                "We can’t show it again.",
                code,
                links=(on,),
            )
            return owned(shown).adding(*cookies)
        case Moved():
            reference = yield from notices.new_reference()
            facts = {"reference": reference, "what": intent.shown.what, "target": intent.shown.target}
            event = Event(
                "a control was not carried out", request.now, site.name, scene.login.user, facts, error, "error"
            )
            yield from Emit(event)
            detail = (
                f"{site.label} has saved the form. Two-factor authentication was NOT changed: "
                "look at it again, and change it once more."
            )
            shown = notices.notice(
                site, request, 503 if error else 409, "Only a part is saved", detail, links=(on,), reference=reference
            )
            return owned(shown).adding(*cookies)
        case _:
            return None

"""One person: what is known of them, and what an administrator can do. Nothing here switches a second factor on.

Each form is drawn for one account as it was seen: its token vouches for the generation, and an account that has moved
since is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from ...accounts import administer
from ...accounts.administer import MOST_REASON, AlreadyOn, CodeMade, NotOn, Overview, SwitchedOff, look_at
from ...accounts.history import read_history
from ...accounts.people import find_person, read_roles
from ...accounts.rules import read_rules
from ...asks import Moved, Ready, Stopped
from ...errors import BadRequest
from ...factors.recovery import CODES
from ...http import Answer, redirect
from ...protocol import Flow
from ..notices import said
from ..texts import Message, day, short_day
from ..visit import Form, Visit, covering, read_form
from .asked import address, asked, asked_user
from .door import actor_of
from .overview import labels
from .users import state_of
from .words import line, lock

RECENT = 10
_DONE = {
    "off": "It is switched off. All remembered browsers are forgotten; whoever is logged in to the app stays logged in.",
    "unlocked": "The count of tries begins anew.",
    "ended": "All sessions have ended, and all browsers are forgotten.",
}
_MOVED = Message("moved", "This account was changed in the meantime. Look at it again before you act.", 409)
_SELF = Message("refused", "You cannot do this to your own account here. Use your own page.", 403)
_NO_REASON = Message("reason", "Give a reason. It is kept with the event.")
_LONG_REASON = Message("reason", f"A reason has {MOST_REASON} letters at most.")
_NOT_ON = Message("moved", "There is nothing to switch off.", 409)

_ALREADY_ON = Message("moved", "It is on, so there is nothing to set up.", 409)

Outcome: TypeAlias = Answer | Message


def show(visit: Visit) -> Flow[Answer]:
    seen = yield from _find(visit)
    if seen is None:
        return _nobody(visit)
    return (yield from _draw(visit, seen, None, _DONE.get(asked(visit.request).get("done", ""), "")))


def submit(visit: Visit) -> Flow[Answer]:
    user = asked_user(visit)
    form = yield from read_form(visit, _purpose(visit, user), covers="generation")
    seen = yield from _find(visit)
    if seen is None:
        return _nobody(visit)
    outcome = yield from _act(visit, form, seen)
    if isinstance(outcome, Answer):
        return outcome
    now_seen = yield from look_at(visit.site.desk, seen.person, visit.request.now)
    return (yield from _draw(visit, now_seen, outcome, reason=form.get("reason")))


def _act(visit: Visit, form: Form, seen: Overview) -> Flow[Outcome]:
    desk, now, actor = visit.site.desk, visit.request.now, actor_of(visit)
    act, reason = form.required("act"), " ".join(form.get("reason").split())
    if _is_self(visit, seen):
        return _SELF
    if form.required("generation") != str(seen.generation):
        return _MOVED
    if len(reason) > MOST_REASON:
        return _LONG_REASON
    match act:
        case "off":
            return (yield from _switch_off(visit, seen, reason)) if reason else _NO_REASON
        case "code":
            return (yield from _make_code(visit, seen, reason)) if reason else _NO_REASON
        case "unlock":
            yield from administer.unlock(desk, actor, seen.person, reason, now)
            return redirect(_here(visit, seen.person.user, done="unlocked"))
        case "end":
            yield from administer.forget(desk, actor, seen.person, reason, now)
            return redirect(_here(visit, seen.person.user, done="ended"))
        case _:
            raise BadRequest(400, "The form asks for nothing that can be done here.")


def _switch_off(visit: Visit, seen: Overview, reason: str) -> Flow[Outcome]:
    done = yield from administer.disable(visit.site.desk, actor_of(visit), seen, reason, visit.request.now)
    here = _here(visit, seen.person.user)
    match done:
        case Moved():
            return _MOVED
        case NotOn():
            return _NOT_ON
        case SwitchedOff(""):
            return redirect(_here(visit, seen.person.user, done="off"))
        case SwitchedOff(code):
            # Shown in this answer alone: neither an address nor the store has the code.
            return visit.page("admin_code.html", here="users", who=seen.person.shown, code=code, back=here)


def _make_code(visit: Visit, seen: Overview, reason: str) -> Flow[Outcome]:
    made = yield from administer.let_set_up(visit.site.desk, actor_of(visit), seen, reason, visit.request.now)
    match made:
        case Moved():
            return _MOVED
        case AlreadyOn():
            return _ALREADY_ON
        case CodeMade(code):
            here = _here(visit, seen.person.user)
            return visit.page("admin_code.html", here="users", who=seen.person.shown, code=code, back=here)


def _find(visit: Visit) -> Flow[Overview | None]:
    person = yield from find_person(visit.site.desk, asked_user(visit))
    return None if person is None else (yield from look_at(visit.site.desk, person, visit.request.now))


def _nobody(visit: Visit) -> Answer:
    return said(visit.site, visit.request, 404, "not-found", "Nobody is known by this id.")


def _draw(visit: Visit, seen: Overview, message: Message | None, notice: str = "", reason: str = "") -> Flow[Answer]:
    desk, now, person, summary = visit.site.desk, visit.request.now, seen.person, seen.summary
    demanded = yield from _demanded(visit, seen)
    user = desk.user_key(person.user)
    history = yield from read_history(desk, lambda event: True, "", RECENT, now, owner=user)
    generation = str(seen.generation)
    apps = labels(visit.site.settings)
    account = seen.account
    return visit.page(
        "admin_user.html",
        message,
        here="users",
        person=person,
        is_self=_is_self(visit, seen),
        state=state_of(seen),
        since=day(account.since) if account and account.is_enrolled and account.since else "",
        codes_left=account.codes_left(desk.sealer) if account else None,
        codes_total=CODES,
        passes=summary.passes,
        browsers=summary.browsers,
        used=short_day(summary.used_at, now) if summary.used_at else "",
        failures=summary.failures,
        lock=lock(summary.attempts),
        is_locked=not isinstance(summary.attempts, Ready),
        is_stopped=isinstance(summary.attempts, Stopped),
        demanded=demanded,
        makes_code=visit.site.settings.reset_makes_code,
        first_needs_code=visit.site.settings.first_setup_needs_code,
        most_reason=MOST_REASON,
        notice=notice,
        reason=reason,
        lines=[line(event, apps, f"{visit.urls.admin}/user") for event in history.newest_first],
        every=address(f"{visit.urls.admin}/events", who=person.user),
        action=_here(visit, person.user),
        generation=generation,
        token=visit.token(covering(_purpose(visit, person.user), generation)),
    )


def _demanded(visit: Visit, seen: Overview) -> Flow[list[tuple[str, str]]]:
    """The roles of this person that demand a second factor, each with the address of its page."""
    desk = visit.site.desk
    rules = yield from read_rules(desk)
    held: Iterable[str] = read_roles(desk.sealer, seen.summary.person) if seen.summary.person else ()
    if desk.directory is not None:
        held = []
        for role in rules:
            members = yield from desk.directory.members(role)
            held += [role] * any(member.person.user == seen.person.user for member in members)
    return [(role, address(f"{visit.urls.admin}/role", name=role)) for role in sorted(set(held) & rules.keys())]


def _is_self(visit: Visit, seen: Overview) -> bool:
    return seen.person.user == visit.login.user


def _purpose(visit: Visit, user: str) -> str:
    return f"admin user {visit.site.desk.user_key(user)}"


def _here(visit: Visit, user: str, **more: str) -> str:
    return address(f"{visit.urls.admin}/user", id=user, **more)

"""One role: whom enforcing it would stop, before it is enforced, and the form that does it.

The form's token vouches for the version of the flag that was shown; a flag that has moved since is left as it is.
"""

from __future__ import annotations

from ...accounts import administer
from ...accounts.forecast import Standing, forecast
from ...accounts.rules import key_of, read_flags
from ...asks import Moved
from ...http import Answer, redirect
from ...policy.enforcement import MOST_GRACE_DAYS
from ...protocol import Flow
from ..notices import said
from ..texts import Message, day
from ..visit import Form, Visit, covering, read_form
from .asked import address, asked, asked_role
from .door import actor_of
from .roles import Role, known_roles, role_of
from .words import forecast_sentence

MOST_NAMED = 50
_DONE = {
    "enforced": "The role is enforced.",
    "cleared": "The role is no longer enforced.",
    "same": "Nothing has changed.",
}
_MOVED = Message("moved", "This role was changed in the meantime. Look at it again before you act.", 409)
_PINNED = Message("refused", "The settings pin this role, so it cannot be changed here.", 409)
_NO_DAYS = Message("days", f"Give the days of grace as a number from 0 to {MOST_GRACE_DAYS}.")


def show(visit: Visit) -> Flow[Answer]:
    role = yield from _find(visit)
    if role is None:
        return _no_role(visit)
    return (yield from _draw(visit, role, None, _DONE.get(asked(visit.request).get("done", ""), "")))


def submit(visit: Visit) -> Flow[Answer]:
    form = yield from read_form(visit, _purpose(visit, asked_role(visit)), covers="version")
    role = yield from _find(visit)
    if role is None:
        return _no_role(visit)
    outcome = yield from _act(visit, form, role)
    if isinstance(outcome, Answer):
        return outcome
    flags = yield from read_flags(visit.site.desk)
    return (yield from _draw(visit, role_of(visit.site.desk, flags, role.name), outcome))


def _act(visit: Visit, form: Form, role: Role) -> Flow[Answer | Message]:
    desk, flag = visit.site.desk, role.flag
    if role.is_pinned:
        return _PINNED
    if form.required("version") != str(flag.version):
        return _MOVED
    enforce, days = form.get("enforce") == "1", _days(form.get("grace_days"))
    if days is None:
        return _NO_DAYS
    days = days if enforce else 0
    if (enforce, days) == (flag.is_enforced, flag.grace_days):
        return redirect(_here(visit, role.name, done="same"))
    done = yield from administer.enforce(
        desk,
        actor_of(visit),
        role.name,
        flag.version,
        is_enforced=enforce,
        grace_days=days,
        now=visit.request.now,
    )
    if isinstance(done, Moved):
        return _MOVED
    return redirect(_here(visit, role.name, done="enforced" if enforce else "cleared"))


def _days(text: str) -> int | None:
    """The days of grace; an empty field is none of them, as the hint under it says."""
    text = text.strip() or "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= 4) or int(text) > MOST_GRACE_DAYS:
        return None
    return int(text)


def _find(visit: Visit) -> Flow[Role | None]:
    """The role that is asked for. Without a directory nobody can say that there is none of this name."""
    desk, name = visit.site.desk, asked_role(visit)
    if desk.directory is not None and name not in (yield from known_roles(visit)):
        return None
    return role_of(desk, (yield from read_flags(desk)), name)


def _no_role(visit: Visit) -> Answer:
    return said(visit.site, visit.request, 404, "not-found", "No role is known by this name.")


def _draw(visit: Visit, role: Role, message: Message | None, notice: str = "") -> Flow[Answer]:
    desk, now = visit.site.desk, visit.request.now
    rule = role.rule(now)
    expected = yield from forecast(desk, rule, now)
    stopped = expected.stopped(now)
    version, starts_now = str(role.flag.version), desk.settings.enforcement.starts == "now"
    return visit.page(
        "admin_role.html",
        message,
        here="roles",
        role=role,
        is_known=role.name in (yield from known_roles(visit)),
        people=len(expected.people) + expected.left_out,
        sentence=forecast_sentence(expected, now, demands=role.demands, starts_now=starts_now),
        stopped=[_named(visit, one) for one in stopped[:MOST_NAMED]],
        stopped_all=len(stopped),
        since=day(rule.since) if role.flag.is_enforced and rule.since else "",
        starts_now=starts_now,
        has_directory=desk.directory is not None,
        most_days=MOST_GRACE_DAYS,
        notice=notice,
        action=_here(visit, role.name),
        version=version,
        token=visit.token(covering(_purpose(visit, role.name), version)),
    )


def _named(visit: Visit, one: Standing) -> tuple[str, str, tuple[str, ...]]:
    """What people call somebody, where more about them is, and the groups by which they have the role."""
    person = one.member.person
    return person.shown, address(f"{visit.urls.admin}/user", id=person.user), one.member.through


def _purpose(visit: Visit, role: str) -> str:
    return f"admin role {key_of(visit.site.desk, role)}"


def _here(visit: Visit, role: str, **more: str) -> str:
    return address(f"{visit.urls.admin}/role", name=role, **more)

"""People: found by a name, a page at a time, each with what the store knows of them."""

from __future__ import annotations

from dataclasses import dataclass

from ...accounts.administer import Overview, look_at
from ...accounts.people import find_people
from ...asks import Stopped
from ...http import Answer
from ...protocol import Flow
from ..texts import day, short_day
from ..visit import Visit
from .asked import address, asked, word
from .words import lock

PAGE = 25


@dataclass(frozen=True, slots=True)
class _Row:
    """``state``: on, off, "code" for off with a one-time code to be given, or unreadable."""

    user: str
    label: str
    name: str
    email: str
    href: str
    state: str
    since: str
    used: str
    lock: str
    is_stopped: bool
    browsers: int


def show(visit: Visit) -> Flow[Answer]:
    desk, now = visit.site.desk, visit.request.now
    fields = asked(visit.request)
    pattern, after = word(fields, "q"), word(fields, "after")
    found = yield from find_people(desk, pattern, after, PAGE)
    rows = []
    for person in found.people:
        rows.append(_row(visit, (yield from look_at(desk, person, now))))
    here = f"{visit.urls.admin}/users"
    return visit.page(
        "admin_users.html",
        here="users",
        rows=rows,
        pattern=pattern,
        has_directory=desk.directory is not None,
        is_first=not after,
        first=address(here, q=pattern),
        next=address(here, q=pattern, after=found.after) if found.after else "",
    )


def state_of(seen: Overview) -> str:
    """A word for whether somebody has two-factor authentication."""
    if seen.account is None:
        return "unreadable"
    if seen.account.is_enrolled:
        return "on"
    return "code" if seen.account.reset else "off"


def _row(visit: Visit, seen: Overview) -> _Row:
    person, summary, account = seen.person, seen.summary, seen.account
    now = visit.request.now
    return _Row(
        user=person.user,
        label=person.shown,
        name=person.name,
        email=person.email,
        href=address(f"{visit.urls.admin}/user", id=person.user),
        state=state_of(seen),
        since=day(account.since) if account and account.is_enrolled and account.since else "",
        used=short_day(summary.used_at, now) if summary.used_at else "",
        lock=lock(summary.attempts),
        is_stopped=isinstance(summary.attempts, Stopped),
        browsers=summary.browsers,
    )

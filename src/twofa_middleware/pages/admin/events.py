"""What was written down, the newest first: who, whom, where, when, and why."""

from __future__ import annotations

from ...accounts.audit import EVENTS
from ...accounts.history import Fits, read_history
from ...accounts.people import matcher
from ...errors import BadRequest
from ...http import Answer
from ...protocol import Event, Flow
from ..visit import Visit
from .asked import address, asked, word
from .overview import labels
from .words import line

PAGE = 25
NO_APP = "*"
"""Stands for what happened at no app: at the command line."""
DAYS = (1, 7, 35, 365)
_DAY_SECONDS = 86400


def show(visit: Visit) -> Flow[Answer]:
    site, now = visit.site, visit.request.now
    fields = asked(visit.request)
    who, kind, app, days = (word(fields, name) for name in ("who", "kind", "app", "days"))
    apps = labels(site.settings)
    if kind not in ("", *EVENTS) or app not in ("", NO_APP, *apps) or days not in ("", *map(str, DAYS)):
        raise BadRequest(400, "The address asks for events that there are none of.")
    before = word(fields, "before")
    fits = _filter(who, kind, app, now - int(days) * _DAY_SECONDS if days else 0)
    history = yield from read_history(site.desk, fits, before, PAGE, now)
    here = f"{visit.urls.admin}/events"
    chosen = {"who": who, "kind": kind, "app": app, "days": days}
    return visit.page(
        "admin_events.html",
        here="events",
        lines=[line(event, apps, f"{visit.urls.admin}/user") for event in history.newest_first],
        unreadable=history.unreadable,
        chosen=chosen,
        is_filtered=any(chosen.values()),
        kinds=sorted(EVENTS.items(), key=lambda pair: pair[1].casefold()),
        apps=[*apps.items(), (NO_APP, "No app: the command line")],
        all_days=[str(number) for number in DAYS],
        is_first=not before,
        first=address(here, **chosen),
        every=here,
        older=address(here, **chosen, before=history.before) if history.before else "",
    )


def _filter(who: str, kind: str, app: str, since: int) -> Fits:
    is_named = matcher(who)

    def fits(event: Event) -> bool:
        return (
            (not who or is_named(event.label) or is_named(event.user))
            and kind in ("", event.name)
            and (not app or event.app == ("" if app == NO_APP else app))
            and event.at >= since
        )

    return fits

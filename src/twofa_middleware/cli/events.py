"""``twofa events``: what was written down, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..accounts.audit import EVENTS
from ..accounts.history import Fits, History, read_history
from ..desk import Desk
from ..protocol import Event, Flow
from ..settings.reading import did_you_mean
from .asking import AT_MOST, EXIT_CODES, at_desk, checked, operation
from .output import NotDone, Row, iso, say, say_document, table

_DAY_SECONDS = 86400


@click.command(epilog=EXIT_CODES)
@click.option("--user", metavar="ID", callback=checked(), help="Only those about this user id.")
@click.option("--kind", metavar="NAME", help='Only those of this name, such as "code wrong".')
@click.option("--app", metavar="APP", help="Only those of this app; those of this command are of none.")
@click.option("--days", type=click.IntRange(min=1), help="Only those of so many days back.")
@click.option("--limit", type=AT_MOST, default=50, show_default=True, help="List so many at most.")
@operation
def events(
    path: Path, as_json: bool, user: str | None, kind: str | None, app: str | None, days: int | None, limit: int
) -> None:
    """List what was written down, newest first."""
    if kind is not None and kind not in EVENTS:
        raise click.UsageError(f'--kind: there is no event "{kind}"{did_you_mean(kind, EVENTS)}')
    with at_desk(path) as caller:
        now = caller.now
        since = now - days * _DAY_SECONDS if days is not None else None

        def fits(event: Event) -> bool:
            asked_for = ((kind, event.name), (app, event.app))
            return all(one in (None, is_so) for one, is_so in asked_for) and (since is None or event.at >= since)

        found = caller.ask(_look_through(caller.desk, fits, user, limit + 1, now))
    unreadable = found.unreadable
    if unreadable and not as_json:
        what, them = ("1 event does", "it") if unreadable == 1 else (f"{unreadable} events do", "them")
        why = f"a key was retired since, or somebody else wrote or changed {them}"
        say(f"{what} not open under the realm's keys: {why}.", err=True)
    if not found.events:
        raise NotDone("no event was found", {"unreadable": unreadable})
    more = len(found.events) > limit
    listed = found.newest_first[:limit]
    if as_json:
        say_document({"events": [_document(event) for event in listed], "more": more, "unreadable": unreadable})
        return
    say(table([_row(event) for event in listed], shrinks=("EVENT", "USER", "FACTS")))
    if more:
        say(f"There are more than {limit}: ask for less, or give a higher --limit.", err=True)


def _look_through(desk: Desk, fits: Fits, user: str | None, limit: int, now: int) -> Flow[History]:
    """The events that fit, of one user or of all, looked for in the whole list."""
    owner = None if user is None else desk.user_key(user)
    found: list[Event] = []
    unreadable, before = 0, ""
    while True:
        page = yield from read_history(desk, fits, before, limit - len(found), now, owner=owner)
        found.extend(page.events)
        unreadable += page.unreadable
        before = page.before
        if not before or len(found) == limit:
            return History(tuple(found), before, unreadable)


def _document(event: Event) -> dict[str, Any]:
    return {
        "at": iso(event.at),
        "name": event.name,
        "app": event.app,
        "user": event.user,
        "label": event.label,
        "severity": event.severity,
        "facts": dict(event.facts),
    }


def _row(event: Event) -> Row:
    facts = "; ".join(f"{name} {value}" for name, value in event.facts.items())
    who = f"{event.label} ({event.user})" if event.label else event.user
    return {"AT": iso(event.at), "EVENT": event.name, "APP": event.app, "USER": who, "FACTS": facts}

"""What ``twofa doctor`` says of apps that see nobody, by what was counted and written down in the last days.

Settings can be in order and protect nobody: another name of the session cookie, another key of the user in it. The app
then logs people in, and for the gate they are nobody. Nothing is written here, so nothing is swept, either.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

from ..accounts.audit import read_event
from ..asks import REALM, EventRow, ReadCounts, ReadEvents, ReadRecords
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Event, Finding, Flow
from .asking import Caller

DAYS = 7
MOST_EVENTS = 400
"""So many events are looked at, the newest of the realm's list; beside them those that wait for it."""
LEAST_ANONYMOUS = 100
"""From so many requests of nobody on, an app of which no event tells anything is taken for one that people use."""
UNSEEN = "no resolver sees a login after a log-in"
UNREAD = "session cookie could not be read"
OTHER_COOKIE = "a log-in set a cookie that no resolver reads"
_FACTS = {UNSEEN: ("answered", "sets"), UNREAD: ("cookie",), OTHER_COOKIE: ("cookie",)}
_DAY_SECONDS = 86400


def weak_logins(caller: Caller) -> Iterator[Finding]:
    """Apps that see nobody, and cookies of a log-in that nobody reads in those that do see people."""
    now = caller.now
    counts = caller.ask(_counts(now))
    told: defaultdict[str, dict[str, Event]] = defaultdict(dict)
    for event in caller.ask(_events(caller.desk)):
        if event.name in _FACTS and event.at > now - DAYS * _DAY_SECONDS:
            told[event.app].setdefault(event.name, event)
    for app in caller.settings.apps:
        decided, events = counts.get(app, Counter()), told[app]
        anonymous = decided["anonymous"]
        if decided.total() == anonymous:
            if events or anonymous >= LEAST_ANONYMOUS:
                yield _sees_nobody(app, anonymous, events.values())
        elif OTHER_COOKIE in events:
            yield Finding(
                "log-in cookie that nobody reads",
                "note",
                f"app {app}, in the last {DAYS} days: {_said(events[OTHER_COOKIE])}",
                "if this cookie can log in by itself, the gate does not see who comes with it",
                f"name it in `credential_cookies` of [apps.{app}] if it can log in; else nothing",
            )


def _sees_nobody(app: str, anonymous: int, events: Iterable[Event]) -> Finding:
    signs = [f"{anonymous} request{'s' * (anonymous != 1)} of nobody and none of anybody", *map(_said, events)]
    return Finding(
        "app sees nobody",
        "warning",
        f"app {app} sees nobody, in the last {DAYS} days: {'; '.join(signs)}",
        "if people log in there, none of them is asked for a second factor",
        f"log in yourself; if `twofa status` then counts nothing but anonymous, correct `identity` of [apps.{app}]: the "
        "name of the cookie, its secret, and `user`",
    )


def _said(event: Event) -> str:
    facts = [f"{name} {event.facts[name]}" for name in _FACTS[event.name] if name in event.facts]
    return f"{event.name} ({', '.join(facts)})" if facts else event.name


def _counts(now: int) -> Flow[dict[str, Counter[str]]]:
    """By app, how often each decision was made."""
    rows = yield from ReadCounts(now // _DAY_SECONDS - DAYS + 1)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        app, _, decision = row.name.partition(" ")
        found[app][decision] += row.count
    return dict(found)


def _events(desk: Desk) -> Flow[list[Event]]:
    """The newest first, as far as they open: those of the realm that were not carried yet, and of the list."""
    waiting = (yield from ReadRecords(REALM)).log
    rows = yield from ReadEvents(None, MOST_EVENTS)
    found = []
    for row in chain((EventRow("", REALM, one.id, one.at, one.record) for one in waiting), rows):
        try:
            found.append(read_event(desk.sealer, row))
        except UnreadableRecord:
            continue
    return sorted(found, key=lambda event: event.at, reverse=True)

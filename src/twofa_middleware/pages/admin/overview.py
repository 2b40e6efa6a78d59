"""The realm in figures: how each app is guarded, and what its gate has decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...accounts.rules import read_rules
from ...asks import CountRow, ReadCounts
from ...http import Answer
from ...protocol import Flow
from ...settings import Settings
from ..visit import Visit
from .words import DECISIONS

_DAY_SECONDS = 86400
WEEK_DAYS = 7
MOST_DAYS = 35


@dataclass(frozen=True, slots=True)
class _Decided:
    """How often something was decided. ``is_would``: in mode report, so that it was not done."""

    what: str
    week: int
    longest: int
    is_would: bool


@dataclass(frozen=True, slots=True)
class _App:
    """``is_here``: the app at which the page is asked for."""

    label: str
    mode: str
    is_here: bool
    decided: tuple[_Decided, ...]

    @property
    def would(self) -> tuple[_Decided, ...]:
        return tuple(one for one in self.decided if one.is_would)


def show(visit: Visit) -> Flow[Answer]:
    site = visit.site
    today = visit.request.now // _DAY_SECONDS
    rows = yield from ReadCounts(today - MOST_DAYS + 1)
    longest = by_app(site.settings, rows)
    week = by_app(site.settings, (row for row in rows if row.day > today - WEEK_DAYS))
    rules = yield from read_rules(site.desk)
    apps = [
        _App(label, site.settings.mode_of(name), name == site.name, tuple(_decided(week[name], longest[name])))
        for name, label in labels(site.settings).items()
    ]
    return visit.page(
        "admin_overview.html",
        here="overview",
        apps=apps,
        enforced=len(rules),
        pinned=len(site.desk.pinned),
        week_days=WEEK_DAYS,
        most_days=MOST_DAYS,
    )


def labels(settings: Settings) -> dict[str, str]:
    """What people call each app of the realm."""
    return {name: app.label or name.capitalize() for name, app in settings.apps.items()}


def by_app(settings: Settings, rows: Iterable[CountRow]) -> Mapping[str, Counter[str]]:
    """The counters of each app by decision. No name of an app has a space."""
    found: dict[str, Counter[str]] = {name: Counter() for name in settings.apps}
    for row in rows:
        app, _, decision = row.name.partition(" ")
        if app in found:
            found[app][decision] += row.count
    return found


def _decided(week: Mapping[str, int], longest: Mapping[str, int]) -> Iterable[_Decided]:
    order = [*DECISIONS, *sorted(longest.keys() - DECISIONS.keys())]
    for word in order:
        if longest.get(word):
            what = DECISIONS.get(word, word.capitalize())
            yield _Decided(what, week.get(word, 0), longest[word], word.startswith("would "))

"""``twofa status``: how the realm is, on one page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..accounts.account import open_account
from ..accounts.rules import read_flags
from ..asks import CheckStore, ReadCounts, ReadPeople, ReadSummary, ReadUsers
from ..desk import Desk
from ..errors import TwoFactorError, UnreadableRecord
from ..protocol import Flow, UserKey
from ..settings import Settings
from .asking import EXIT_CODES, at_desk, operation
from .output import NotDone, facts, say, say_document, table
from .starting import unresolved

DAYS = 7
MOST_COUNTED = 10_000
"""So many people are counted, and of so many users the second factor is looked at; how many more there are is not told."""
_PAGE = 500
_DAY_SECONDS = 86400


@dataclass(frozen=True)
class _Factors:
    """Of how many users the second factor is on, of how many that cannot be read, and how many were looked at."""

    on: int = 0
    unreadable: int = 0
    looked_at: int = 0


@dataclass
class _Found:
    """What the store has answered until something went wrong."""

    answers: bool = False
    enforced: list[str] | None = None
    people: int | None = None
    factors: _Factors | None = None
    counts: dict[str, dict[str, int]] | None = None


@click.command(epilog=EXIT_CODES)
@operation
def status(path: Path, as_json: bool) -> None:
    """Show how the realm is: store, apps, enforced roles, people, second factors, decisions of the last 7 days.

    A store that does not answer is exit code 1; what the settings say is shown all the same.
    """
    found = _Found()
    failure = None
    with at_desk(path) as caller:
        try:
            caller.ask(_look(caller.desk, caller.now, found))
        except TwoFactorError as error:
            failure = error
    document = _document(caller.settings, found)
    if not as_json:
        _print(document)
    if failure is not None:
        raise NotDone(str(failure), document) from failure
    if as_json:
        say_document(document)


def _look(desk: Desk, now: int, found: _Found) -> Flow[None]:
    yield from CheckStore()
    found.answers = True
    flags = yield from read_flags(desk)
    found.enforced = sorted(flag.role for flag in flags.values() if flag.is_enforced)
    found.people = yield from _count_people()
    rows = yield from ReadCounts(now // _DAY_SECONDS - DAYS + 1)
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        app, _, decision = row.name.partition(" ")
        counts[app][decision] = counts[app].get(decision, 0) + row.count
    found.counts = dict(counts)
    found.factors = yield from _count_factors(desk, now)


def _count_people() -> Flow[int]:
    count, place = 0, None
    while count < MOST_COUNTED:
        rows = yield from ReadPeople(place, _PAGE)
        count += len(rows)
        if len(rows) < _PAGE:
            break
        place = UserKey(rows[-1].user)
    return count


def _count_factors(desk: Desk, now: int) -> Flow[_Factors]:
    on = unreadable = looked_at = 0
    place = None
    while limit := min(_PAGE, MOST_COUNTED - looked_at):
        users = yield from ReadUsers(place, limit)
        for user in users:
            try:
                account = (yield from ReadSummary(user, now)).account
                on += open_account(desk.sealer, user, account).is_enrolled
            except UnreadableRecord:
                unreadable += 1
        looked_at += len(users)
        if len(users) < limit:
            break
        place = users[-1]
    return _Factors(on, unreadable, looked_at)


def _document(settings: Settings, found: _Found) -> dict[str, Any]:
    refused = unresolved(settings)
    return {
        "realm": settings.realm,
        "name": settings.name,
        # The scheme alone: an address may hold a password.
        "store": {"scheme": settings.store.scheme, "answers": found.answers},
        "apps": {name: {"mode": settings.mode_of(name), "refused": refused.get(name)} for name in settings.apps},
        "roles": {"pinned": sorted(settings.enforcement.pinned), "enforced": found.enforced},
        "people": found.people,
        "people_counted_up_to": MOST_COUNTED,
        "second_factor_on": found.factors.on if found.factors else None,
        "unreadable": found.factors.unreadable if found.factors else None,
        "users_looked_at": found.factors.looked_at if found.factors else None,
        "days": DAYS,
        "counts": found.counts,
    }


def _print(document: dict[str, Any]) -> None:
    roles, people, counts = document["roles"], document["people"], document["counts"]
    pairs = [
        ("Realm", f"{document['realm']}: {document['name']}"),
        ("Store", f"{document['store']['scheme']}, {'answers' if document['store']['answers'] else 'does NOT answer'}"),
    ]
    for name, app in document["apps"].items():
        mark = "" if app["mode"] == "enforce" else "   <- lets everybody by"
        pairs.append((f"App {name}", f"mode {app['mode']}{mark}"))
        if app["refused"] is not None:
            pairs.append(("", f"does NOT start: {app['refused']}"))
    pairs.append(("Pinned roles", ", ".join(roles["pinned"]) or "none"))
    if roles["enforced"] is not None:
        pairs.append(("Enforced roles", ", ".join(roles["enforced"]) or "none"))
    if people is not None:
        pairs.append(("People seen", f"{people} or more" if people >= MOST_COUNTED else str(people)))
    if document["second_factor_on"] is not None:
        pairs.append(("Second factor on", _said_of_factors(document)))
    say(facts(pairs))
    if counts:
        rows = [(app, decision, n) for app, found in sorted(counts.items()) for decision, n in sorted(found.items())]
        lines = [{"APP": app, "DECISION": decision, f"LAST {DAYS} DAYS": number} for app, decision, number in rows]
        say("\n" + table(lines, shrinks=("DECISION",)))


def _said_of_factors(document: dict[str, Any]) -> str:
    said = str(document["second_factor_on"])
    if document["users_looked_at"] >= MOST_COUNTED:
        said += f" among the first {MOST_COUNTED} users"
    if document["unreadable"]:
        said += f"; {document['unreadable']} cannot be read under this key ring   <- nobody is let in by these"
    return said

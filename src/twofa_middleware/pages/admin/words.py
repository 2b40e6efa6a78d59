"""The words of the administrators' pages that depend on what the store says."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from ...accounts.audit import EVENTS
from ...accounts.forecast import Forecast
from ...asks import Ready, Stopped, Waiting
from ...protocol import Event
from ..texts import clock
from .asked import address

DECISIONS: Mapping[str, str] = {
    "passed": "Let through, logged in",
    "anonymous": "Let through, nobody logged in",
    "verify": "Asked for a code",
    "setup": "Asked to set up",
    "refused": "Refused",
    "error": "Refused, since something could not be told",
    "would verify": "Would have been asked for a code",
    "would setup": "Would have been asked to set up",
    "would refused": "Would have been refused",
    "would error": "Would have been refused, since something could not be told",
}
"""What a gate decides, in the order in which it is shown."""

_FACTS: Mapping[str, str] = {
    "by": "with",
    "codes_left": "recovery codes left",
    "grace_days": "days of grace",
    "would": "would have been",
    "why": "because of",
}
_FACTORS: Mapping[str, str] = {
    "totp": "a code of the app",
    "recovery": "a recovery code",
    "passkey": "a passkey",
    "reset": "a one-time code",
}
_WHO = ("actor", "actor_name")


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it is shown. ``actor`` is who did it, where that is not the one whom it is about."""

    when: str
    iso: str
    what: str
    severity: str
    user: str
    label: str
    href: str
    where: str
    actor: str
    reason: str
    facts: tuple[tuple[str, str], ...]


def line(event: Event, apps: Mapping[str, str], users: str) -> Line:
    """``apps``: what people call each app; ``users``: the address of the page about one user."""
    facts = dict(event.facts)
    actor, name = (str(facts.pop(key, "")) for key in _WHO)
    reason = str(facts.pop("reason", "")) if actor else ""
    return Line(
        when=moment(event.at),
        iso=iso(event.at),
        what=EVENTS.get(event.name, event.name),
        severity=event.severity,
        user=event.user,
        label=event.label,
        href=address(users, id=event.user) if event.user else "",
        where=apps.get(event.app, event.app),
        actor=f"{name} ({actor})" if name and name != actor else actor,
        reason=reason,
        facts=tuple(_fact(key, str(value)) for key, value in facts.items()),
    )


def _fact(key: str, value: str) -> tuple[str, str]:
    return _FACTS.get(key, key.replace("_", " ")), _FACTORS.get(value, value) if key == "by" else value


def moment(at: int) -> str:
    """A time such as ``3 May 2026, 10:42:07``, in UTC; the number itself if no calendar has it."""
    date = _date(at)
    return f"{date.day} {date:%b %Y, %H:%M:%S}" if date else str(at)


def iso(at: int) -> str:
    """The same for programs."""
    date = _date(at)
    return f"{date:%Y-%m-%dT%H:%M:%SZ}" if date else ""


def _date(at: int) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromtimestamp(at, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return None


def lock(attempts: Ready | Waiting | Stopped) -> str:
    """Whether codes can be tried; empty if they can."""
    match attempts:
        case Ready():
            return ""
        case Waiting(until):
            return f"Paused until {clock(until)}"
        case Stopped():
            return "Stopped"


def forecast_sentence(expected: Forecast, now: int, *, demands: bool, starts_now: bool) -> str:
    """Whom a role concerns that somebody has: how many, by what way, and what it asks of those who have to set up.

    ``demands``: it is enforced already. ``starts_now``: that reaches sessions that are running.
    """
    people, on, groups = len(expected.people), expected.enrolled, expected.through_groups
    others = people - on
    if people == 1:
        way = ", through a group," if groups else ""
        said = f"1 person has it{way} and has {'' if on else 'not '}turned two-factor authentication on."
    else:
        way = f", {groups:,} of them through a group" if groups else ""
        have = f"{on:,} {'has' if on == 1 else 'have'}" if on else "none of them has"
        said = f"{people:,} people have it{way}; {have} two-factor authentication on."
    if others:
        who = "The other one" if others == 1 and on else f"The other {others:,}" if on else "All of them"
        who = "That person" if people == 1 else who
        asked = ("is" if others == 1 else "are") if demands else "will be"
        when = "at once, also in sessions that are running" if starts_now else "at their next log-in"
        said += f" {who} {asked} asked to set it up {when}"
        waiting = others - len(expected.stopped(now))
        said += f"; {waiting:,} of them may still put it off." if waiting else "."
    else:
        said += " It stops nobody." if demands else " It would stop nobody."
    return said + (f" {expected.left_out:,} more have it and were not looked at." if expected.left_out else "")

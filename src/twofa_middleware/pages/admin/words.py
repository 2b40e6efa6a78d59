"""The words of the administrators' pages that depend on what the store says."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from ...accounts.audit import EVENTS
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
        facts=tuple((_FACTS.get(key, key.replace("_", " ")), str(value)) for key, value in facts.items()),
    )


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


def count(number: int, one: str, many: str) -> str:
    """A number with its noun, such as ``1,204 people``."""
    return f"{number:,} {one if number == 1 else many}"

"""An event as plain values, the same wherever it goes."""

from __future__ import annotations

import datetime
import json

from ..protocol import Event


def fields_of(event: Event) -> dict[str, str | int]:
    """Keys and values in their order: those that every event has, then its facts, none of which takes their place."""
    moment = datetime.datetime.fromtimestamp(event.at, datetime.UTC)
    fields: dict[str, str | int] = {
        "at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "event": event.name,
        "severity": event.severity,
        "app": event.app,
        "user": event.user,
        "label": event.label,
    }
    return fields | {name: value for name, value in event.facts.items() if name not in fields}


def as_json(value: object) -> str:
    """One line of printable ASCII, whatever people are called: a name with a line break in it makes no second line."""
    return json.dumps(value)

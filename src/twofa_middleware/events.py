"""Where audit events go: Python's logging, one line an event, under the logger ``twofa_middleware.events``.

An event names who and what; it never holds a code, a secret, a cookie or a token.
"""

from __future__ import annotations

import logging

from .asks import Emit
from .protocol import Event

LOGGER = logging.getLogger("twofa_middleware.events")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MOST_REMEMBERED = 1000
_DAY_SECONDS = 86400


class EventLog:
    """Writes events to the log. Those that repeat with each request are written once a day and process."""

    def __init__(self) -> None:
        self._days: dict[str, int] = {}

    def emit(self, ask: Emit) -> None:
        if ask.once_a_day is not None and self._said_today(ask.once_a_day, ask.event.at):
            return
        event = ask.event
        LOGGER.log(_LEVELS[event.severity], "%s", describe(event), exc_info=event.error)

    def _said_today(self, key: str, at: int) -> bool:
        day = at // _DAY_SECONDS
        if self._days.get(key) == day:
            return True
        if len(self._days) >= _MOST_REMEMBERED:
            self._days.clear()
        self._days[key] = day
        return False


def describe(event: Event) -> str:
    """One line; ``repr`` keeps line breaks in names from making more of it."""
    facts = "".join(f" {name}={value!r}" for name, value in event.facts.items())
    user = f" user={event.user!r}" if event.user else ""
    return f"{event.name}: app={event.app!r}{user}{facts}"

"""The sinks that get each event as it happens, in the middle of a request, which none of them may disturb."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..protocol import Event, Sink
from ..tracebacks import without_locals

LOGGER = logging.getLogger("twofa_middleware")
_MOST_REMEMBERED = 1000
_DAY_SECONDS = 86400


class AtOnce:
    """Hands events to sinks. Those that repeat with each request are told once a day and process."""

    def __init__(self, sinks: Sequence[tuple[str, Sink]]) -> None:
        self._sinks = tuple(sinks)
        self._broken: set[int] = set()
        self._days: dict[str, int] = {}

    def tell(self, event: Event) -> None:
        """The traceback of an error goes on without the values that were in the request."""
        without_locals(event.error)
        for number, (name, sink) in enumerate(self._sinks):
            try:
                sink.take(event)
            except Exception as error:
                if number not in self._broken:  # with every event it would be a flood of its own
                    self._broken.add(number)
                    LOGGER.error("the sink %s did not take an event", name, exc_info=without_locals(error))
            else:
                self._broken.discard(number)

    def is_repeated(self, key: str | None, at: int) -> bool:
        """Whether what ``key`` names was told on this day already; None names nothing."""
        if key is None:
            return False
        day = at // _DAY_SECONDS
        if self._days.get(key) == day:
            return True
        if len(self._days) >= _MOST_REMEMBERED:
            self._days.clear()
        self._days[key] = day
        return False

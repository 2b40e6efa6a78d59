"""The sink ``log``: Python's logging, one JSON object a line, under the logger ``twofa_middleware.events``.

The traceback of an error comes behind its line, as logging does it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from ..protocol import Event, PluginContext
from .fields import as_json, fields_of

LOGGER = logging.getLogger("twofa_middleware.events")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """There are none: handlers, formats and levels are logging's own business."""


class Log:
    """Writes each event of this process as it happens."""

    Options: ClassVar[type] = LogOptions
    is_immediate: ClassVar[bool] = True
    place = ""

    def __init__(self, options: LogOptions, context: PluginContext) -> None:
        pass

    def take(self, event: Event) -> None:
        LOGGER.log(_LEVELS[event.severity], "%s", as_json(fields_of(event)), exc_info=event.error)

    def deliver(self, events: Sequence[tuple[str, Event]]) -> None:
        raise NotImplementedError("the log takes events as they happen")

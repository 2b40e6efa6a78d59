"""``json_lines``: the realm's events in a file, a JSON object a line, in their order.

    [[events.sinks]]
    use = "json_lines"
    path = "var/events.jsonl"

It takes batches (``is_immediate = False``): that costs no request any time, and what fails comes again. So an event may
stand there twice, with the same id.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from twofa_middleware.protocol import Event, PluginContext


class JsonLinesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``path`` is relative to the folder of the settings. ``names``: these events only; none named: all."""

    path: str
    names: tuple[str, ...] = ()


class JsonLines:
    Options: ClassVar[type] = JsonLinesOptions
    is_immediate: ClassVar[bool] = False

    def __init__(self, options: JsonLinesOptions, context: PluginContext) -> None:
        self._path = context.folder / options.path
        self._names = frozenset(options.names)
        self.place = str(self._path)

    def take(self, event: Event) -> None:
        raise NotImplementedError("it takes batches")

    def deliver(self, events: Sequence[tuple[str, Event]]) -> None:
        lines = b"".join(
            msgspec.json.encode(
                {"id": name, "at": event.at, "event": event.name, "app": event.app, "user": event.user, **event.facts}
            )
            + b"\n"
            for name, event in events
            if not self._names or event.name in self._names
        )
        if not lines:
            return
        # Events name people: the file is for its owner alone.
        with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

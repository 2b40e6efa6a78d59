"""What the sink ``log`` has told, read back from its lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

LOGGER = "twofa_middleware.events"


def told(caplog: pytest.LogCaptureFixture, name: str | None = None) -> list[dict[str, Any]]:
    """The events of the log, or those with this name, as what stood in their lines."""
    events = [json.loads(record.getMessage()) for record in caplog.records if record.name == LOGGER]
    return [event for event in events if name in (None, event["event"])]

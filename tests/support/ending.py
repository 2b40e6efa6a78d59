"""Ending a gate: its courier's thread ends, and what its store has open is closed."""

from __future__ import annotations

from typing import Any


def end(gate: Any) -> None:
    gate.runtime.close()

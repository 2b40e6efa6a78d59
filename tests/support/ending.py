"""Ending a gate: what its store has open is closed. Python 3.13 warns of a database that is only dropped."""

from __future__ import annotations

from typing import Any


def end(gate: Any) -> None:
    gate._runtime.store.close()

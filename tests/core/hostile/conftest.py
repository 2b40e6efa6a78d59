"""Nothing here is about time, so a busy machine may take as long as it wants."""

from __future__ import annotations

import pytest

from support.store_races import ROUND_SECONDS
from twofa_middleware.stores import redis_deadline


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_deadline, "SOCKET_SECONDS", ROUND_SECONDS)
    monkeypatch.setattr(redis_deadline, "QUESTION_SECONDS", ROUND_SECONDS)

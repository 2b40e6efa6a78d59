"""What a request makes the gate do: the questions to the store, and each call of a cryptographic function.

Times are never looked at in a test, since machines are busy; but what does the same work takes the same time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from support.both_ways import Gated
from support.exchange import Reply

OF_A_CODE = "hmac_digest sha1"
CRYPTOGRAPHIC = ("_hashlib", "_hmac", "_blake2", "_sha2", "cryptography")


@dataclass(frozen=True)
class Work:
    """``asked``: the store's questions in their order; ``called``: how often each cryptographic function was called."""

    status: int
    asked: tuple[str, ...]
    called: dict[str, int]

    @property
    def codes(self) -> int:
        """How many codes were made, each by an HMAC with SHA-1, as RFC 4226 wants it."""
        return self.called.get(OF_A_CODE, 0)


def work_of(shop: Gated, send: Callable[[], Reply]) -> Work:
    """Send a request, and see what is done for it in this thread."""
    called: Counter[str] = Counter()

    def note(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and _is_cryptographic(function):
            is_of_a_code = function.__name__ == "hmac_digest" and frame.f_locals.get("digest") == "sha1"
            called[OF_A_CODE if is_of_a_code else function.__name__] += 1

    shop.forget_what_was()
    sys.setprofile(note)
    try:
        reply = send()
    finally:
        sys.setprofile(None)
    return Work(reply.status, tuple(shop.asked), dict(called))


def _is_cryptographic(function: Any) -> bool:
    module = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__
    return module.partition(".")[0] in CRYPTOGRAPHIC

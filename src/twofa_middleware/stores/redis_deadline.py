"""How long answering a question may take. Whatever is waited for is given no more than what is left."""

from __future__ import annotations

from time import monotonic

from redis.exceptions import TimeoutError as TimedOut

SOCKET_SECONDS = 0.25
"""So long a server may take to be connected to, or to reply."""
QUESTION_SECONDS = 0.8
"""So long everything may take that one question needs."""


class Deadline:
    """When a question has to be answered. A walk through the realm has many parts, and each has its own."""

    def __init__(self, *, is_a_walk: bool) -> None:
        self._is_a_walk = is_a_walk
        self.begin_again()

    def begin_again(self) -> None:
        self._ends_at = monotonic() + QUESTION_SECONDS

    def went_well(self) -> None:
        if self._is_a_walk:
            self.begin_again()

    def seconds(self, longer: float = 0.0) -> float:
        """How long the next step may take; redis-py's TimeoutError if nothing is left."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimedOut("Timeout: the servers took too long together")
        return min(SOCKET_SECONDS + longer, left)

    @staticmethod
    def seconds_of_a_reply() -> float:
        """So long a reply may take to what was said at once."""
        return SOCKET_SECONDS

    def seconds_of_others(self) -> float:
        """So long may be waited for a connection that others hold: as long as the question has."""
        return self.seconds(QUESTION_SECONDS)

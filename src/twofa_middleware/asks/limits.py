"""The limits that every store keeps alike."""

from __future__ import annotations

FREE_FAILURES = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
STOP_FAILURES = 50
STOP_WINDOW_SECONDS = 30 * 86400
RECOVERY_ATTEMPTS = 10
RECOVERY_WINDOW_SECONDS = 3600
MOST_UNPROVEN_PASSES = 20
MOST_BROWSERS = 20
MOST_SETUPS = 3
TOUCH_SECONDS = 60


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row: none for four, 30 after the fifth, doubling to an hour."""
    if failures < FREE_FAILURES:
        return 0
    return min(FIRST_WAIT_SECONDS << min(failures - FREE_FAILURES, 16), LONGEST_WAIT_SECONDS)


MOST_MINOR_ROWS = 100
"""So many rows of a user's log may wait for the sweeper before minor ones are no longer written."""
MOST_MINOR_AN_HOUR = 200
"""So many minor rows of a user (or of nobody in particular) are written in an hour of their times: whoever can provoke
them without end shall not push everybody's events out of the realm's list."""
MOST_EVENTS = 100_000
"""So many events the realm's list keeps; the oldest go first."""
COUNT_DAYS = 35
"""Counters of decisions that are more days old than this go."""
SETTLE_SECONDS = 10
"""So long the event of a counted failure stays with the user, since the code may be right after all."""

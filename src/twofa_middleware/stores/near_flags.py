"""The flags on roles, which every decision without a valid pass asks for: what the store said of them, for two seconds.

A change that is made elsewhere ends what is kept as that of a user does, for the store tells of it. The two seconds are
those of the requests and of the process, so a clock that is put back or stands still keeps nothing for longer.
"""

from __future__ import annotations

from typing import Any

from .. import asks
from .near_cache import Mark, NearCache

FLAG_SECONDS = 2
_KEY = "the flags on roles"


class NearFlags:
    """Kept in the near cache, as one entry of the realm's."""

    def __init__(self, near: NearCache) -> None:
        self._near = near

    def find(self, ask: asks.ReadRoles) -> Any | None:
        """What answers the question; None where the store has to."""
        found = None if ask.as_of is None else self._near.find(_KEY)
        if ask.as_of is None or found is None:
            return None
        rows, as_of, at = found
        return rows if 0 <= ask.as_of - as_of <= FLAG_SECONDS and self._near.now() - at < FLAG_SECONDS else None

    def keep(self, mark: Mark, ask: asks.ReadRoles, rows: Any) -> None:
        """What the store has answered to a question that was asked after the mark."""
        self._near.vouch(mark)
        if ask.as_of is not None:
            self._near.keep(mark, ask.user, _KEY, (rows, ask.as_of, mark.at))

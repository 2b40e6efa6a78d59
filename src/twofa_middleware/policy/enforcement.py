"""Which of a login's roles asks for a second factor."""

from __future__ import annotations

from collections.abc import Iterable


def enforcing_role(roles: Iterable[str], enforced: frozenset[str]) -> str | None:
    """The role that the set-up page names: the first in the alphabet of those that are enforced, or None."""
    return min((role for role in roles if role in enforced), default=None)

"""Groups that the settings map to roles: who is in a group has its roles, and those of the groups in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def with_groups(names: Iterable[str], groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The names and all that they lead to through groups. A group's own name stays: a role may be called the same."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(groups.get(name, ()))
    return frozenset(found)

"""Flags on roles as the store holds them, and the questions of a login whose roles are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from core.flows.people import SITE
from support.realm import NOW
from twofa_middleware.accounts.rules import Flag, key_of, write_flag
from twofa_middleware.asks import Call, MeetRules, Met, ReadRoles, RoleRow

DAY = 86400
NO_FLAGS = (ReadRoles, ())


def key(role: str) -> str:
    return key_of(SITE.desk, role)


def flag(
    role: str, *, version: int = 1, is_enforced: bool = True, since: int = NOW, grace_days: int = 0
) -> tuple[Flag, RoleRow]:
    """A flag, and its row."""
    made = Flag(role, key(role), version, is_enforced, since, grace_days)
    return made, write_flag(SITE.desk, made)


def flagged(*roles: str, grace_days: int = 0, since: int = NOW) -> tuple[type[ReadRoles], tuple[RoleRow, ...]]:
    """The store holds these roles for enforced."""
    return ReadRoles, tuple(flag(role, grace_days=grace_days, since=since)[1] for role in roles)


def holding(
    *roles: str, flags: Any = NO_FLAGS, met: Mapping[str, int] | None = MappingProxyType({})
) -> tuple[tuple[Any, Any], ...]:
    """Flags are read, the login has these roles, and a rule that holds was first met then; None: no rule holds."""
    script = (flags, (Call, frozenset(roles)))
    return script if met is None else (*script, (MeetRules, Met({key(role): at for role, at in met.items()})))


MANAGER = holding("Manager", "End User")
END_USER = holding("End User", met=None)
"""The same two where the settings pin Manager and nothing is flagged."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Request
from twofa_middleware.protocol import Login, PluginContext, RolesResolver
from twofa_middleware.roles.static import StaticRoles

REQUEST = Request("http", "GET", "", "/", b"/", b"", (), {}, 0)


def static(**given: object) -> RolesResolver:
    return StaticRoles(
        msgspec.convert(given, StaticRoles.Options), PluginContext("demo", "produce", Path("/"), asynchronous=False)
    )


def roles(resolver: RolesResolver, user: str) -> frozenset[str]:
    with pytest.raises(StopIteration) as end:
        next(resolver.roles_of(Login(user), REQUEST))
    found: frozenset[str] = end.value.value
    return found


def test_a_user_has_the_listed_roles() -> None:
    assert roles(static(users={"7": ["End User", "Approver"]}), "7") == {"End User", "Approver"}


def test_a_user_has_the_roles_of_the_groups_and_of_groups_in_them() -> None:
    resolver = static(
        users={"7": ["Managers", "End User"]}, groups={"Managers": ["Approver", "Staff"], "Staff": ["Reader"]}
    )
    assert roles(resolver, "7") == {"Managers", "End User", "Approver", "Staff", "Reader"}


def test_groups_in_a_ring_end() -> None:
    assert roles(static(users={"7": ["A"]}, groups={"A": ["B"], "B": ["A"]}), "7") == {"A", "B"}


def test_who_is_not_listed_has_no_role() -> None:
    assert roles(static(users={"7": ["End User"]}), "07") == frozenset()
    assert roles(static(), "7") == frozenset()


def test_a_user_id_that_nobody_can_have_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"roles \(static\).*' ada'"):
        static(users={" ada": ["Approver"]})


@pytest.mark.parametrize("given", [{"users": {"7": "Approver"}}, {"groups": {"A": [1]}}, {"rolez": {}}])
def test_odd_options_are_refused_by_name(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(given))):
        static(**given)

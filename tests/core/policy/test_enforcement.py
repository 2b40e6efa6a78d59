"""Which role asks for a second factor, and when that begins."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import site
from twofa_middleware.policy.enforcement import enforcing_role

PINNED = frozenset({"Manager", "Auditor"})


@pytest.mark.parametrize(
    ("roles", "found"),
    [
        ((), None),
        (("End User",), None),
        (("End User", "Manager"), "Manager"),
        (("Manager", "Auditor"), "Auditor"),
        (("manager",), None),
        (("Manager ",), None),
    ],
)
def test_the_first_enforced_role_of_the_alphabet_is_named(roles: tuple[str, ...], found: str | None) -> None:
    assert enforcing_role(roles, PINNED) == found
    assert enforcing_role(roles[::-1], PINNED) == found


def test_where_nothing_is_enforced_no_role_asks() -> None:
    assert enforcing_role(("Manager",), frozenset()) is None


@pytest.mark.parametrize(
    ("shows_session", "app", "starts", "now"),
    [
        (True, {}, "next-login", False),
        (True, {}, "now", True),
        (True, {"login": [], "logout": []}, "next-login", False),
        (False, {}, "next-login", False),
        (False, {"login": []}, "next-login", True),
        (False, {"logout": []}, "next-login", True),
        (False, {"login": [], "logout": []}, "next-login", True),
    ],
)
def test_a066_enforcement_starts_at_once_where_a_next_login_cannot_be_seen(
    shows_session: bool, app: dict[str, Any], starts: str, now: bool
) -> None:
    made = site(shows_session=shows_session, shop=app, enforcement={"starts": starts, "pinned": ["Manager"]})
    assert made.starts_now is now


def test_the_pinned_roles_are_what_is_enforced() -> None:
    assert site(enforcement={"pinned": ["Manager", "Auditor"]}).enforced == PINNED

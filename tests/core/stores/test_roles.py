"""Contract: flags on roles, each changed only by who has seen the last change."""

from __future__ import annotations

import pytest

from support.stores import NOW, ask, names_of, notes_of
from twofa_middleware import asks
from twofa_middleware.asks import Done, Moved, RoleRow
from twofa_middleware.protocol import Store


def write(store: Store, key: str, version: int, record: bytes = b"flag") -> Done | Moved:
    return ask(store, asks.WriteRole(RoleRow(key, version, record), NOW))


def roles(store: Store) -> tuple[RoleRow, ...]:
    return ask(store, asks.ReadRoles())


def test_at_first_no_role_has_a_flag(store: Store) -> None:
    assert roles(store) == ()


def test_a_flag_is_kept_as_it_was_written(store: Store) -> None:
    assert write(store, "role", 1, bytes(range(256))) == Done()
    assert roles(store) == (RoleRow("role", 1, bytes(range(256))),)


def test_flags_are_read_in_the_order_of_their_keys(store: Store) -> None:
    for key in ("b", "_", "a", "Z", "-"):
        write(store, key, 1)
    assert [role.key for role in roles(store)] == ["-", "Z", "_", "a", "b"]


def test_a_flag_is_changed_by_who_has_seen_the_last_change(store: Store) -> None:
    for version in range(1, 13):
        assert write(store, "role", version, f"{version}".encode()) == Done()
    assert roles(store) == (RoleRow("role", 12, b"12"),)


@pytest.mark.parametrize("version", [1, 2, 4, 30])
def test_a_flag_that_has_changed_since_is_not_changed(store: Store, version: int) -> None:
    write(store, "role", 1)
    write(store, "role", 2)
    assert write(store, "role", version, b"other") == Moved()
    assert roles(store) == (RoleRow("role", 2, b"flag"),)


def test_the_first_version_of_a_flag_is_1(store: Store) -> None:
    assert write(store, "role", 2) == Moved()
    assert roles(store) == ()


def test_a_flag_is_not_changed_under_the_version_of_another(store: Store) -> None:
    write(store, "one", 1)
    assert write(store, "two", 2) == Moved()
    assert write(store, "two", 1) == Done()
    assert [(role.key, role.version) for role in roles(store)] == [("one", 1), ("two", 1)]


def test_the_event_of_a_flag_is_one_of_the_realm(store: Store) -> None:
    question = asks.WriteRole(RoleRow("role", 1, b"flag"), NOW, notes_of("changed"))
    assert [ask(store, question), ask(store, question)] == [Done(), Moved()]
    assert names_of(store, asks.REALM) == ["changed"]

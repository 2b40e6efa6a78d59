"""Records are additive: what a later minor version appends to a payload is ignored, so that it may be gone back from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from twofa_middleware.accounts.account import open_account
from twofa_middleware.accounts.audit import Event, read_event, row_of
from twofa_middleware.accounts.passes import Method, read_pass
from twofa_middleware.accounts.people import person_record, read_person, read_roles, roles_record
from twofa_middleware.accounts.remembered import read_browser
from twofa_middleware.accounts.rules import Flag, open_flag, write_flag
from twofa_middleware.asks import EventRow, PersonRow
from twofa_middleware.protocol import Login

from .people import ERIN, GENERATION, NOW, SITE, USER, account_row, browser_of, pass_of

SEALER = SITE.sealer
NONCE = b"n" * 12


def longer(payload: bytes) -> bytes:
    """With what this version knows nothing of."""
    found: list[Any] = msgspec.msgpack.decode(payload)
    return msgspec.msgpack.encode([*found, "later", {"and": 1}])


def longer_record(purpose: str, context: tuple[str | int, ...], record: bytes) -> bytes:
    return SEALER.authenticate(purpose, context, longer(SEALER.read(purpose, context, record)))


def longer_sealed(purpose: str, context: tuple[str | int, ...], record: bytes) -> bytes:
    return SEALER.seal(purpose, context, longer(SEALER.open(purpose, context, record)), NONCE)


def test_a_longer_roster_is_read() -> None:
    row = account_row()
    roster = longer_record("roster", (USER, GENERATION), row.roster)
    assert open_account(SEALER, USER, replace(row, roster=roster)) == open_account(SEALER, USER, row)


def test_a_longer_pass_is_read() -> None:
    row, _ = pass_of(Method.TOTP)
    record = longer_record("pass", (USER, SITE.name, GENERATION, row.digest.hex()), row.record)
    found = read_pass(SITE, ERIN, USER, GENERATION, replace(row, record=record), NOW)
    assert found is not None
    assert found == read_pass(SITE, ERIN, USER, GENERATION, row, NOW)


def test_a_longer_browser_is_read() -> None:
    row, _ = browser_of()
    record = longer_record("browser", (USER, GENERATION, row.digest.hex()), row.record)
    found = read_browser(SITE, USER, GENERATION, replace(row, record=record), NOW)
    assert found is not None
    assert found == read_browser(SITE, USER, GENERATION, row, NOW)


def test_a_longer_person_and_longer_roles_are_read() -> None:
    login = Login(ERIN.user, None, "erin", "erin@example.org")
    row = PersonRow(USER, person_record(SEALER, login, NONCE), roles_record(SEALER, login, ["b", "a"], NONCE))
    assert row.roles is not None
    person, roles = longer_sealed("person", (USER,), row.person), longer_sealed("roles", (USER,), row.roles)
    later = PersonRow(USER, person, roles)
    assert read_person(SEALER, later) == read_person(SEALER, row) is not None
    assert read_roles(SEALER, later) == {"a", "b"}


def test_a_longer_flag_is_read() -> None:
    flag = Flag("Manager", SEALER.name("role", "Manager"), 3, is_enforced=True, since=NOW, grace_days=7)
    row = write_flag(SITE.desk, flag)
    record = longer_record("role", (row.key, row.version), row.record)
    assert open_flag(SITE.desk, replace(row, record=record)) == flag


def test_a_longer_event_is_read() -> None:
    event = Event("pass ended", NOW, "shop", ERIN.user, {"why": "logout"})
    row = row_of(SEALER, event, NONCE)
    stored = EventRow("1-1", USER, row.id, row.at, row.record)
    record = longer_sealed("event", (USER, NOW), row.record)
    assert read_event(SEALER, replace(stored, record=record)) == read_event(SEALER, stored)

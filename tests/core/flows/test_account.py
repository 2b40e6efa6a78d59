"""The account as the core reads it: whoever writes to the store can neither plant a factor nor take one away unseen."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flows.people import (
    CODES,
    GENERATION,
    PHONE,
    SECRET,
    SINCE,
    SITE,
    USER,
    account_row,
    disabled_row,
    site,
    unreadable_row,
    with_dead_codes,
)
from twofa_middleware.accounts.account import TOTP, changed, new_generation, open_account
from twofa_middleware.asks import AccountRow
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.protocol import UserKey


def opens(row: AccountRow | None, user: UserKey = USER) -> bool:
    try:
        open_account(SITE.sealer, user, row)
    except UnreadableRecord:
        return False
    return True


def test_no_row_is_an_account_of_generation_0_without_factors() -> None:
    account = open_account(SITE.sealer, USER, None)
    assert (account.generation, account.is_enrolled, account.codes, account.authenticator(SITE.sealer)) == (
        0,
        False,
        frozenset(),
        None,
    )


def test_an_account_is_read_back_as_it_was_written() -> None:
    account = open_account(SITE.sealer, USER, account_row())
    assert (account.user, account.generation, account.since) == (USER, GENERATION, SINCE)
    assert account.is_enrolled
    assert account.authenticator(SITE.sealer) == (PHONE, SECRET)
    assert len(account.codes) == 10


def test_a117_codes_of_a_retired_key_are_not_left() -> None:
    some = open_account(SITE.sealer, USER, with_dead_codes(account_row(codes=CODES[:4]), CODES[4:]))
    none = open_account(SITE.sealer, USER, with_dead_codes(account_row(codes=()), CODES))
    assert [(len(account.codes), account.codes_left(SITE.sealer)) for account in (some, none)] == [(10, 4), (10, 0)]


def test_an_account_that_was_switched_off_has_no_factor() -> None:
    account = open_account(SITE.sealer, USER, disabled_row())
    assert (account.is_enrolled, account.authenticator(SITE.sealer), account.generation) == (False, None, GENERATION)


def test_a114_a_roster_of_somebody_else_is_unreadable() -> None:
    assert not opens(account_row(), SITE.sealer.user_key("6"))


def test_a031_a_roster_of_another_realm_is_unreadable() -> None:
    with pytest.raises(UnreadableRecord):
        open_account(site(realm="other").sealer, USER, account_row())


def test_a114_a_roster_under_another_generation_is_unreadable() -> None:
    assert not opens(replace(account_row(), generation=GENERATION + 1))
    assert not opens(replace(disabled_row(), generation=GENERATION - 1))


def test_a114_a_planted_factor_is_noticed() -> None:
    row = account_row()
    assert not opens(replace(row, authenticators={**row.authenticators, "planted": row.authenticators[PHONE]}))
    assert not opens(replace(disabled_row(), authenticators=row.authenticators))


def test_a115_a_factor_that_was_deleted_is_noticed() -> None:
    assert not opens(replace(account_row(), authenticators={}))


def test_a114_a_secret_put_under_another_name_does_not_open() -> None:
    sealed = account_row().authenticators[PHONE]
    account = open_account(SITE.sealer, USER, account_row(sealed={"tablet": sealed}))
    with pytest.raises(UnreadableRecord):
        account.authenticator(SITE.sealer)


def test_a021_a_damaged_secret_raises_only_when_it_is_looked_at_and_the_account_counts_as_enrolled() -> None:
    account = open_account(SITE.sealer, USER, unreadable_row())
    assert account.is_enrolled
    with pytest.raises(UnreadableRecord):
        account.authenticator(SITE.sealer)


@given(st.binary(max_size=80))
def test_a083_no_roster_that_somebody_writes_opens(roster: bytes) -> None:
    assert not opens(replace(account_row(), roster=roster))


@pytest.mark.parametrize(
    "payload", [b"", b"\xc1", msgspec.msgpack.encode([1]), msgspec.msgpack.encode([1, [["phone"]]])]
)
def test_an_authentic_roster_of_no_known_form_is_unreadable(payload: bytes) -> None:
    roster = SITE.sealer.authenticate("roster", (USER, GENERATION), payload)
    assert not opens(replace(account_row(), roster=roster))


def test_a021_what_another_factor_has_made_is_a_factor_and_is_checked_by_no_other() -> None:
    change = changed(SITE.sealer, USER, 9, since=1, kinds={"key": "passkey"}, sealed={"key": b"?"}, codes=frozenset())
    account = open_account(SITE.sealer, USER, AccountRow(9, 0, change.roster, change.authenticators, change.codes))
    assert account.is_enrolled
    with pytest.raises(UnreadableRecord, match="made by the factor passkey, and this one is totp"):
        account.authenticator(SITE.sealer)


def test_each_change_moves_the_generation_by_one() -> None:
    assert new_generation(GENERATION, b"") == GENERATION + 1


@given(st.binary(min_size=5, max_size=5))
def test_a_birth_is_never_generation_0_and_fits_the_integers_of_a_store(birth: bytes) -> None:
    assert 0 < new_generation(0, birth) < 2**63


def test_two_births_are_two_accounts() -> None:
    assert new_generation(0, b"\0\0\0\0\1") != new_generation(0, b"\0\0\0\0\2")


def test_a119_an_account_shows_no_records_in_its_repr() -> None:
    account = open_account(SITE.sealer, USER, account_row())
    assert TOTP in repr(account)
    assert repr(account.sealed[PHONE]) not in repr(account) + repr(account_row())

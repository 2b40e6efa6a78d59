"""What a store has, weighed against what a file has: nothing newer is overwritten, and no try is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..accounts.account import are_born_alike, open_account
from ..asks import AccountRow, Records
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import UserKey


def is_older(desk: Desk, user: UserKey, there: AccountRow, carried: AccountRow, made_at: int) -> bool:
    """Whether the account in the store has certainly not changed since the file was made.

    The generations of one account tell it. Two that were begun apart, in two stores, have nothing to compare but when
    the one in the store was turned on; one that is off, or does not open, does not say when that came about.
    """
    if are_born_alike(there.generation, carried.generation):
        return there.generation <= carried.generation
    try:
        account = open_account(desk.sealer, user, there)
    except UnreadableRecord:
        return False
    return account.is_enrolled and account.since <= made_at


def codes_left(there: AccountRow | None, carried: AccountRow) -> frozenset[bytes]:
    """The recovery codes of the file that the store does not know to be spent: spending changes no generation."""
    if there is None or there.generation != carried.generation:
        return carried.codes
    return carried.codes & there.codes


def merged(carried: Records, there: Records) -> Records:
    """What the file has, with tries and waits as in the worse of the two, and rules met when they were first met."""
    return replace(
        carried,
        failures=_most(carried.failures, there.failures),
        recovery_tries=_most(carried.recovery_tries, there.recovery_tries),
        in_a_row=max(carried.in_a_row, there.in_a_row),
        wait_until=max(carried.wait_until, there.wait_until),
        met={**carried.met, **{rule: min(at, carried.met.get(rule, at)) for rule, at in there.met.items()}},
    )


def _most(tries: Mapping[int, int], others: Mapping[int, int]) -> Mapping[int, int]:
    """By second: both may have counted the same tries, so they are not added up."""
    return {at: max(tries.get(at, 0), others.get(at, 0)) for at in tries.keys() | others.keys()}

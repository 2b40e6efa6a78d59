"""Erin sets up: the set-up that her browser has begun, and what the store answers when her code is right."""

from __future__ import annotations

from typing import Any

from core.flows.people import ERIN, NOW, SECRET, SITE, STEP, USER, attempt
from twofa_middleware.accounts.account import Account, open_account
from twofa_middleware.accounts.enrol import Confirmation, confirm
from twofa_middleware.asks import AccountRow, Change, SetupRow, Spent, TakeAttempt, TurnOn
from twofa_middleware.protocol import Flow, Login

FLOW = b"f" * 32
NOBODY = open_account(SITE.sealer, USER, None)


def setup_row(flow: bytes = FLOW, account: Account = NOBODY, login: Login = ERIN) -> SetupRow:
    """A set-up that was begun with the SECRET."""
    user = SITE.user_key(login)
    record = SITE.sealer.seal("setup", (user, account.generation, flow.hex()), SECRET, b"n" * 12)
    return SetupRow(flow, record, NOW - 60, NOW + 540)


def confirming(text: Any, flow: bytes = FLOW, at: Any = SITE, reset: Any = "") -> Flow[Confirmation]:
    return confirm(at, ERIN, flow, text, reset, NOW)


def account_after(change: Change) -> Account:
    row = AccountRow(change.generation, STEP, change.roster, change.authenticators, change.codes)
    return open_account(SITE.sealer, USER, row)


TAKEN = (TakeAttempt, attempt(setup=setup_row()))
RIGHT = (TAKEN, (TurnOn, Spent(10)))

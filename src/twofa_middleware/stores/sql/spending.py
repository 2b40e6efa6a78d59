"""Accepting a code: the step or recovery code is spent, and what it was given for happens with it."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import Moved, SpendCode, Spending, SpendStep, Spent, SpentBefore, TurnOn
from . import attempts
from .accounts import change_account, read_account, read_generation, remove_code, write_last_step
from .browsers import keep_browser
from .passes import end_pass, keep_pass
from .setups import find_setup


def spend_step(db: Connection, ask: SpendStep) -> Spending:
    """RFC 6238 §5.2: a one-time password is accepted once; here also none that is older than the last."""
    account = read_account(db, ask.user)
    if account is None or account.generation != ask.generation or ask.authenticator not in account.authenticators:
        return Moved()
    if ask.step <= account.last_step:
        return SpentBefore()
    write_last_step(db, ask.user, ask.step)
    attempts.succeed(db, ask.user, ask.attempt_at)
    return _settle(db, ask, codes_left=len(account.codes))


def spend_code(db: Connection, ask: SpendCode) -> Spending:
    """A recovery code is taken from the set under which it was shown, also if a change brings a new set."""
    account = read_account(db, ask.user)
    if account is None or account.generation != ask.generation:
        return Moved()
    if ask.code not in account.codes:
        return SpentBefore()
    remove_code(db, ask.user, ask.code)
    attempts.recover(db, ask.user, ask.attempt_at, ask.now)
    return _settle(db, ask, codes_left=len(account.codes) - 1)


def turn_on(db: Connection, ask: TurnOn) -> Spent | Moved:
    """Of two set-ups the first that is confirmed wins: it raises the generation and ends the other."""
    if read_generation(db, ask.user) != ask.generation:
        return Moved()
    if find_setup(db, ask.user, ask.setup_digest, ask.now) is None:
        return Moved()
    attempts.succeed(db, ask.user, ask.attempt_at)
    change_account(db, ask.user, ask.change, ask.step)
    keep_pass(db, ask.user, ask.opens, ask.now)
    return Spent(codes_left=len(ask.change.codes))


def _settle(db: Connection, ask: SpendStep | SpendCode, codes_left: int) -> Spent:
    """Ends first, the change next, openings last, so that the change does not end what it opens."""
    if ask.ends is not None:
        end_pass(db, ask.user, ask.ends)
    if ask.change is not None:
        change_account(db, ask.user, ask.change)
        codes_left = len(ask.change.codes)
    if ask.opens is not None:
        keep_pass(db, ask.user, ask.opens, ask.now)
    if ask.remembers is not None:
        keep_browser(db, ask.user, ask.remembers, ask.now)
    return Spent(codes_left)

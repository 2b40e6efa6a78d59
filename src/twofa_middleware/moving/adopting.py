"""An account from another system: its secret becomes the authenticator of a user here.

It is the one way in which somebody else than the user turns a second factor on: they have shown it elsewhere. No step up
to now is accepted, since a code may have been used there; recovery codes do not come along.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace

from ..accounts.account import BIRTH_BYTES, TOTP, Account, changed, new_generation, open_account
from ..accounts.audit import noted
from ..asks import AccountRow, Acknowledge, Moved, Random, ReadRecords, Records, WriteRecords
from ..desk import Desk
from ..errors import UnreadableRecord
from ..factors.totp import step_at
from ..protocol import Flow, Login, UserKey
from ..sealing import NONCE_BYTES
from .bringing import Outcome, Plan

_ID_BYTES = 4
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Adopted:
    """An account of another system. ``user``: the id here; ``label``: what people call them, empty where not known."""

    user: str
    secret: bytes = field(repr=False)
    label: str = ""


def adopt(desk: Desk, plan: Plan, found: Adopted, source: str, now: int) -> Flow[Outcome]:
    """Turn it on, unless there is an account: one that was switched off here is not switched on by an old secret."""
    user = desk.user_key(found.user)
    for _ in range(_TRIES):
        there = yield from ReadRecords(user)
        outcome = _outcome(desk, plan, found, user, there)
        if outcome is Outcome.THERE and not plan.is_dry:
            yield from Acknowledge(user)  # it may have been written by what was refused, as it may not last
        if plan.is_dry or outcome not in (Outcome.WRITTEN, Outcome.REPLACED):
            return outcome
        if (yield from _write(desk, plan, found, there, source, now)):
            return outcome
    return Outcome.CHANGED


def _outcome(desk: Desk, plan: Plan, found: Adopted, user: UserKey, there: Records) -> Outcome:
    if there.account is None:
        return Outcome.WRITTEN
    if _has(desk, _open_or_none(desk, user, there), found.secret):
        return Outcome.THERE
    return Outcome.REPLACED if plan.replaces else Outcome.KEPT


def _open_or_none(desk: Desk, user: UserKey, there: Records) -> Account | None:
    """The account that is there; None if it does not open."""
    try:
        return open_account(desk.sealer, user, there.account)
    except UnreadableRecord:
        return None


def _has(desk: Desk, account: Account | None, secret: bytes) -> bool:
    try:
        authenticator = account.authenticator(desk.sealer) if account else None
    except UnreadableRecord:
        return False
    return authenticator is not None and hmac.compare_digest(authenticator[1], secret)


def _write(desk: Desk, plan: Plan, found: Adopted, there: Records, source: str, now: int) -> Flow[bool]:
    """Whether it was written. Who somebody is, their tries, and which rules they met stay as they are."""
    user = desk.user_key(found.user)
    before = there.account.generation if there.account else 0
    generation = new_generation(before, (yield from Random(BIRTH_BYTES)))
    name = (yield from Random(_ID_BYTES)).hex()
    sealed = desk.sealer.seal(TOTP, (user, name), found.secret, (yield from Random(NONCE_BYTES)))
    change = changed(
        desk.sealer, user, generation, since=now, kinds={name: TOTP}, sealed={name: sealed}, codes=frozenset()
    )
    row = AccountRow(generation, step_at(now) + 1, change.roster, change.authenticators, change.codes)
    records = replace(there, account=row, passes=(), browsers=(), log=())
    login = Login(found.user, None, found.label)
    event = desk.event(
        "imported from elsewhere",
        login,
        now,
        actor=plan.actor.id,
        actor_name=plan.actor.label,
        by=source,
    )
    done = yield from noted(
        desk,
        {"done": [event]},
        lambda notes: WriteRecords(user, before, records, now, notes),
        login=login if found.label and there.person is None else None,
    )
    return not isinstance(done, Moved)

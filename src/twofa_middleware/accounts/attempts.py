"""One attempt to prove oneself, in the order that is the security: counted, then compared, then spent, then issued.

Every form that asks for a code comes through here, so all of them share one budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..asks import (
    SETTLE_SECONDS,
    Attempt,
    BrowserRow,
    Change,
    Moved,
    PassRow,
    SpendCode,
    Spending,
    SpendStep,
    Spent,
    SpentBefore,
    Stopped,
    TakeAttempt,
    TakeRecoveryAttempt,
    Waiting,
)
from ..browser.cookies import PassCookie
from ..factors import recovery, totp
from ..factors.totp import Ahead, Match, Past
from ..protocol import Event, Flow, Login
from ..site import Site
from .account import Account, open_account
from .audit import Telling, noted, telling_of
from .passes import Method


@dataclass(frozen=True, slots=True)
class TotpCode:
    """What somebody typed as the code of the authenticator app."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """What somebody typed as a recovery code."""

    text: str = field(repr=False)


Proof: TypeAlias = TotpCode | RecoveryCode


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to happen together with the spending of the code, and what the browser gets once it has happened.

    ``event`` names what it is besides a right code, if it is anything.
    """

    opens: PassRow | None = None
    pass_cookie: PassCookie | None = None
    remembers: BrowserRow | None = None
    browser_token: bytes | None = field(default=None, repr=False)
    change: Change | None = None
    codes: tuple[str, ...] = field(default=(), repr=False)
    event: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The code was right, and ``prepared`` has happened."""

    prepared: Prepared
    method: Method
    codes_left: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """The code was not right. ``hint`` says how the device's clock is off, where that explains it."""

    left: int
    waits_until: int
    hint: Past | Ahead | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """The code was right, and had been used. A new one comes with the next step, after this many seconds."""

    next_in: int


FEW_CODES = 3

Verdict: TypeAlias = Accepted | Wrong | Used | Waiting | Stopped | Moved
Prepare: TypeAlias = Callable[[Account, Method], Flow[Prepared]]


def prove(site: Site, login: Login, proof: Proof, prepare: Prepare, *, ends: bytes | None, now: int) -> Flow[Verdict]:
    """Try a code; if it is right, spend it and do what ``prepare`` says in the same change. ``ends``: a pass to end."""
    if isinstance(proof, TotpCode):
        return (yield from _by_totp(site, login, proof.text, prepare, ends, now))
    return (yield from _by_recovery(site, login, proof.text, prepare, ends, now))


def _by_totp(site: Site, login: Login, text: str, prepare: Prepare, ends: bytes | None, now: int) -> Flow[Verdict]:
    user = site.user_key(login)
    counted = yield from counting(site, login, now, Method.TOTP)
    attempt = yield from TakeAttempt(user, now, notes=counted.notes)
    if not isinstance(attempt, Attempt):
        yield from counted.tell(attempt)
        return attempt
    account = open_account(site.sealer, user, attempt.account)
    authenticator = account.authenticator(site.sealer, site.factor.kind)
    if authenticator is None:
        yield from counted.tell(attempt)
        return Moved()
    name, secret = authenticator
    finding = site.factor.find(secret, site.factor.clean(text), now, site.window)
    if not isinstance(finding, Match):
        yield from counted.tell(attempt)
        return Wrong(attempt.left, attempt.waits_until, finding)
    prepared = yield from prepare(account, Method.TOTP)
    spending = yield from noted(
        site.desk,
        _spent_events(site, login, now, Method.TOTP, prepared, account.codes_left(site.sealer)),
        lambda notes: SpendStep(
            user,
            attempt.at,
            account.generation,
            name,
            finding.step,
            prepared.opens,
            prepared.remembers,
            ends,
            prepared.change,
            now,
            notes,
        ),
        login=login,
        takes_back=counted.first_id,
    )
    return _verdict(spending, prepared, Method.TOTP, now, _dead(site, account, prepared))


def _by_recovery(site: Site, login: Login, text: str, prepare: Prepare, ends: bytes | None, now: int) -> Flow[Verdict]:
    user = site.user_key(login)
    counted = yield from counting(site, login, now, Method.RECOVERY)
    attempt = yield from TakeRecoveryAttempt(user, now, counted.notes)
    if not isinstance(attempt, Attempt):
        yield from counted.tell(attempt)
        return attempt
    account = open_account(site.sealer, user, attempt.account)
    if not account.is_enrolled:
        yield from counted.tell(attempt)
        return Moved()
    code = recovery.find(site.sealer, user, text, account.codes)
    if code is None:
        yield from counted.tell(attempt)
        return Wrong(attempt.left, attempt.waits_until)
    prepared = yield from prepare(account, Method.RECOVERY)
    spending = yield from noted(
        site.desk,
        _spent_events(site, login, now, Method.RECOVERY, prepared, account.codes_left(site.sealer) - 1),
        lambda notes: SpendCode(
            user,
            attempt.at,
            account.generation,
            code,
            prepared.opens,
            prepared.remembers,
            ends,
            prepared.change,
            now,
            notes,
        ),
        login=login,
        takes_back=counted.first_id,
    )
    return _verdict(spending, prepared, Method.RECOVERY, now, _dead(site, account, prepared))


def _dead(site: Site, account: Account, prepared: Prepared) -> int:
    """How many recovery codes the store still counts after the spending that nobody can use: their key is retired."""
    return len(account.codes) - account.codes_left(site.sealer) if prepared.change is None else 0


def _verdict(spending: Spending, prepared: Prepared, method: Method, now: int, dead: int) -> Verdict:
    match spending:
        case Spent(codes_left):
            return Accepted(prepared, method, codes_left - dead)
        case SpentBefore():
            return Used(totp.STEP_SECONDS - now % totp.STEP_SECONDS)
        case Moved():
            return spending


def counting(site: Site, login: Login, now: int, method: Method, name: str = "code wrong") -> Flow[Telling]:
    """What is written when an attempt is counted: a failure, until the code has turned out to be right."""
    by = method.name.lower()
    events = {
        "attempt": [site.desk.event(name, login, now, by=by)],
        "waiting": [site.desk.event("code refused while waiting", login, now, by=by)],
        "stopped": [site.desk.event("code refused, stopped", login, now, by=by)],
    }
    return (yield from telling_of(site.desk, events, settles_in=SETTLE_SECONDS))


def _spent_events(
    site: Site, login: Login, now: int, method: Method, prepared: Prepared, codes_left: int
) -> dict[str, list[Event]]:
    """What a right code is, by the outcome of spending it."""
    desk, by = site.desk, method.name.lower()
    if prepared.change is not None:
        codes_left = len(prepared.change.codes)
    spent = [desk.event("code accepted", login, now, by=by, codes_left=codes_left)]
    if method is Method.RECOVERY and codes_left <= FEW_CODES and prepared.change is None:
        spent.append(desk.event("recovery codes low", login, now, codes_left=codes_left))
    if prepared.remembers is not None:
        spent.append(desk.event("browser remembered", login, now))
    if prepared.event:
        spent.append(desk.event(prepared.event, login, now))
    return {
        "spent": spent,
        "spent before": [desk.event("code used before", login, now, by=by)],
        "moved": [desk.event("code refused, account changed", login, now, by=by)],
    }

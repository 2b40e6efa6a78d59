"""One attempt to prove oneself, in the order that is the security: counted, then compared, then spent, then issued.

Every form that asks for a code comes through here, so all of them share one budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..asks import (
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
from ..protocol import Flow, Login
from ..site import Site
from .account import Account, open_account
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
    """What is to happen together with the spending of the code, and what the browser gets once it has happened."""

    opens: PassRow | None = None
    pass_cookie: PassCookie | None = None
    remembers: BrowserRow | None = None
    browser_token: bytes | None = field(default=None, repr=False)
    change: Change | None = None
    codes: tuple[str, ...] = field(default=(), repr=False)


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


Verdict: TypeAlias = Accepted | Wrong | Used | Waiting | Stopped | Moved
Prepare: TypeAlias = Callable[[Account, Method], Flow[Prepared]]


def prove(site: Site, login: Login, proof: Proof, prepare: Prepare, *, ends: bytes | None, now: int) -> Flow[Verdict]:
    """Try a code; if it is right, spend it and do what ``prepare`` says in the same change. ``ends``: a pass to end."""
    if isinstance(proof, TotpCode):
        verdict = yield from _by_totp(site, login, proof.text, prepare, ends, now)
    else:
        verdict = yield from _by_recovery(site, login, proof.text, prepare, ends, now)
    yield from _tell(site, login, proof, verdict, now)
    return verdict


def _by_totp(site: Site, login: Login, text: str, prepare: Prepare, ends: bytes | None, now: int) -> Flow[Verdict]:
    user = site.user_key(login)
    attempt = yield from TakeAttempt(user, now)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(site.sealer, user, attempt.account)
    authenticator = account.totp(site.sealer)
    if authenticator is None:
        return Moved()
    name, secret = authenticator
    finding = totp.find(secret, totp.clean(text), now, site.window)
    if not isinstance(finding, Match):
        return Wrong(attempt.left, attempt.waits_until, finding)
    prepared = yield from prepare(account, Method.TOTP)
    spending = yield from SpendStep(
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
    )
    return _verdict(spending, prepared, Method.TOTP, now)


def _by_recovery(site: Site, login: Login, text: str, prepare: Prepare, ends: bytes | None, now: int) -> Flow[Verdict]:
    user = site.user_key(login)
    attempt = yield from TakeRecoveryAttempt(user, now)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(site.sealer, user, attempt.account)
    if not account.is_enrolled:
        return Moved()
    code = recovery.find(site.sealer, user, text, account.codes)
    if code is None:
        return Wrong(attempt.left, attempt.waits_until)
    prepared = yield from prepare(account, Method.RECOVERY)
    spending = yield from SpendCode(
        user, attempt.at, account.generation, code, prepared.opens, prepared.remembers, ends, prepared.change, now
    )
    return _verdict(spending, prepared, Method.RECOVERY, now)


def _verdict(spending: Spending, prepared: Prepared, method: Method, now: int) -> Verdict:
    match spending:
        case Spent(codes_left):
            return Accepted(prepared, method, codes_left)
        case SpentBefore():
            return Used(totp.STEP_SECONDS - now % totp.STEP_SECONDS)
        case Moved():
            return spending


def _tell(site: Site, login: Login, proof: Proof, verdict: Verdict, now: int) -> Flow[None]:
    by = "totp" if isinstance(proof, TotpCode) else "recovery"
    match verdict:
        case Accepted(_, _, codes_left):
            yield from site.emit("code accepted", login, now, by=by, codes_left=codes_left)
        case Wrong():
            yield from site.emit("code wrong", login, now, by=by, left=verdict.left)
        case Used():
            yield from site.emit("code used before", login, now, by=by)
        case Waiting(until):
            yield from site.emit("code refused while waiting", login, now, by=by, until=until)
        case Stopped():
            yield from site.emit("code refused, stopped", login, now, by=by)
        case Moved():
            yield from site.emit("code refused, account changed", login, now, by=by)

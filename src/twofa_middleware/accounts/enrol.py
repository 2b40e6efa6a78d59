"""Set-up: a secret is shown, and nothing is switched on before a code made with it is right (S2, S3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..asks import Attempt, BeginSetup, Moved, Random, ReadSetup, SetupRow, Stopped, TakeAttempt, TurnOn, Waiting
from ..factors import totp
from ..factors.totp import Match
from ..protocol import Flow, Login, UserKey
from ..sealing import NONCE_BYTES
from ..site import Site
from .account import BIRTH_BYTES, TOTP, Account, changed, new_generation, open_account
from .attempts import Accepted, Prepared, Wrong
from .change import new_codes
from .passes import Method, new_pass

SETUP_SECONDS = 600
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Expired:
    """There is no such set-up any more; the page begins a new one."""


Confirmation: TypeAlias = Accepted | Wrong | Waiting | Stopped | Moved | Expired


@dataclass(frozen=True, slots=True)
class Setup:
    """A set-up that was begun: the secret to show."""

    secret: bytes = field(repr=False)


def begin(site: Site, login: Login, account: Account, flow_digest: bytes, now: int) -> Flow[Setup]:
    """The set-up of this browser, begun now if there is none. The server makes the secret, never the browser."""
    row = yield from ReadSetup(account.user, flow_digest, now)
    if row is None:
        secret = yield from Random(totp.SECRET_BYTES)
        nonce = yield from Random(NONCE_BYTES)
        record = site.sealer.seal("setup", _context(account.user, account.generation, flow_digest), secret, nonce)
        begun = yield from BeginSetup(account.user, SetupRow(flow_digest, record, now, now + SETUP_SECONDS), now)
        row = begun.setup
        yield from site.emit("set-up begun", login, now)
    return Setup(_secret(site, account, row))


def confirm(site: Site, login: Login, flow_digest: bytes, text: str, now: int) -> Flow[Confirmation]:
    """Turn two-factor authentication on if the code is right. The step counts as spent from then on."""
    user = site.user_key(login)
    attempt = yield from TakeAttempt(user, now, flow_digest)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(site.sealer, user, attempt.account)
    if account.is_enrolled:
        return Moved()
    if attempt.setup is None:
        return Expired()
    secret = _secret(site, account, attempt.setup)
    finding = totp.find_at_setup(secret, totp.clean(text), now, site.window)
    if not isinstance(finding, Match):
        yield from site.emit("set-up code wrong", login, now, left=attempt.left)
        return Wrong(attempt.left, attempt.waits_until, finding)
    generation = new_generation(account.generation, (yield from Random(BIRTH_BYTES)))
    name = (yield from Random(_ID_BYTES)).hex()
    sealed = site.sealer.seal(TOTP, (user, name), secret, (yield from Random(NONCE_BYTES)))
    codes, hashes = yield from new_codes(site.sealer, user)
    change = changed(site.sealer, user, generation, since=now, kinds={name: TOTP}, sealed={name: sealed}, codes=hashes)
    row, cookie = yield from new_pass(site, login, generation, Method.TOTP, now)
    turned = yield from TurnOn(user, attempt.at, account.generation, flow_digest, finding.step, row, change, now)
    if isinstance(turned, Moved):
        return turned
    yield from site.emit("enrolled", login, now, by=TOTP)
    return Accepted(Prepared(row, cookie, change=change, codes=codes), Method.TOTP, turned.codes_left)


def _secret(site: Site, account: Account, row: SetupRow) -> bytes:
    return site.sealer.open("setup", _context(account.user, account.generation, row.digest), row.record)


def _context(user: UserKey, generation: int, flow_digest: bytes) -> tuple[str | int, ...]:
    return user, generation, flow_digest.hex()

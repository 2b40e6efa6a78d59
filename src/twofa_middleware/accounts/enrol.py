"""Set-up: a secret is shown, and nothing is switched on before a code made with it is right (S2, S3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..asks import Attempt, BeginSetup, Moved, Note, Random, ReadSetup, SetupRow, Stopped, TakeAttempt, TurnOn, Waiting
from ..factors.totp import Match
from ..protocol import Flow, Login, UserKey
from ..sealing import NONCE_BYTES, key_id_of
from ..site import Site
from .account import BIRTH_BYTES, TOTP, Account, changed, new_generation, open_account
from .attempts import Accepted, Prepared, Wrong, counting
from .audit import Telling, noted
from .change import new_codes
from .passes import Method, new_pass
from .reset import is_reset_code, waits_for_code

SETUP_SECONDS = 600
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Expired:
    """There is no such set-up any more; the page begins a new one."""


@dataclass(frozen=True, slots=True)
class WrongReset:
    """The code of the app was right, and the one-time code of the administrator was not; as ``Wrong`` else."""

    left: int
    waits_until: int


Confirmation: TypeAlias = Accepted | Wrong | WrongReset | Waiting | Stopped | Moved | Expired


@dataclass(frozen=True, slots=True)
class Setup:
    """A set-up that was begun: the secret to show."""

    secret: bytes = field(repr=False)


def begin(site: Site, login: Login, account: Account, flow_digest: bytes, now: int) -> Flow[Setup | Expired]:
    """The set-up of this browser, begun now if there is none. The server makes the secret, never the browser.

    Expired: there is one, and the key that it was sealed with is retired, so it has to be begun under another digest.
    """
    row = yield from ReadSetup(account.user, flow_digest, now)
    if row is not None and _has_died(site, row):
        return Expired()
    if row is None:
        secret = yield from Random(site.factor.factor.secret_bytes)
        nonce = yield from Random(NONCE_BYTES)
        record = site.sealer.seal("setup", _context(account.user, account.generation, flow_digest), secret, nonce)
        setup = SetupRow(flow_digest, record, now, now + SETUP_SECONDS)
        event = site.desk.event("set-up begun", login, now)
        begun = yield from noted(
            site.desk, {"begun": [event]}, lambda notes: BeginSetup(account.user, setup, now, notes), login=login
        )
        row = begun.setup
    return Setup(_secret(site, account, row))


def note_no_code(site: Site, login: Login, now: int) -> Flow[None]:
    """Somebody came who needs a code; from then on administrators find them among the people who were seen."""
    event = site.desk.event("set-up without a code", login, now)
    user = site.user_key(login)
    yield from noted(site.desk, {"done": [event]}, lambda notes: Note(user, now, notes), login=login)


def confirm(site: Site, login: Login, flow_digest: bytes, text: str, reset: str, now: int) -> Flow[Confirmation]:
    """Turn two-factor authentication on if the code is right. The step counts as spent from then on.

    ``reset`` is what was typed as the one-time code of an administrator, for an account that needs it.
    """
    user = site.user_key(login)
    counted = yield from counting(site, login, now, Method.TOTP, "set-up code wrong")
    attempt = yield from TakeAttempt(user, now, flow_digest, counted.notes)
    if not isinstance(attempt, Attempt):
        yield from counted.tell(attempt)
        return attempt
    account = open_account(site.sealer, user, attempt.account)
    if account.is_enrolled or attempt.setup is None or _has_died(site, attempt.setup):
        yield from counted.tell(attempt)
        return Moved() if account.is_enrolled else Expired()
    secret = _secret(site, account, attempt.setup)
    finding = site.factor.find_at_setup(secret, site.factor.clean(text), now, site.window)
    may_set_up = not waits_for_code(site.settings, account) and is_reset_code(site.sealer, account, reset)
    if not isinstance(finding, Match):
        yield from counted.tell(attempt)
        return Wrong(attempt.left, attempt.waits_until, finding)
    if not may_set_up:
        yield from _note_wrong_reset(site, login, counted, now)
        return WrongReset(attempt.left, attempt.waits_until)
    generation = new_generation(account.generation, (yield from Random(BIRTH_BYTES)))
    name = (yield from Random(_ID_BYTES)).hex()
    sealed = site.sealer.seal(TOTP, (user, name), secret, (yield from Random(NONCE_BYTES)))
    codes, hashes = yield from new_codes(site.sealer, user)
    change = changed(
        site.sealer, user, generation, since=now, kinds={name: site.factor.kind}, sealed={name: sealed}, codes=hashes
    )
    row, cookie = yield from new_pass(site, login, generation, Method.TOTP, now)
    events = {
        "spent": [site.desk.event("enrolled", login, now, by=site.factor.name)],
        "moved": [site.desk.event("code refused, account changed", login, now, by=TOTP)],
    }
    turned = yield from noted(
        site.desk,
        events,
        lambda notes: TurnOn(user, attempt.at, account.generation, flow_digest, finding.step, row, change, now, notes),
        login=login,
        takes_back=counted.first_id,
    )
    if isinstance(turned, Moved):
        return turned
    return Accepted(Prepared(row, cookie, change=change, codes=codes), Method.TOTP, turned.codes_left)


def _note_wrong_reset(site: Site, login: Login, counted: Telling, now: int) -> Flow[None]:
    """It was not the code of the app that was wrong, so another event takes the place of the one that was counted."""
    event = site.desk.event("set-up reset code wrong", login, now)
    user = site.user_key(login)
    yield from noted(site.desk, {"done": [event]}, lambda notes: Note(user, now, notes), takes_back=counted.first_id)


def _secret(site: Site, account: Account, row: SetupRow) -> bytes:
    return site.sealer.open("setup", _context(account.user, account.generation, row.digest), row.record)


def _has_died(site: Site, row: SetupRow) -> bool:
    """Whether it was sealed with a key that was retired since: then nobody can go on with it, and nothing is lost."""
    return key_id_of(row.record) in site.sealer.ring.retired


def _context(user: UserKey, generation: int, flow_digest: bytes) -> tuple[str | int, ...]:
    return user, generation, flow_digest.hex()

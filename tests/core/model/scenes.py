"""Who submits what: the submissions of which scenes are made, and the account that they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.flows.administering import ADA, DESK, PERSON
from core.flows.people import CODES, ERIN, NOW, SECRET, SITE, STEP, USER, account_row, code, request, wrong_code
from support.exact_store import State
from support.realm import code_at
from twofa_middleware.accounts import administer, change, enrol
from twofa_middleware.accounts.attempts import RecoveryCode, TotpCode
from twofa_middleware.accounts.verify import verify
from twofa_middleware.asks import SetupRow
from twofa_middleware.factors.totp import base32
from twofa_middleware.protocol import Flow

from .course import Submission, Typed

NEXT = code(NOW + 30)
NEVER_A_CODE = "0000-0000-0000-0000"
OWNER, THIEF = b"o" * 32, b"t" * 32
THIEFS_SECRET = b"09876543210987654321"
THIEFS_CODE = code_at(base32(THIEFS_SECRET), NOW)

Made = Callable[[Typed], Flow[Any]]


@dataclass(frozen=True)
class Scene:
    """``clients``: of each, what he submits, one after the other."""

    start: State
    clients: tuple[tuple[Submission, ...], ...]


def enrolled() -> State:
    """Erin has a phone and ten recovery codes."""
    row = account_row()
    sealed = tuple(sorted(row.authenticators.items()))
    return State(row.generation, row.last_step, row.roster, sealed, row.codes)


def two_set_ups() -> State:
    """Erin has no account yet, and two browsers are in the middle of a set-up."""
    setups = []
    for digest, secret in ((OWNER, SECRET), (THIEF, THIEFS_SECRET)):
        record = SITE.sealer.seal("setup", (USER, 0, digest.hex()), secret, b"n" * 12)
        setups.append(SetupRow(digest, record, NOW - 60, NOW + 540))
    return State(setups=tuple(setups))


def by_phone(text: str = "", *, made: Made | None = None) -> Submission:
    """The prompt, with a code of the app: by default the right one of now."""
    text = text or code()
    return Submission(text, made or _verify, _step_of(text))


def by_recovery_code(text: str = CODES[0], *, made: Made | None = None) -> Submission:
    return Submission(text, made or _verify_by_recovery, text if text in CODES else None, is_recovery=True)


def guess(made: Made | None = None) -> Submission:
    return by_phone(wrong_code(), made=made)


def disable(text: str = NEXT) -> Submission:
    def flow(typed: Typed) -> Flow[Any]:
        return change.disable(SITE, ERIN, TotpCode(typed), request(), None)

    return Submission(text, flow, _step_of(text))


def renew_codes(text: str = NEXT) -> Submission:
    def flow(typed: Typed) -> Flow[Any]:
        return change.renew_codes(SITE, ERIN, TotpCode(typed), request(), None)

    return Submission(text, flow, _step_of(text))


def confirm(digest: bytes, text: str) -> Submission:
    """Turn On: of all set-ups that were begun for one generation only one."""

    def flow(typed: Typed) -> Flow[Any]:
        return enrol.confirm(SITE, ERIN, digest, typed, "", NOW)

    return Submission(text, flow, "a set-up")


def reset() -> Submission:
    """An administrator switches it off, as he saw it."""

    def flow(typed: Typed) -> Flow[Any]:
        seen = yield from administer.look_at(DESK, PERSON, NOW)
        return (yield from administer.disable(DESK, ADA, seen, "lost phone", NOW))

    return Submission("", flow, None)


def _verify(typed: Typed) -> Flow[Any]:
    return verify(SITE, ERIN, TotpCode(typed), request(), remember=False, ends=None)


def _verify_by_recovery(typed: Typed) -> Flow[Any]:
    return verify(SITE, ERIN, RecoveryCode(typed), request(), remember=False, ends=None)


def _step_of(text: str) -> str | None:
    return {code(): f"step {STEP}", NEXT: f"step {STEP + 1}"}.get(text)

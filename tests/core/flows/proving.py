"""Somebody tries a code at the prompt, and what the store answers when it is right."""

from __future__ import annotations

from typing import Any

from core.flows.people import (
    ERIN,
    SITE,
    account_row,
    attempt,
    request,
)
from core.flows.stepping import Stepped
from twofa_middleware.accounts.attempts import Accepted, Proof, Verdict
from twofa_middleware.accounts.verify import verify
from twofa_middleware.asks import (
    SpendCode,
    SpendStep,
    Spent,
    TakeAttempt,
    TakeRecoveryAttempt,
)
from twofa_middleware.protocol import Flow
from twofa_middleware.site import Site

UNTOUCHABLE: Any = object()
"""A text that nobody can look at: whatever compares it raises."""


def trying(proof: Proof, *, site: Site = SITE, remember: bool = False, ends: bytes | None = None) -> Flow[Verdict]:
    asked = request((b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"))
    return verify(site, ERIN, proof, asked, remember=remember, ends=ends)


def accepted(stepped: Stepped[Verdict]) -> Accepted:
    assert isinstance(stepped.result, Accepted)
    return stepped.result


RIGHT = ((TakeAttempt, attempt(account_row())), (SpendStep, Spent(10)))
RIGHT_RECOVERY = ((TakeRecoveryAttempt, attempt(account_row())), (SpendCode, Spent(9)))

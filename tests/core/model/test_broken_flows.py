"""The model check finds what it is there to find: flows in a wrong order, each with the property that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.flows.people import CODES, ERIN, NOW, SITE, USER, code, request
from core.model.course import Submission, Typed
from core.model.explorer import Broken, Explorer
from core.model.scenes import NEXT, by_phone, by_recovery_code, enrolled, guess, renew_codes
from twofa_middleware.accounts.account import Account, open_account
from twofa_middleware.accounts.attempts import Accepted, Prepared, TotpCode, Wrong
from twofa_middleware.accounts.passes import Method, new_pass
from twofa_middleware.accounts.verify import verify
from twofa_middleware.asks import (
    Attempt,
    Look,
    OpenPass,
    SpendStep,
    Spent,
    SpentBefore,
    TakeAttempt,
    TakeRecoveryAttempt,
)
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.factors import recovery, totp
from twofa_middleware.factors.totp import Match
from twofa_middleware.protocol import Flow

Made = Callable[[Typed], Flow[Any]]


def look() -> Flow[Account]:
    seen = yield from Look(USER, None, None, NOW)
    return open_account(SITE.sealer, USER, seen.account)


def matching(account: Account, typed: Typed) -> tuple[str, int] | None:
    """The authenticator and the step of a right code."""
    found = account.authenticator(SITE.sealer)
    finding = totp.find(found[1], totp.clean(typed), NOW, SITE.window) if found else None
    return (found[0], finding.step) if found and isinstance(finding, Match) else None


def spend(account: Account, match: tuple[str, int], opens: Any = None) -> SpendStep:
    return SpendStep(USER, NOW, account.generation, *match, opens, None, None, None, NOW)


def accepted() -> Accepted:
    return Accepted(Prepared(), Method.TOTP, 10)


# ---- flows in a wrong order -----------------------------------------------------------------------------------------


def checks_before_it_counts(typed: Typed) -> Flow[Any]:
    """A code that is wrong is counted after all, unless somebody hangs up in time."""
    account = yield from look()
    match = matching(account, typed)
    attempt = yield from TakeAttempt(USER, NOW)
    if match is None or not isinstance(attempt, Attempt):
        return Wrong(0, 0)
    row, _ = yield from new_pass(SITE, ERIN, account.generation, Method.TOTP, NOW)
    return (yield from spend(account, match, row))


def never_counts(typed: Typed) -> Flow[Any]:
    account = yield from look()
    match = matching(account, typed)
    if match is None:
        return Wrong(0, 0)
    row, _ = yield from new_pass(SITE, ERIN, account.generation, Method.TOTP, NOW)
    return (yield from spend(account, match, row))


def spends_after_it_issues(typed: Typed) -> Flow[Any]:
    attempt = yield from TakeAttempt(USER, NOW)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(SITE.sealer, USER, attempt.account)
    match = matching(account, typed)
    if match is None:
        return Wrong(0, 0)
    row, _ = yield from new_pass(SITE, ERIN, account.generation, Method.TOTP, NOW)
    yield from OpenPass(USER, account.generation, row, None, None, NOW)
    yield from spend(account, match)
    return accepted()


def looks_whether_it_was_spent(typed: Typed) -> Flow[Any]:
    """Compares with the last step by itself, and does not look at what spending says."""
    attempt = yield from TakeAttempt(USER, NOW)
    if not isinstance(attempt, Attempt) or attempt.account is None:
        return attempt
    account = open_account(SITE.sealer, USER, attempt.account)
    match = matching(account, typed)
    if match is None or match[1] <= attempt.account.last_step:
        return Wrong(0, 0)
    yield from spend(account, match)
    return accepted()


def takes_its_own_spending_for_granted(typed: Typed) -> Flow[Any]:
    """No answer came, so it asks again: if the step is spent by then, that must have been its own doing."""
    attempt = yield from TakeAttempt(USER, NOW)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(SITE.sealer, USER, attempt.account)
    match = matching(account, typed)
    if match is None:
        return Wrong(0, 0)
    row, _ = yield from new_pass(SITE, ERIN, account.generation, Method.TOTP, NOW)
    try:
        spent: Any = yield from spend(account, match, row)
    except StoreUnavailable:
        spent = yield from spend(account, match, row)
        if isinstance(spent, SpentBefore):
            return accepted()
    return accepted() if isinstance(spent, Spent) else spent


def asks_for_the_generation_again(typed: Typed) -> Flow[Any]:
    """Spends under whatever generation there is by then."""
    attempt = yield from TakeAttempt(USER, NOW)
    if not isinstance(attempt, Attempt):
        return attempt
    match = matching(open_account(SITE.sealer, USER, attempt.account), typed)
    if match is None:
        return Wrong(0, 0)
    account = yield from look()
    row, _ = yield from new_pass(SITE, ERIN, account.generation, Method.TOTP, NOW)
    return (yield from spend(account, match, row))


def opens_under_the_generation_of_before(typed: Typed) -> Flow[Any]:
    """The pass is made before the account is looked at for the code."""
    before = yield from look()
    row, _ = yield from new_pass(SITE, ERIN, before.generation, Method.TOTP, NOW)
    attempt = yield from TakeAttempt(USER, NOW)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(SITE.sealer, USER, attempt.account)
    match = matching(account, typed)
    return Wrong(0, 0) if match is None else (yield from spend(account, match, row))


def lets_a_recovery_code_be(typed: Typed) -> Flow[Any]:
    attempt = yield from TakeRecoveryAttempt(USER, NOW)
    if not isinstance(attempt, Attempt):
        return attempt
    account = open_account(SITE.sealer, USER, attempt.account)
    if recovery.find(SITE.sealer, USER, typed, account.codes) is None:
        return Wrong(0, 0)
    row, _ = yield from new_pass(SITE, ERIN, account.generation, Method.RECOVERY, NOW)
    return (yield from OpenPass(USER, account.generation, row, None, None, NOW))


def asks_again(typed: Typed) -> Flow[Any]:
    """The real flow, driven by somebody who asks once more when no answer comes."""
    flow = verify(SITE, ERIN, TotpCode(typed), request(), remember=False, ends=None)
    ask = next(flow)
    try:
        while True:
            try:
                reply = yield ask
            except StoreUnavailable:
                reply = yield ask
            ask = flow.send(reply)
    except StopIteration as end:
        return end.value


ONE_CODE = "step .* was accepted twice"
UNCOUNTED = "more wrong codes were looked at than failures are counted"


NEW_CODES = renew_codes(code())
BROKEN: dict[str, tuple[tuple[Submission, ...], str]] = {
    "checks before it counts": ((guess(checks_before_it_counts), guess(checks_before_it_counts)), UNCOUNTED),
    "never counts a guess": ((guess(never_counts),), UNCOUNTED),
    "never counts": ((by_phone(made=never_counts),), "without a counted attempt"),
    "spends after it issues": ((by_phone(made=spends_after_it_issues),) * 2, ONE_CODE),
    "looks whether it was spent": ((by_phone(made=looks_whether_it_was_spent),) * 2, ONE_CODE),
    "takes it for granted": ((by_phone(made=takes_its_own_spending_for_granted), by_phone()), ONE_CODE),
    "another generation": ((by_phone(NEXT, made=asks_for_the_generation_again), NEW_CODES), "another generation"),
    "an older pass": ((by_phone(NEXT, made=opens_under_the_generation_of_before), NEW_CODES), "older generation"),
    "a code that stays": ((by_recovery_code(made=lets_a_recovery_code_be),) * 2, f"{CODES[0]} was accepted twice"),
    "asks again": ((by_phone(made=asks_again),), "counted twice"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_flow_in_a_wrong_order_is_found(broken: str) -> None:
    submissions, says = BROKEN[broken]
    with pytest.raises(Broken, match=says):
        Explorer(enrolled(), [(one,) for one in submissions], ERIN).explore()

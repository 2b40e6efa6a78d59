"""The prompt, answered with a recovery code: the same order as for a code of the app."""

from __future__ import annotations

import pytest

from core.flows.people import (
    CODES,
    ERIN,
    GENERATION,
    NOW,
    SITE,
    USER,
    account_row,
    attempt,
    code,
    request,
)
from core.flows.proving import RIGHT_RECOVERY, UNTOUCHABLE, accepted, trying
from core.flows.stepping import first, step
from twofa_middleware.accounts.attempts import RecoveryCode, Used, Wrong
from twofa_middleware.accounts.passes import Method
from twofa_middleware.accounts.verify import verify
from twofa_middleware.asks import (
    Emit,
    Moved,
    SpendCode,
    SpentBefore,
    TakeRecoveryAttempt,
    Waiting,
)
from twofa_middleware.errors import UnreadableRecord


def test_a_right_recovery_code_is_counted_then_spent_then_told() -> None:
    done = step(trying(RecoveryCode(CODES[3].upper()), ends=b"old"), *RIGHT_RECOVERY)
    assert done.kinds == [TakeRecoveryAttempt, SpendCode, Emit]
    assert (accepted(done).method, accepted(done).codes_left) == (Method.RECOVERY, 9)
    spent = done.one(SpendCode)
    assert spent.code in account_row().codes
    assert (spent.generation, spent.attempt_at, spent.ends) == (GENERATION, NOW, b"old")


def test_the_try_is_counted_before_the_recovery_code_is_looked_at() -> None:
    flow = trying(RecoveryCode(UNTOUCHABLE))
    asked = first(flow, TakeRecoveryAttempt)
    assert (asked.user, asked.now) == (USER, NOW)
    with pytest.raises(TypeError):
        flow.send(attempt(account_row()))


def test_a110_no_recovery_code_is_looked_at_while_waiting() -> None:
    done = step(trying(RecoveryCode(UNTOUCHABLE)), (TakeRecoveryAttempt, Waiting(NOW + 60)))
    assert (done.result, done.kinds) == (Waiting(NOW + 60), [TakeRecoveryAttempt, Emit])


@pytest.mark.parametrize("text", ["", "0000-0000-0000-0000", CODES[0][:-1], code(), "x" * 100, "\u0661" * 16])
def test_a073_anything_else_is_no_recovery_code(text: str) -> None:
    done = step(trying(RecoveryCode(text)), (TakeRecoveryAttempt, attempt(account_row())))
    assert (done.result, done.kinds) == (Wrong(4, 0), [TakeRecoveryAttempt, Emit])


def test_a072_a_recovery_code_that_was_used_in_between_gives_nothing() -> None:
    done = step(trying(RecoveryCode(CODES[0])), RIGHT_RECOVERY[0], (SpendCode, SpentBefore()))
    assert isinstance(done.result, Used)


def test_recovery_codes_of_an_account_that_is_switched_off_are_dead() -> None:
    row = account_row(sealed={})
    done = step(trying(RecoveryCode(CODES[0])), (TakeRecoveryAttempt, attempt(row)))
    assert (done.result, done.kinds) == (Moved(), [TakeRecoveryAttempt, Emit])


def test_a_recovery_code_of_somebody_else_is_none() -> None:
    bea = SITE.sealer.user_key("bea")
    assert bea != USER
    flow = verify(SITE, type(ERIN)("6"), RecoveryCode(CODES[0]), request(), remember=False, ends=None)
    with pytest.raises(UnreadableRecord):  # the account itself does not open for her
        step(flow, (TakeRecoveryAttempt, attempt(account_row())))


def test_the_code_is_taken_from_its_owner_now_with_the_pass_and_the_browser_that_it_opens() -> None:
    done = step(trying(RecoveryCode(CODES[0]), remember=True), *RIGHT_RECOVERY)
    spent, prepared = done.one(SpendCode), accepted(done).prepared
    assert (spent.user, spent.now) == (USER, NOW)
    assert (spent.opens, spent.remembers, spent.change) == (prepared.opens, prepared.remembers, None)
    assert spent.opens is not None
    assert spent.remembers is not None
    assert done.events == ["code accepted", "browser remembered"]

"""Disable and new recovery codes: only with a code in the same form, and nobody but the acting session goes on."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.enforcing import END_USER, MANAGER, NO_FLAGS
from core.flows.people import (
    CODES,
    ENFORCED,
    ERIN,
    GENERATION,
    NOW,
    PHONE,
    SINCE,
    SITE,
    USER,
    account_row,
    attempt,
    code,
    request,
    with_dead_codes,
    wrong_code,
)
from core.flows.proving import UNTOUCHABLE
from core.flows.stepping import Stepped, failing_at_each, step
from twofa_middleware.accounts.account import Account, open_account
from twofa_middleware.accounts.attempts import Accepted, Proof, RecoveryCode, TotpCode, Used, Wrong
from twofa_middleware.accounts.change import are_codes, disable, renew_codes
from twofa_middleware.accounts.passes import Method, read_pass
from twofa_middleware.asks import (
    AccountRow,
    Call,
    Change,
    Emit,
    Moved,
    Random,
    ReadRoles,
    SpendCode,
    SpendStep,
    Spent,
    SpentBefore,
    Stopped,
    TakeAttempt,
    TakeRecoveryAttempt,
    Waiting,
)
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.factors import recovery

TAKEN = (TakeAttempt, attempt(account_row()))
TAKEN_RECOVERY = (TakeRecoveryAttempt, attempt(account_row()))
SPENT = (SpendStep, Spent(10))
CHANGES = pytest.mark.parametrize("change", [disable, renew_codes])


def doing(change: Any, proof: Proof = TotpCode(code()), *, at: Any = SITE, ends: bytes | None = b"old") -> Any:  # noqa: B008
    return change(at, ERIN, proof, request(), ends)


def changing(change: Any, *script: Any, proof: Proof = TotpCode(code()), at: Any = SITE) -> Stepped[Any]:  # noqa: B008
    """Only Disable asks first whether a role demands a second factor; nothing does here."""
    return step(doing(change, proof, at=at), *asking(change), *script)


def asking(change: Any) -> tuple[Any, ...]:
    return (NO_FLAGS,) if change is disable else ()


def account_after(change: Change | None) -> Account:
    assert change is not None
    row = AccountRow(change.generation, 0, change.roster, change.authenticators, change.codes)
    return open_account(SITE.sealer, USER, row)


# ---- both -----------------------------------------------------------------------------------------------------------


@CHANGES
def test_a069_a_change_is_made_together_with_the_spending_of_a_fresh_code(change: Any) -> None:
    done = changing(change, TAKEN, SPENT)
    assert done.kinds == [*(kind for kind, _ in asking(change)), TakeAttempt, SpendStep, Emit, Emit]
    spent = done.one(SpendStep)
    assert spent.change is not None
    assert (spent.generation, spent.authenticator, spent.ends) == (GENERATION, PHONE, b"old")


@CHANGES
def test_a077_a_change_raises_the_generation_and_the_acting_session_passes_under_the_new_one(change: Any) -> None:
    spent = changing(change, TAKEN, SPENT).one(SpendStep)
    assert spent.change is not None
    assert spent.change.generation == GENERATION + 1
    assert read_pass(SITE, ERIN, USER, GENERATION + 1, spent.opens, NOW) is not None
    assert read_pass(SITE, ERIN, USER, GENERATION, spent.opens, NOW) is None


@CHANGES
def test_the_browser_gets_the_cookie_of_the_pass_that_the_store_holds(change: Any) -> None:
    done = changing(change, TAKEN, SPENT)
    cookie, opens = done.result.prepared.pass_cookie, done.one(SpendStep).opens
    assert opens is not None
    assert (cookie.user, cookie.digest) == (USER, opens.digest)


@CHANGES
@pytest.mark.parametrize("reply", [Waiting(NOW + 30), Stopped()])
def test_a046_a042_the_attempt_is_counted_first_and_nothing_is_looked_at_while_waiting(change: Any, reply: Any) -> None:
    done = changing(change, (TakeAttempt, reply), proof=TotpCode(UNTOUCHABLE))
    assert (done.result, done.after(TakeAttempt)) == (reply, [Emit])


@CHANGES
def test_a018_a_wrong_code_changes_nothing_and_makes_nothing(change: Any) -> None:
    done = changing(change, TAKEN, proof=TotpCode(wrong_code()))
    assert (done.result, done.after(TakeAttempt)) == (Wrong(4, 0), [Emit])
    done = changing(change, TAKEN_RECOVERY, proof=RecoveryCode("0000-0000-0000-0000"))
    assert (done.result, done.after(TakeRecoveryAttempt)) == (Wrong(4, 0), [Emit])


@CHANGES
@pytest.mark.parametrize(("reply", "result"), [(SpentBefore(), Used), (Moved(), Moved)])
def test_a_right_code_that_could_not_be_spent_changes_nothing(change: Any, reply: Any, result: type) -> None:
    done = changing(change, TAKEN, (SpendStep, reply))
    assert isinstance(done.result, result)
    assert len(done.events) == 1


@CHANGES
def test_a_recovery_code_serves_as_well(change: Any) -> None:
    done = changing(change, TAKEN_RECOVERY, (SpendCode, Spent(0)), proof=RecoveryCode(CODES[0]))
    assert done.one(SpendCode).change is not None
    assert isinstance(done.result, Accepted)


@CHANGES
def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow(change: Any) -> None:
    roles = MANAGER if change is disable else ()
    reached = list(failing_at_each(lambda: doing(change, at=ENFORCED), *roles, TAKEN, SPENT))
    asked = [kinds[-1] for kinds in reached if kinds[-1] is not Random]
    assert asked == [*(kind for kind, _ in roles), TakeAttempt, SpendStep, Emit, Emit]


# ---- Disable --------------------------------------------------------------------------------------------------------


def test_disable_leaves_an_account_without_factors_and_codes() -> None:
    done = changing(disable, TAKEN, SPENT)
    account = account_after(done.one(SpendStep).change)
    assert not account.is_enrolled
    assert (account.codes, account.sealed, account.since) == (frozenset(), {}, 0)
    assert done.events == ["code accepted", "disabled by the user"]


def test_after_disable_the_acting_session_has_a_pass_that_proves_nothing() -> None:
    spent = changing(disable, TAKEN, SPENT).one(SpendStep)
    found = read_pass(SITE, ERIN, USER, GENERATION + 1, spent.opens, NOW)
    assert found is not None
    assert spent.opens is not None
    assert (found.method, spent.opens.proven) == (Method.NONE, False)


def test_after_disable_nobody_goes_on_whose_role_demands_a_second_factor() -> None:
    done = step(doing(disable, at=ENFORCED), *MANAGER, TAKEN, SPENT)
    spent = done.one(SpendStep)
    assert (spent.opens, spent.remembers, spent.ends) == (None, None, b"old")
    assert not account_after(spent.change).is_enrolled
    assert isinstance(done.result, Accepted)
    assert done.result.prepared.pass_cookie is None


def test_a_role_that_demands_nothing_lets_the_acting_session_go_on() -> None:
    assert step(doing(disable, at=ENFORCED), *END_USER, TAKEN, SPENT).one(SpendStep).opens is not None


def test_a066_roles_that_cannot_be_read_stop_disable_before_anything_is_counted_or_spent() -> None:
    with pytest.raises(ConnectionError):
        step(doing(disable, at=ENFORCED), NO_FLAGS, (Call, ConnectionError("the directory is down")))


def test_a066_flags_that_cannot_be_read_stop_disable_before_anything_is_counted_or_spent() -> None:
    with pytest.raises(StoreUnavailable):
        step(doing(disable), (ReadRoles, StoreUnavailable("no answer")))


# ---- new recovery codes ---------------------------------------------------------------------------------------------


def test_a072_new_codes_take_the_place_of_all_old_ones() -> None:
    done = changing(renew_codes, TAKEN, SPENT)
    assert isinstance(done.result, Accepted)
    shown, account = done.result.prepared.codes, account_after(done.one(SpendStep).change)
    assert {recovery.find(SITE.sealer, USER, text, account.codes) for text in shown} == account.codes
    assert [recovery.find(SITE.sealer, USER, text, account.codes) for text in CODES] == [None] * 10
    assert done.events == ["code accepted", "recovery codes renewed"]


def test_a119_neither_result_nor_questions_show_the_new_codes() -> None:
    done = changing(renew_codes, TAKEN, SPENT)
    assert isinstance(done.result, Accepted)
    assert not any(text in repr(done) for text in done.result.prepared.codes)


def test_new_codes_leave_the_phone_as_it_is() -> None:
    account = account_after(changing(renew_codes, TAKEN, SPENT).one(SpendStep).change)
    before = open_account(SITE.sealer, USER, account_row())
    assert (account.sealed, account.kinds, account.since) == (before.sealed, before.kinds, SINCE)


@pytest.mark.parametrize(
    ("proof", "script", "method"),
    [
        (TotpCode(code()), (TAKEN, SPENT), Method.TOTP),
        (RecoveryCode(CODES[1]), (TAKEN_RECOVERY, (SpendCode, Spent(10))), Method.RECOVERY),
    ],
    ids=["totp", "recovery"],
)
def test_the_pass_after_new_codes_is_proven_by_what_was_shown(proof: Proof, script: Any, method: Method) -> None:
    done = step(doing(renew_codes, proof), *script)
    (spent,) = (ask for ask in done.asked if isinstance(ask, SpendStep | SpendCode))
    found = read_pass(SITE, ERIN, USER, GENERATION + 1, spent.opens, NOW)
    assert found is not None
    assert found.method is method


# ---- Download -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "good"),
    [
        (list(CODES), True),
        (list(CODES[:2]), True),
        ([], False),
        ([CODES[0], CODES[0]], False),
        ([CODES[0], CODES[0].upper()], False),
        ([*CODES[:9], "0000-0000-0000-0000"], False),
        (["<script>"], False),
    ],
)
def test_only_codes_that_the_account_has_are_handed_back(texts: list[str], good: bool) -> None:
    assert are_codes(SITE.sealer, open_account(SITE.sealer, USER, account_row()), texts) is good


def test_a117_after_new_recovery_codes_those_of_a_retired_key_take_none_off_their_number() -> None:
    taken = attempt(with_dead_codes(account_row(codes=()), CODES))
    done = changing(renew_codes, (TakeAttempt, taken), SPENT)
    assert isinstance(done.result, Accepted)
    assert done.result.codes_left == 10

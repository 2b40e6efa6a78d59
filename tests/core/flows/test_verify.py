"""The prompt: counted, compared, spent, issued, in this order and in no other."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import (
    CODES,
    ERIN,
    GENERATION,
    NOW,
    PHONE,
    SITE,
    STEP,
    STRICT,
    USER,
    account_row,
    attempt,
    code,
    disabled_row,
    later,
    request,
    unreadable_row,
    wrong_code,
)
from core.flows.proving import RIGHT, RIGHT_RECOVERY, UNTOUCHABLE, accepted, trying
from core.flows.stepping import failing_at_each, first, step
from twofa_middleware.accounts.attempts import Accepted, Proof, RecoveryCode, TotpCode, Used, Wrong
from twofa_middleware.accounts.passes import Method, read_pass
from twofa_middleware.accounts.remembered import read_browser
from twofa_middleware.accounts.verify import verify
from twofa_middleware.asks import (
    Emit,
    Moved,
    Random,
    SpendCode,
    SpendStep,
    SpentBefore,
    Stopped,
    TakeAttempt,
    Waiting,
)
from twofa_middleware.browser.cookies import digest
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.factors.totp import Ahead, Past
from twofa_middleware.sealing import NONCE_BYTES

# ---- a code of the app ----------------------------------------------------------------------------------------------


def test_a_right_code_is_counted_then_spent_then_told() -> None:
    done = step(trying(TotpCode(code())), *RIGHT)
    assert done.kinds == [TakeAttempt, SpendStep, Emit]
    assert (accepted(done).method, accepted(done).codes_left) == (Method.TOTP, 10)


def test_what_is_spent_is_the_step_of_the_code_under_what_it_was_checked_against() -> None:
    spent = step(trying(TotpCode(code(NOW - 30))), *RIGHT).one(SpendStep)
    assert (spent.user, spent.attempt_at, spent.step) == (USER, NOW, STEP - 1)
    assert (spent.generation, spent.authenticator, spent.change) == (GENERATION, PHONE, None)


def test_the_pass_goes_with_the_step_and_replaces_the_unproven_one() -> None:
    done = step(trying(TotpCode(code()), ends=b"old"), *RIGHT)
    spent, prepared = done.one(SpendStep), accepted(done).prepared
    assert spent.opens is not None
    assert prepared.pass_cookie is not None
    assert (spent.opens.digest, spent.opens.proven) == (digest(prepared.pass_cookie.token), True)
    assert (spent.ends, spent.remembers, prepared.browser_token, spent.now) == (b"old", None, None, NOW)
    assert read_pass(SITE, ERIN, USER, GENERATION, spent.opens, NOW) is not None


def test_the_attempt_is_counted_before_the_code_is_looked_at() -> None:
    flow = trying(TotpCode(UNTOUCHABLE))
    asked = first(flow, TakeAttempt)
    assert (asked.user, asked.now, asked.setup_digest) == (USER, NOW, None)
    with pytest.raises(AttributeError):
        flow.send(attempt(account_row()))


@pytest.mark.parametrize("reply", [Waiting(NOW + 30), Stopped()])
def test_a046_no_code_is_looked_at_while_waiting_or_stopped(reply: Waiting | Stopped) -> None:
    done = step(trying(TotpCode(UNTOUCHABLE)), (TakeAttempt, reply))
    assert done.result is reply
    assert done.kinds == [TakeAttempt, Emit]


@pytest.mark.parametrize("text", ["", "0", "abcdef", code() + "0", "1234567", "٣٣٣٣٣٣", wrong_code(), CODES[0]])
def test_a018_a_wrong_code_never_comes_to_be_spent(text: str) -> None:
    done = step(trying(TotpCode(text), remember=True), (TakeAttempt, attempt(account_row())))
    assert done.result == Wrong(4, 0)
    assert done.kinds == [TakeAttempt, Emit]


def test_a082_nothing_random_is_made_for_a_wrong_code_but_what_seals_the_events_of_its_attempt() -> None:
    done = step(trying(TotpCode(wrong_code()), remember=True), (TakeAttempt, attempt(account_row())))
    counted = done.one(TakeAttempt).notes
    assert counted is not None
    assert done.asked[0] == Random(NONCE_BYTES * sum(map(len, counted.rows.values())))
    assert [type(ask) for ask in done.asked] == [Random, TakeAttempt, Emit]


def test_a_wrong_code_says_what_is_left_and_how_long_to_wait() -> None:
    done = step(trying(TotpCode(wrong_code())), (TakeAttempt, attempt(account_row(), left=0)))
    assert done.result == Wrong(0, NOW + 30)


def test_a_code_of_the_past_is_explained_and_stays_a_failure() -> None:
    done = step(trying(TotpCode(code(NOW - 180))), (TakeAttempt, attempt(account_row())))
    assert done.result == Wrong(4, 0, Past(180))
    assert done.kinds == [TakeAttempt, Emit]


def test_a056_a_code_of_the_future_is_neither_spent_nor_explained() -> None:
    done = step(trying(TotpCode(code(NOW + 60))), (TakeAttempt, attempt(account_row())))
    assert done.result == Wrong(4, 0)
    assert not isinstance(done.result.hint, Ahead)


def test_strict_does_not_take_the_code_of_the_next_step() -> None:
    assert step(trying(TotpCode(code(NOW + 30)), site=STRICT), (TakeAttempt, attempt(account_row()))).kinds == [
        TakeAttempt,
        Emit,
    ]


def test_a049_a_step_that_was_spent_before_is_told_with_the_time_of_the_next_code() -> None:
    done = step(trying(TotpCode(code())), RIGHT[0], (SpendStep, SpentBefore()))
    assert done.result == Used(30 - NOW % 30)
    assert done.events == ["code used before"]


def test_a076_a_right_code_of_an_account_that_has_moved_gives_nothing() -> None:
    done = step(trying(TotpCode(code())), RIGHT[0], (SpendStep, Moved()))
    assert done.result == Moved()
    assert done.events == ["code refused, account changed"]


def test_an_account_without_a_phone_has_moved() -> None:
    for row in (None, disabled_row()):
        done = step(trying(TotpCode(code())), (TakeAttempt, attempt(row)))
        assert (done.result, done.kinds) == (Moved(), [TakeAttempt, Emit])


def test_a021_a_secret_that_does_not_open_is_no_wrong_code() -> None:
    with pytest.raises(UnreadableRecord):
        step(trying(TotpCode(code())), (TakeAttempt, attempt(unreadable_row())))


@pytest.mark.parametrize(
    ("proof", "script"), [(TotpCode(code()), RIGHT), (RecoveryCode(CODES[3]), RIGHT_RECOVERY)], ids=["totp", "recovery"]
)
def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow(proof: Proof, script: Any) -> None:
    reached = [kinds[-1] for kinds in failing_at_each(lambda: trying(proof, remember=True), *script)]
    (take, _), (spend, _) = script
    # What seals the events, the attempt, two tokens, what seals the events, the spending, both events.
    assert reached == [Random, take, Random, Random, Random, spend, Emit, Emit]


# ---- a remembered browser -------------------------------------------------------------------------------------------


def test_the_browser_is_remembered_in_the_same_change_for_the_days_of_the_settings() -> None:
    done = step(trying(TotpCode(code()), remember=True), *RIGHT)
    remembered, token = done.one(SpendStep).remembers, accepted(done).prepared.browser_token
    assert remembered is not None
    assert token is not None
    assert (remembered.digest, remembered.expires_at) == (digest(token), NOW + 7_776_000)


def test_no_browser_is_remembered_where_the_settings_allow_none() -> None:
    done = step(trying(TotpCode(code()), remember=True, site=STRICT), *RIGHT)
    assert done.one(SpendStep).remembers is None
    assert accepted(done).prepared.browser_token is None


# ---- what is told ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("proof", [TotpCode(code()), TotpCode(wrong_code()), RecoveryCode(CODES[2])])
def test_a119_no_event_and_no_repr_shows_a_code_a_token_or_a_secret(proof: Proof) -> None:
    script = RIGHT_RECOVERY if isinstance(proof, RecoveryCode) else RIGHT if proof.text == code() else RIGHT[:1]
    done = step(trying(proof, remember=True), *script)
    told = repr(done) + repr(proof)
    assert proof.text not in told
    assert "1234567890" not in told  # the secret
    if isinstance(done.result, Accepted):
        prepared = done.result.prepared
        assert prepared.pass_cookie is not None
        assert prepared.browser_token is not None
        assert repr(prepared.pass_cookie.token) not in told
        assert repr(prepared.browser_token) not in told


def test_a084_a_browser_is_remembered_for_who_has_shown_the_code_and_under_its_name() -> None:
    remembers = step(trying(TotpCode(code()), remember=True), *RIGHT).one(SpendStep).remembers
    found = read_browser(SITE, USER, GENERATION, remembers, NOW)
    assert found is not None
    assert found.name == "Firefox on Linux"


def test_a_code_that_was_used_says_when_the_next_one_comes() -> None:
    for now, seconds in ((NOW, 30), (NOW + 1, 29), (NOW + 29, 1), (NOW + 30, 30)):
        flow = verify(SITE, ERIN, TotpCode(code(now)), later(request(), now - NOW), remember=False, ends=None)
        assert step(flow, RIGHT[0], (SpendStep, SpentBefore())).result == Used(seconds)


@pytest.mark.parametrize(
    ("proof", "script", "name", "by"),
    [
        (TotpCode(wrong_code()), RIGHT[:1], "code wrong", "totp"),
        (TotpCode(code()), ((TakeAttempt, Waiting(NOW + 30)),), "code refused while waiting", "totp"),
        (TotpCode(code()), ((TakeAttempt, Stopped()),), "code refused, stopped", "totp"),
        (TotpCode(code()), (RIGHT[0], (SpendStep, SpentBefore())), "code used before", "totp"),
        (TotpCode(code()), (RIGHT[0], (SpendStep, Moved())), "code refused, account changed", "totp"),
        (RecoveryCode("x"), RIGHT_RECOVERY[:1], "code wrong", "recovery"),
        (
            RecoveryCode(CODES[0]),
            (RIGHT_RECOVERY[0], (SpendCode, Moved())),
            "code refused, account changed",
            "recovery",
        ),
    ],
)
def test_what_is_told_of_a_code_says_of_which_kind_it_was(proof: Proof, script: Any, name: str, by: str) -> None:
    event = step(trying(proof), *script).one(Emit).event
    assert (event.name, event.user, event.at, event.facts) == (name, ERIN.user, NOW, {"by": by})

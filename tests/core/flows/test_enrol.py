"""Set-up: nothing is switched on before a code made with the shown secret is right."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import (
    ENFORCED,
    ERIN,
    GENERATION,
    NOW,
    SECRET,
    SITE,
    STEP,
    USER,
    account_row,
    attempt,
    code,
    disabled_row,
    site,
    wrong_code,
)
from core.flows.stepping import failing_at_each, step
from twofa_middleware.accounts.account import Account, open_account
from twofa_middleware.accounts.attempts import Accepted, Wrong
from twofa_middleware.accounts.enrol import SETUP_SECONDS, Expired, begin, confirm
from twofa_middleware.accounts.passes import Method, read_pass
from twofa_middleware.asks import (
    AccountRow,
    BeginSetup,
    Begun,
    Change,
    Emit,
    Moved,
    ReadSetup,
    SetupRow,
    Spent,
    Stopped,
    TakeAttempt,
    TurnOn,
    Waiting,
)
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.factors import recovery
from twofa_middleware.factors.totp import Ahead, Past
from twofa_middleware.protocol import Login

FLOW = b"f" * 32
OTHER_FLOW = b"g" * 32
NOBODY = open_account(SITE.sealer, USER, None)


def setup_row(flow: bytes = FLOW, account: Account = NOBODY, login: Login = ERIN) -> SetupRow:
    """A set-up that was begun with the SECRET."""
    user = SITE.user_key(login)
    record = SITE.sealer.seal("setup", (user, account.generation, flow.hex()), SECRET, b"n" * 12)
    return SetupRow(flow, record, NOW - 60, NOW + 540)


def confirming(text: Any, flow: bytes = FLOW, at: Any = SITE) -> Any:
    return confirm(at, ERIN, flow, text, NOW)


RIGHT = ((TakeAttempt, attempt(setup=setup_row())), (TurnOn, Spent(10)))


def account_after(change: Change) -> Account:
    return open_account(
        SITE.sealer,
        USER,
        AccountRow(change.generation, STEP, change.roster, change.authenticators, change.codes),
    )


# ---- begun ----------------------------------------------------------------------------------------------------------


def test_a_setup_is_begun_with_a_secret_of_160_bits_that_the_server_makes() -> None:
    flow = begin(SITE, ERIN, NOBODY, FLOW, NOW)
    assert next(flow) == ReadSetup(USER, FLOW, NOW)
    wish: Any = flow.send(None)
    assert wish.size * 8 == 160


def test_a063_the_store_gets_the_secret_sealed_for_this_browser_and_user_for_ten_minutes() -> None:
    flow = begin(SITE, ERIN, NOBODY, FLOW, NOW)
    next(flow)
    flow.send(None)
    flow.send(SECRET)
    asked: Any = flow.send(b"n" * 12)
    assert asked == BeginSetup(USER, setup_row_at(NOW), NOW)
    assert SECRET not in asked.setup.record
    assert SETUP_SECONDS == 600


def setup_row_at(opened: int) -> SetupRow:
    return SetupRow(FLOW, setup_row().record, opened, opened + 600)


def test_a_setup_that_was_begun_is_shown_again_and_no_new_secret_is_made() -> None:
    done = step(begin(SITE, ERIN, NOBODY, FLOW, NOW), (ReadSetup, setup_row()))
    assert done.result.secret == SECRET
    assert [type(ask) for ask in done.asked] == [ReadSetup]


def test_what_another_request_began_in_between_is_what_is_shown() -> None:
    done = step(begin(SITE, ERIN, NOBODY, FLOW, NOW), (ReadSetup, None), (BeginSetup, Begun(setup_row(), True)))
    assert done.result.secret == SECRET


@pytest.mark.parametrize(
    "planted",
    [
        setup_row(OTHER_FLOW),
        setup_row(login=Login("6")),
        setup_row(account=open_account(SITE.sealer, USER, disabled_row())),
        SetupRow(FLOW, bytes(53), NOW, NOW + 600),
    ],
    ids=["another browser's", "another user's", "another generation's", "planted"],
)
def test_a063_a_setup_that_was_not_made_for_just_this_is_unreadable(planted: SetupRow) -> None:
    moved = SetupRow(FLOW, planted.record, planted.opened_at, planted.expires_at)
    with pytest.raises(UnreadableRecord):
        step(begin(SITE, ERIN, NOBODY, FLOW, NOW), (ReadSetup, moved))
    with pytest.raises(UnreadableRecord):
        step(confirming(code()), (TakeAttempt, attempt(setup=moved)))


def test_a_setup_shows_no_secret_in_its_repr() -> None:
    done = step(begin(SITE, ERIN, NOBODY, FLOW, NOW), (ReadSetup, setup_row()))
    assert repr(done.result) == "Setup()"


# ---- confirmed ------------------------------------------------------------------------------------------------------


def test_a_right_code_is_counted_then_all_is_turned_on_at_once_then_told() -> None:
    done = step(confirming(code()), *RIGHT)
    assert done.kinds == [TakeAttempt, TurnOn, Emit]
    assert done.events == ["enrolled"]
    assert isinstance(done.result, Accepted)
    assert done.result.codes_left == 10


def test_a054_turning_on_spends_the_step_of_the_code() -> None:
    asked = step(confirming(code(NOW + 30)), *RIGHT).one(TurnOn)
    assert (asked.user, asked.attempt_at, asked.generation, asked.setup_digest) == (USER, NOW, 0, FLOW)
    assert asked.step == STEP + 1


def test_the_new_account_has_the_shown_secret_sealed_and_ten_codes() -> None:
    done = step(confirming(code()), *RIGHT)
    change = done.one(TurnOn).change
    account = account_after(change)
    found = account.totp(SITE.sealer)
    assert found is not None
    assert found[1] == SECRET
    assert account.since == NOW
    assert all(SECRET not in record for record in change.authenticators.values())
    assert isinstance(done.result, Accepted)
    codes = done.result.prepared.codes
    assert len(codes) == len(change.codes) == 10
    assert {recovery.find(SITE.sealer, USER, text, change.codes) for text in codes} == change.codes


def test_the_acting_session_gets_a_proven_pass_under_the_new_generation() -> None:
    done = step(confirming(code()), *RIGHT)
    asked = done.one(TurnOn)
    found = read_pass(SITE, ERIN, USER, asked.change.generation, asked.opens, NOW)
    assert found is not None
    assert found.method is Method.TOTP
    assert asked.opens.proven


def test_an_account_that_is_born_gets_random_bits_into_its_generation() -> None:
    born = step(confirming(code()), *RIGHT).one(TurnOn).change.generation
    assert born % 2**20 == 1
    assert 2**20 < born < 2**60


def test_an_account_that_was_switched_off_goes_on_counting() -> None:
    row = disabled_row()
    began = setup_row(account=open_account(SITE.sealer, USER, row))
    asked = step(confirming(code()), (TakeAttempt, attempt(row, began)), RIGHT[1]).one(TurnOn)
    assert (asked.generation, asked.change.generation) == (GENERATION, GENERATION + 1)


def test_the_attempt_is_counted_before_the_code_is_looked_at() -> None:
    flow = confirming(object())
    assert next(flow) == TakeAttempt(USER, NOW, FLOW)
    with pytest.raises(AttributeError):
        flow.send(attempt(setup=setup_row()))


@pytest.mark.parametrize("reply", [Waiting(NOW + 30), Stopped()])
def test_a046_no_code_is_looked_at_while_waiting_or_stopped(reply: Waiting | Stopped) -> None:
    done = step(confirming(object()), (TakeAttempt, reply))
    assert (done.result, done.kinds) == (reply, [TakeAttempt])


@pytest.mark.parametrize("text", ["", "000000", wrong_code(), code(NOW - 600)])
def test_a064_a_wrong_code_turns_nothing_on_and_makes_nothing(text: str) -> None:
    done = step(confirming(text), (TakeAttempt, attempt(setup=setup_row())))
    assert isinstance(done.result, Wrong)
    assert [type(ask) for ask in done.asked] == [TakeAttempt, Emit]
    assert done.events == ["set-up code wrong"]


@pytest.mark.parametrize(("seconds", "hint"), [(-180, Past(180)), (-600, Past(600)), (180, Ahead(180))])
def test_a_clock_that_is_off_is_explained_in_either_direction_and_turns_nothing_on(seconds: int, hint: object) -> None:
    done = step(confirming(code(NOW + seconds)), (TakeAttempt, attempt(setup=setup_row())))
    assert done.result == Wrong(4, 0, hint)  # type: ignore[arg-type]
    assert done.kinds == [TakeAttempt, Emit]


def test_a059_who_has_a_phone_already_cannot_set_up_another_by_this_door() -> None:
    done = step(confirming(object()), (TakeAttempt, attempt(account_row(), setup_row())))
    assert (done.result, done.kinds) == (Moved(), [TakeAttempt])


def test_a_setup_that_has_expired_or_was_never_begun_turns_nothing_on() -> None:
    done = step(confirming(object()), (TakeAttempt, attempt()))
    assert (done.result, done.kinds) == (Expired(), [TakeAttempt])


def test_a062_a_right_code_for_a_setup_that_lost_the_race_gives_nothing() -> None:
    done = step(confirming(code()), RIGHT[0], (TurnOn, Moved()))
    assert (done.result, done.events) == (Moved(), [])


def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow() -> None:
    reached = list(failing_at_each(lambda: confirming(code()), *RIGHT))
    assert [kinds[-1] for kinds in reached if kinds[-1] in (TakeAttempt, TurnOn, Emit)] == [TakeAttempt, TurnOn, Emit]


def test_set_up_does_not_depend_on_roles() -> None:
    assert step(confirming(code(), at=ENFORCED), *RIGHT).kinds == [TakeAttempt, TurnOn, Emit]


def test_a031_a_setup_of_another_realm_is_unreadable() -> None:
    elsewhere = site(realm="other")
    with pytest.raises(UnreadableRecord):
        step(confirming(code(), at=elsewhere), (TakeAttempt, attempt(setup=setup_row())))

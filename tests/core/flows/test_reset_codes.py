"""The one-time code of an administrator: without it nobody sets up an account again that was reset with one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from core.flows.administering import reset_row
from core.flows.people import NOW, RING, SITE, USER, attempt, code, wrong_code
from core.flows.proving import UNTOUCHABLE
from core.flows.setting_up import account_after, confirming, setup_row
from core.flows.stepping import Stepped, failing_at_each, first, step
from core.flows.written import left
from twofa_middleware.accounts.account import changed, open_account
from twofa_middleware.accounts.attempts import Accepted, Wrong
from twofa_middleware.accounts.enrol import Confirmation, WrongReset
from twofa_middleware.accounts.reset import is_reset_code, new_reset_code
from twofa_middleware.asks import AccountRow, Done, Emit, Note, Random, Spent, TakeAttempt, TurnOn
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer

ROW, CODE = reset_row()
LETTERS = CODE.replace("-", "")
ACCOUNT = open_account(SITE.sealer, USER, ROW)
TAKEN = (TakeAttempt, attempt(ROW, setup_row(account=ACCOUNT)))
TURNED = (TurnOn, Spent(10))
NOTED = (Note, Done())
WRONG = ["", "0", "0000-0000-0000-0000", CODE[:-1], CODE + "0", code(), "x" * 200, "٣" * 16]


def trying(reset: Any, *script: Any, text: Any = None) -> Stepped[Confirmation]:
    return step(confirming(code() if text is None else text, reset=reset), TAKEN, *script)


# ---- right ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [CODE, CODE.upper(), CODE.replace("-", ""), CODE.replace("-", " "), f" {CODE} "])
def test_the_code_as_people_type_it_lets_the_account_be_set_up(typed: str) -> None:
    done = trying(typed, TURNED)
    assert isinstance(done.result, Accepted)
    assert done.kinds == [TakeAttempt, TurnOn, Emit]


def test_it_works_once_since_the_account_does_not_have_it_any_more() -> None:
    account = account_after(trying(CODE, TURNED).one(TurnOn).change)
    assert (account.is_enrolled, account.reset) == (True, b"")


@pytest.mark.parametrize("typed", ["", "anything", CODE])
def test_an_account_that_needs_none_is_set_up_whatever_was_typed(typed: str) -> None:
    for row in (None, account_of(SITE.sealer, b"")):
        assert is_reset_code(SITE.sealer, open_account(SITE.sealer, USER, row), typed)


# ---- wrong ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", WRONG)
def test_any_other_text_is_refused_after_it_was_counted_and_makes_nothing(typed: str) -> None:
    done = trying(typed, NOTED)
    assert done.result == WrongReset(4, 0)
    assert done.after(TakeAttempt) == [Random, Note, Emit]  # the bytes seal the event


def test_a_wrong_one_is_an_event_of_its_own_in_place_of_a_wrong_code() -> None:
    done = trying("0000-0000-0000-0000", NOTED)
    counted, noted = done.one(TakeAttempt).notes, done.one(Note)
    assert counted is not None
    assert noted.notes is not None
    assert noted.notes.takes_back == counted.rows["attempt"][0].id
    assert (noted.user, noted.now, [event.name for event in left(done)]) == (USER, NOW, ["set-up reset code wrong"])


@pytest.mark.parametrize("typed", [CODE, *WRONG])
def test_with_a_wrong_code_of_the_app_nobody_learns_whether_the_one_time_code_was_right(typed: str) -> None:
    done = trying(typed, text=wrong_code())
    assert (done.result, done.events) == (Wrong(4, 0), ["set-up code wrong"])


def test_neither_is_looked_at_before_the_attempt_is_counted() -> None:
    for text, reset, error in ((UNTOUCHABLE, CODE, AttributeError), (code(), UNTOUCHABLE, TypeError)):
        flow = confirming(text, reset=reset)
        first(flow, TakeAttempt)
        with pytest.raises(error):
            flow.send(TAKEN[1])


def test_the_wait_after_too_many_is_that_of_codes() -> None:
    taken = (TakeAttempt, attempt(ROW, setup_row(account=ACCOUNT), left=0))
    assert step(confirming(code(), reset="0"), taken, NOTED).result == WrongReset(0, NOW + 30)


def test_a020_an_error_at_any_question_comes_out_and_ends_the_flow() -> None:
    reached = [kinds[-1] for kinds in failing_at_each(lambda: confirming(code(), reset="0"), TAKEN, NOTED)]
    assert reached == [Random, TakeAttempt, Random, Note, Emit]
    turned = [kinds[-1] for kinds in failing_at_each(lambda: confirming(code(), reset=CODE), TAKEN, TURNED)]
    assert [kind for kind in turned if kind is not Random] == [TakeAttempt, TurnOn, Emit]


def test_a_code_is_good_for_one_user() -> None:
    bea = SITE.sealer.user_key("6")
    row, hers = reset_row(bea)
    kept = open_account(SITE.sealer, bea, row)
    assert is_reset_code(SITE.sealer, kept, hers)
    assert not is_reset_code(SITE.sealer, open_account(SITE.sealer, USER, account_of(SITE.sealer, kept.reset)), hers)


# ---- keys -----------------------------------------------------------------------------------------------------------


def account_of(sealer: Sealer, reset: bytes) -> AccountRow:
    change = changed(sealer, USER, 9, since=0, kinds={}, sealed={}, codes=frozenset(), reset=reset)
    return AccountRow(change.generation, 0, change.roster, change.authenticators, change.codes)


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "retired"])
def test_a_code_outlives_a_new_key_until_the_one_that_it_was_made_under_is_retired(keeps: bool) -> None:
    older = RING.keys if keeps else {}
    sealer = Sealer("test", KeyRing(RING.naming, b"key2", {**older, b"key2": b"2" * 32}))
    row = account_of(sealer, ACCOUNT.reset)
    assert is_reset_code(sealer, open_account(sealer, USER, row), CODE) is keeps


# ---- the store ------------------------------------------------------------------------------------------------------


def test_a_code_has_80_random_bits_and_the_store_has_none_of_its_letters() -> None:
    made: Any = next(new_reset_code(SITE.sealer, USER))
    assert made.size * 8 == 80
    number = int("".join(f"{'0123456789abcdefghjkmnpqrstvwxyz'.index(letter):05b}" for letter in LETTERS), 2)
    assert all(word not in ROW.roster for word in (LETTERS.encode(), CODE.encode(), number.to_bytes(10)))


def _with_roster(payload: bytes) -> AccountRow:
    """What somebody can do who writes to the store but has no key: another payload under the old MAC."""
    return replace(ROW, roster=ROW.roster[:5] + payload + ROW.roster[-16:])


STRIPPED = {
    "no code": msgspec.msgpack.encode((0, ())),
    "an empty code": msgspec.msgpack.encode((0, (), b"")),
    "another code": msgspec.msgpack.encode((0, (), b"key1" + bytes(16))),
}


@pytest.mark.parametrize("payload", STRIPPED.values(), ids=STRIPPED)
def test_a114_who_strips_it_from_the_store_makes_the_account_unreadable(payload: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        step(confirming(code()), (TakeAttempt, attempt(_with_roster(payload), setup_row(account=ACCOUNT))))


def test_a114_the_roster_of_before_the_reset_does_not_open_under_the_generation_of_the_reset() -> None:
    before = account_of(SITE.sealer, b"")
    with pytest.raises(UnreadableRecord):
        open_account(SITE.sealer, USER, replace(reset_row(generation=10)[0], roster=before.roster))


def test_a_roster_that_was_written_before_there_were_such_codes_needs_none() -> None:
    roster = SITE.sealer.authenticate("roster", (USER, 9), msgspec.msgpack.encode((0, ())))
    assert open_account(SITE.sealer, USER, replace(ROW, roster=roster)).reset == b""


def test_an_account_shows_no_hash_of_it_in_its_repr() -> None:
    assert repr(ACCOUNT.reset) not in repr(ACCOUNT)
    assert CODE not in repr((ROW, ACCOUNT))

"""What many people submit at once, from the attempt to the pass, on real stores. Attacks 36, 48, 49, 51, 62, 72."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from support.realm import code_at
from support.store_races import AT_ONCE, ROUNDS, Place, Race
from support.stores import NOW, account_of, ask, summary_of
from support.submission_races import Confirm, Disable, Door, Doors, Verify, user_of
from twofa_middleware import asks
from twofa_middleware.accounts.attempts import Accepted, RecoveryCode, TotpCode, Used, Wrong
from twofa_middleware.accounts.enrol import Expired
from twofa_middleware.asks import Moved, Waiting
from twofa_middleware.protocol import Login

pytestmark = pytest.mark.usefixtures("patience")
LATER = NOW + 60
PAIRS = 2  # of two that fight: as many as nobody has to wait for

Run = Any


@pytest.fixture
def logins() -> list[Login]:
    """Somebody for each round."""
    return [Login(f"{number}", "session") for number in range(ROUNDS)]


@pytest.fixture
def doors(place: Place) -> Doors:
    return Doors(place.kind, place.url, place.realm)


@pytest.fixture
def door(doors: Doors) -> Iterator[Door]:
    with closing(doors.open()) as opened:
        yield opened


@pytest.fixture
def run(race: Race, doors: Doors, door: Door) -> Run:
    """Submits each round at one moment, and answers its verdicts; whatever was raised fails the test."""

    def run_rounds(rounds: Sequence[Sequence[Any]]) -> list[list[Any]]:
        verdicts = race(doors, rounds)
        raised = [verdict for of_round in verdicts for verdict in of_round if isinstance(verdict, BaseException)]
        assert raised == []
        return verdicts

    return run_rounds


def kinds_of(verdicts: Sequence[Any]) -> Counter[type]:
    return Counter(map(type, verdicts))


def has_pass(door: Door, login: Login, accepted: Accepted) -> bool:
    opened = accepted.prepared.opens
    assert opened is not None
    return ask(door.store, asks.Look(user_of(login), opened.digest, None, LATER)).pass_row is not None


def test_a051_of_200_submissions_of_one_right_code_exactly_one_passes(
    door: Door, logins: list[Login], run: Run
) -> None:
    rounds = []
    for login in logins:
        key, _ = door.enrol(login)
        rounds.append([Verify(login, TotpCode(code_at(key, LATER)), LATER)] * AT_ONCE)
    for login, verdicts in zip(logins, run(rounds), strict=True):
        kinds = kinds_of(verdicts)
        assert kinds[Accepted] == 1
        assert kinds[Accepted] + kinds[Used] + kinds[Waiting] == AT_ONCE
        summary = summary_of(door.store, user_of(login), at=LATER)
        assert (summary.passes, summary.browsers) == (2, 1)  # that of Turn On, and the one
        assert summary.failures == kinds[Used]  # whoever came too late was counted, and stays so


def test_a036_of_200_submissions_of_wrong_codes_five_are_evaluated(door: Door, logins: list[Login], run: Run) -> None:
    rounds = []
    for login in logins:
        key, _ = door.enrol(login)
        near = {code_at(key, LATER + 30 * step) for step in range(-25, 26)}
        wrong = [text for text in (f"{number:06}" for number in range(AT_ONCE + 51)) if text not in near]
        rounds.append([Verify(login, TotpCode(text), LATER) for text in wrong[:AT_ONCE]])
    for login, verdicts in zip(logins, run(rounds), strict=True):
        assert kinds_of(verdicts) == {Wrong: 5, Waiting: AT_ONCE - 5}
        assert summary_of(door.store, user_of(login), at=LATER).failures == 5


def test_a072_of_200_submissions_of_one_recovery_code_exactly_one_passes(
    door: Door, logins: list[Login], run: Run
) -> None:
    rounds = []
    for login in logins:
        _, codes = door.enrol(login)
        rounds.append([Verify(login, RecoveryCode(codes[0]), LATER)] * AT_ONCE)
    for login, verdicts in zip(logins, run(rounds), strict=True):
        kinds = kinds_of(verdicts)
        assert kinds[Accepted] == 1
        assert kinds[Used] + kinds[Wrong] <= 10  # used: read before it was spent; wrong: after
        assert kinds[Accepted] + kinds[Used] + kinds[Wrong] + kinds[Waiting] == AT_ONCE
        assert len(account_of(door.store, user_of(login), at=LATER).codes) == 9
        assert summary_of(door.store, user_of(login), at=LATER).passes == 2


def test_a062_of_two_set_ups_confirmed_at_once_exactly_one_turns_it_on(
    door: Door, logins: list[Login], run: Run
) -> None:
    rounds, keys = [], []
    for login in logins:
        keys.append({who: door.begin(login, who) for who in (b"owner", b"thief")})
        both = [Confirm(login, who, code_at(key, NOW), NOW) for who, key in keys[-1].items()]
        rounds.append(both * PAIRS)
    for login, keys_of_both, verdicts in zip(logins, keys, run(rounds), strict=True):
        kinds = kinds_of(verdicts)
        assert kinds[Accepted] == 1
        assert kinds[Accepted] + kinds[Moved] + kinds[Expired] == 2 * PAIRS
        later = [door.answer(Verify(login, TotpCode(code_at(key, LATER)), LATER)) for key in keys_of_both.values()]
        assert kinds_of(later) == {Accepted: 1, Wrong: 1}  # his phone is the account's, and the other's is nobody's


def test_a049_a_disable_against_verifications_is_made_once_and_leaves_no_pass_of_theirs(
    door: Door, logins: list[Login], run: Run
) -> None:
    rounds = []
    for login in logins:
        key, _ = door.enrol(login)
        verify = Verify(login, TotpCode(code_at(key, LATER)), LATER)
        rounds.append([Disable(login, TotpCode(code_at(key, LATER + 30)), LATER), verify] * PAIRS)
    for login, verdicts in zip(logins, run(rounds), strict=True):
        kinds = kinds_of(verdicts)
        assert kinds[Accepted] in (1, 2)  # the disable, and a verification if it came before
        assert kinds[Accepted] + kinds[Used] + kinds[Moved] == 2 * PAIRS
        accepted = [verdict for verdict in verdicts if isinstance(verdict, Accepted)]
        (disabled,) = (one for one in accepted if one.prepared.change is not None)
        assert not account_of(door.store, user_of(login), at=LATER).authenticators
        assert [has_pass(door, login, one) for one in accepted if one is not disabled] == [False] * (len(accepted) - 1)
        assert has_pass(door, login, disabled)
        assert summary_of(door.store, user_of(login), at=LATER).passes == 1


def test_a048_different_people_who_submit_right_codes_at_once_all_pass(
    door: Door, logins: list[Login], run: Run
) -> None:
    everybody = []
    for login in logins:
        key, _ = door.enrol(login)
        everybody.append(Verify(login, TotpCode(code_at(key, LATER)), LATER))
    assert [kinds_of(verdicts) for verdicts in run([everybody])] == [{Accepted: len(logins)}]

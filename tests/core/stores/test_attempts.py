"""Contract: a try is counted before the code is looked at. Attacks 36, 40, 41, 46."""

from __future__ import annotations

import pytest

from support.stores import ALICE, BOB, CODES, DAY, NOW, STEP, a_setup, ask, enrol, fail, spend_code, spend_step, turn_on
from twofa_middleware import asks
from twofa_middleware.asks import Attempt, Ready, Stopped, Waiting
from twofa_middleware.protocol import Store

MONTH = asks.STOP_WINDOW_SECONDS


def take(store: Store, at: int = NOW) -> Attempt | Waiting | Stopped:
    return ask(store, asks.TakeAttempt(ALICE, at))


def read(store: Store, at: int = NOW) -> Ready | Waiting | Stopped:
    return ask(store, asks.ReadAttempts(ALICE, at))


def fail_until_stopped(store: Store) -> int:
    return fail(store, asks.STOP_FAILURES)


def test_five_failures_are_free(store: Store) -> None:
    assert [take(store) for _ in range(4)] == [
        Attempt(at=NOW, left=left, waits_until=NOW, account=None) for left in (4, 3, 2, 1)
    ]


def test_the_fifth_attempt_says_how_long_to_wait_if_it_is_wrong(store: Store) -> None:
    fail(store, 4)
    assert take(store) == Attempt(at=NOW, left=0, waits_until=NOW + 30, account=None)


def test_reading_says_how_many_failures_are_left_and_counts_nothing(store: Store) -> None:
    assert [read(store), read(store)] == [Ready(5), Ready(5)]
    take(store)
    assert [read(store), read(store)] == [Ready(4), Ready(4)]


def test_a036_a_sixth_attempt_waits(store: Store) -> None:
    fail(store, 5)
    assert take(store) == Waiting(NOW + 30)
    assert read(store) == Waiting(NOW + 30)


def test_a046_nothing_is_counted_while_waiting(store: Store) -> None:
    fail(store, 5)
    assert {take(store, NOW + second) for second in range(30)} == {Waiting(NOW + 30)}
    assert read(store, NOW + 30) == Ready(0)


def test_a_wait_is_over_in_its_last_second_and_not_before(store: Store) -> None:
    fail(store, 5)
    assert isinstance(take(store, NOW + 29), Waiting)
    assert isinstance(take(store, NOW + 30), Attempt)


def test_waits_double_from_30_seconds_to_an_hour(store: Store) -> None:
    at, waits = fail(store, 4), []
    for _ in range(10):
        attempt = take(store, at)
        assert isinstance(attempt, Attempt)
        assert attempt.left == 0
        waits.append(attempt.waits_until - at)
        at = attempt.waits_until
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_right_code_takes_its_attempt_back_and_ends_the_wait(store: Store) -> None:
    enrol(store)
    fail(store, 5)
    assert isinstance(ask(store, spend_step(attempt_at=NOW)), asks.Spent)
    assert read(store) == Ready(5)


def test_turning_on_takes_its_attempt_back_and_ends_the_wait(store: Store) -> None:
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    fail(store, 5)
    assert isinstance(ask(store, turn_on(attempt_at=NOW)), asks.Spent)
    assert read(store) == Ready(5)


@pytest.mark.parametrize("refused", [spend_step(step=STEP), spend_step(authenticator="x"), spend_step(generation=1)])
def test_a036_a_refused_step_stays_a_counted_failure(store: Store, refused: asks.SpendStep) -> None:
    enrol(store)
    fail(store, 2)
    ask(store, refused)
    assert read(store) == Ready(3)


def test_a036_a_refused_recovery_code_stays_a_counted_try(store: Store) -> None:
    enrol(store)
    attempt = ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    ask(store, spend_code(code=b"made up"))
    again = ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    assert isinstance(attempt, Attempt)
    assert isinstance(again, Attempt)
    assert (attempt.left, again.left) == (9, 8)


def test_50_failures_in_30_days_stop_the_user(store: Store) -> None:
    at = fail(store, asks.STOP_FAILURES - 1)
    assert isinstance(read(store, at + DAY), Ready)
    assert isinstance(take(store, at + DAY), Attempt)
    assert (read(store, at + 2 * DAY), take(store, at + 2 * DAY)) == (Stopped(), Stopped())


def test_a_stop_does_not_end_by_waiting(store: Store) -> None:
    at = fail_until_stopped(store)
    assert (read(store, at + 2 * MONTH), take(store, at + 2 * MONTH)) == (Stopped(), Stopped())


def test_failures_older_than_30_days_do_not_count_towards_the_stop(store: Store) -> None:
    at = fail(store, asks.STOP_FAILURES - 1)
    assert isinstance(take(store, at + MONTH), Attempt)
    assert isinstance(take(store, at + MONTH + DAY), Attempt)
    assert isinstance(read(store, at + MONTH + 2 * DAY), Ready)


def test_a_failure_counts_until_its_30_days_are_over(store: Store) -> None:
    fail(store, 1)
    at = fail(store, asks.STOP_FAILURES - 2, at=NOW + 2 * DAY)
    assert at < NOW + MONTH - 1
    take(store, NOW + MONTH - 1)
    assert read(store, NOW + MONTH + DAY) == Stopped()


def test_a041_the_owners_successes_do_not_clear_the_failures_of_30_days(store: Store) -> None:
    enrol(store)
    at, step = NOW, STEP
    for _ in range(asks.STOP_FAILURES // 5):
        at, step = at + DAY // 2, step + DAY // 60
        fail(store, 5, at=at)  # somebody guesses
        at += 30
        if isinstance(take(store, at), Attempt):  # the owner is right
            ask(store, spend_step(step=step, at=at, attempt_at=at))
    assert read(store, at + DAY) == Stopped()


def test_a040_a_success_clears_only_that_users_own_waits_and_counts(store: Store) -> None:
    enrol(store)
    fail(store, 4)
    take(store)
    ask(store, spend_step())
    at = fail(store, asks.STOP_FAILURES - 4, at=NOW + DAY)
    assert read(store, at + DAY) == Stopped()


def test_a040_a048_the_failures_of_one_make_nobody_else_wait_and_the_success_of_one_ends_no_other_wait(
    store: Store,
) -> None:
    enrol(store)
    fail(store, 4)
    for left in (4, 3, 2, 1, 0):
        assert ask(store, asks.ReadAttempts(BOB, NOW)) == Ready(left + 1)
        attempt = ask(store, asks.TakeAttempt(BOB, NOW))
        assert isinstance(attempt, Attempt)
        assert attempt.left == left
    assert read(store) == Ready(1)
    take(store)
    ask(store, spend_step())
    assert read(store) == Ready(5)
    assert ask(store, asks.ReadAttempts(BOB, NOW)) == Waiting(NOW + 30)


def test_a_recovery_code_clears_the_stop_and_every_failure(store: Store) -> None:
    enrol(store)
    at = fail_until_stopped(store) + DAY
    assert read(store, at) == Stopped()
    attempt = ask(store, asks.TakeRecoveryAttempt(ALICE, at))
    assert isinstance(attempt, Attempt)
    assert isinstance(ask(store, spend_code(at=at, attempt_at=attempt.at)), asks.Spent)
    assert read(store, at) == Ready(5)
    later = fail(store, asks.STOP_FAILURES - 1, at=at)
    assert isinstance(read(store, later + DAY), Ready)


def test_two_attempts_in_one_second_are_two_and_are_taken_back_one_by_one(store: Store) -> None:
    enrol(store)
    fail(store, 2)
    for step in (STEP + 1, STEP + 2):
        ask(store, spend_step(step=step, attempt_at=NOW))
    fail(store, 3)
    ask(store, spend_step(step=STEP + 3, attempt_at=NOW))
    at = fail(store, asks.STOP_FAILURES - 2, at=NOW + DAY)  # two of the three at NOW are left
    assert read(store, at + DAY) == Stopped()


def test_taking_back_an_attempt_that_is_not_there_takes_back_no_other(store: Store) -> None:
    enrol(store)
    fail(store, 1)
    ask(store, spend_step(attempt_at=NOW - 7))
    at = fail(store, asks.STOP_FAILURES - 1, at=NOW + DAY)
    assert read(store, at + DAY) == Stopped()


def test_an_attempt_brings_the_account(store: Store) -> None:
    enrol(store)
    attempt, recovery = take(store), ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    assert isinstance(attempt, Attempt)
    assert isinstance(recovery, Attempt)
    assert attempt.account == recovery.account
    assert attempt.account is not None
    assert attempt.account.authenticators == {"phone": b"sealed secret"}
    assert attempt.account.codes == CODES


def test_an_attempt_brings_the_setup_that_it_names_and_no_other(store: Store) -> None:
    ask(store, asks.BeginSetup(ALICE, a_setup(), NOW))
    found = [ask(store, asks.TakeAttempt(ALICE, NOW, digest)) for digest in (b"setup", b"other", None)]
    assert [attempt.setup for attempt in found if isinstance(attempt, Attempt)] == [a_setup(), None, None]


def test_an_attempt_brings_no_setup_that_has_expired(store: Store) -> None:
    ask(store, asks.BeginSetup(ALICE, a_setup(lasts=600), NOW))
    attempt = ask(store, asks.TakeAttempt(ALICE, NOW + 600, b"setup"))
    assert isinstance(attempt, Attempt)
    assert attempt.setup is None

"""Contract: recovery codes have a budget of their own, and a clock that was put back locks nobody out."""

from __future__ import annotations

from support.stores import ALICE, DAY, NOW, ask, enrol, fail, spend_code
from twofa_middleware import asks
from twofa_middleware.asks import Attempt, Ready, Stopped, Waiting
from twofa_middleware.protocol import Store

HOUR = asks.RECOVERY_WINDOW_SECONDS
YEAR = 365 * DAY


def take(store: Store, at: int = NOW) -> Attempt | Waiting:
    return ask(store, asks.TakeRecoveryAttempt(ALICE, at))


def test_ten_recovery_codes_may_be_tried_in_an_hour(store: Store) -> None:
    tried = [take(store, NOW + second) for second in range(10)]
    assert tried == [
        Attempt(at=NOW + second, left=9 - second, waits_until=NOW + second, account=None) for second in range(9)
    ] + [Attempt(at=NOW + 9, left=0, waits_until=NOW + HOUR, account=None)]
    assert take(store, NOW + 10) == Waiting(NOW + HOUR)


def test_the_hour_slides(store: Store) -> None:
    for minute in range(10):
        take(store, NOW + 60 * minute)
    assert take(store, NOW + HOUR - 1) == Waiting(NOW + HOUR)
    assert isinstance(take(store, NOW + HOUR), Attempt)
    assert take(store, NOW + HOUR + 59) == Waiting(NOW + HOUR + 60)


def test_a046_nothing_is_counted_while_recovery_waits(store: Store) -> None:
    for _ in range(10):
        take(store)
    for second in range(60):
        take(store, NOW + second)
    assert isinstance(take(store, NOW + HOUR), Attempt)


def test_recovery_tries_do_not_count_against_totp(store: Store) -> None:
    for _ in range(10):
        take(store)
    assert ask(store, asks.ReadAttempts(ALICE, NOW)) == Ready(5)


def test_a_stopped_user_can_still_try_a_recovery_code(store: Store) -> None:
    at = fail(store, asks.STOP_FAILURES) + DAY
    assert ask(store, asks.TakeAttempt(ALICE, at)) == Stopped()
    assert isinstance(take(store, at), Attempt)


def test_a_right_recovery_code_takes_its_own_try_back_and_no_other(store: Store) -> None:
    enrol(store)
    take(store, NOW)
    take(store, NOW + 1)
    ask(store, spend_code(at=NOW + 1, attempt_at=NOW + 1))
    again = take(store, NOW + 2)
    assert isinstance(again, Attempt)
    assert again.left == 8


def test_a_wait_from_a_clock_that_ran_ahead_is_cut_to_the_longest_wait(store: Store) -> None:
    fail(store, 5, at=NOW + YEAR)
    longest = NOW + asks.LONGEST_WAIT_SECONDS
    assert ask(store, asks.TakeAttempt(ALICE, NOW)) == Waiting(longest)
    assert ask(store, asks.TakeAttempt(ALICE, longest - 1)) == Waiting(longest)
    assert isinstance(ask(store, asks.TakeAttempt(ALICE, longest)), Attempt)


def test_a_wait_is_cut_by_reading_as_well(store: Store) -> None:
    fail(store, 5, at=NOW + YEAR)
    longest = NOW + asks.LONGEST_WAIT_SECONDS
    assert ask(store, asks.ReadAttempts(ALICE, NOW)) == Waiting(longest)
    assert ask(store, asks.ReadAttempts(ALICE, longest)) == Ready(0)


def test_a_clock_that_is_put_back_a_little_forgives_no_wait(store: Store) -> None:
    at = fail(store, 20)
    until = at + asks.LONGEST_WAIT_SECONDS
    assert ask(store, asks.TakeAttempt(ALICE, at)) == Waiting(until)
    assert ask(store, asks.TakeAttempt(ALICE, at - 5)) == Waiting(until - 5)


def test_failures_from_a_clock_that_ran_ahead_count_from_now(store: Store) -> None:
    fail(store, 20, at=NOW + YEAR)
    at = fail(store, asks.STOP_FAILURES - 20)
    assert ask(store, asks.TakeAttempt(ALICE, at)) == Stopped()


def test_failures_from_a_clock_that_ran_ahead_leave_the_window_after_30_days(store: Store) -> None:
    fail(store, 20, at=NOW + YEAR)
    at = fail(store, 1) + asks.STOP_WINDOW_SECONDS  # dated back here
    at = fail(store, asks.STOP_FAILURES - 1, at=at)
    assert isinstance(ask(store, asks.ReadAttempts(ALICE, at + DAY)), Ready)


def test_recovery_tries_from_a_clock_that_ran_ahead_end_an_hour_from_now(store: Store) -> None:
    for _ in range(10):
        take(store, NOW + YEAR)
    assert take(store, NOW) == Waiting(NOW + HOUR)
    assert isinstance(take(store, NOW + HOUR), Attempt)

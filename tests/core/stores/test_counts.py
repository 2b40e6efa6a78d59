"""Contract: counters of decisions, a few weeks of them."""

from __future__ import annotations

from support.stores import ask
from twofa_middleware import asks
from twofa_middleware.asks import CountRow
from twofa_middleware.protocol import Store

TODAY = 20_000


def add(store: Store, day: int = TODAY, **counts: int) -> None:
    assert ask(store, asks.AddCounts(day, counts)) == asks.Done()


def counts(store: Store, day: int = 0) -> list[tuple[int, str, int]]:
    return [(row.day, row.name, row.count) for row in ask(store, asks.ReadCounts(day))]


def test_at_first_nothing_is_counted(store: Store) -> None:
    assert ask(store, asks.ReadCounts(0)) == ()
    add(store)
    assert ask(store, asks.ReadCounts(0)) == ()


def test_a_counter_is_read_as_a_row(store: Store) -> None:
    ask(store, asks.AddCounts(TODAY, {"produce:verify now": 3}))
    assert ask(store, asks.ReadCounts(TODAY)) == (CountRow(TODAY, "produce:verify now", 3),)


def test_counters_of_a_day_add_up(store: Store) -> None:
    add(store, verify=1, setup=2)
    add(store, verify=10)
    assert counts(store) == [(TODAY, "setup", 2), (TODAY, "verify", 11)]


def test_counters_of_two_days_stay_apart(store: Store) -> None:
    add(store, TODAY, verify=1)
    add(store, TODAY + 1, verify=2)
    assert counts(store) == [(TODAY, "verify", 1), (TODAY + 1, "verify", 2)]


def test_counters_are_read_by_day_and_name(store: Store) -> None:
    for day in (TODAY + 1, TODAY - 1, TODAY):
        add(store, day, b=1, a=1, _=1, Z=1)
    assert [(day, name) for day, name, _ in counts(store)] == [
        (day, name) for day in (TODAY - 1, TODAY, TODAY + 1) for name in ("Z", "_", "a", "b")
    ]


def test_days_are_ordered_as_the_numbers_they_are(store: Store) -> None:
    add(store, 9, a=1)
    add(store, 10, a=1)
    assert [day for day, _, _ in counts(store)] == [9, 10]
    assert [day for day, _, _ in counts(store, 10)] == [10]


def test_earlier_days_than_the_one_that_was_asked_for_are_not_answered(store: Store) -> None:
    for day in (TODAY - 1, TODAY, TODAY + 1):
        add(store, day, a=1)
    assert [day for day, _, _ in counts(store, TODAY)] == [TODAY, TODAY + 1]


def test_counters_go_when_they_are_too_old_and_not_before(store: Store) -> None:
    add(store, TODAY - asks.COUNT_DAYS - 1, a=1, b=1)
    add(store, TODAY - asks.COUNT_DAYS, a=1, b=1)
    add(store, TODAY, a=1)
    assert [(day, name) for day, name, _ in counts(store)] == [
        (TODAY - asks.COUNT_DAYS, "a"),
        (TODAY - asks.COUNT_DAYS, "b"),
        (TODAY, "a"),
    ]


def test_a_day_that_is_added_late_takes_nothing_away(store: Store) -> None:
    add(store, TODAY, a=1)
    add(store, TODAY - 3, a=1)
    assert [day for day, _, _ in counts(store)] == [TODAY - 3, TODAY]


def test_a_large_count_stays_exact(store: Store) -> None:
    add(store, a=2**40)
    add(store, a=1)
    assert counts(store) == [(TODAY, "a", 2**40 + 1)]

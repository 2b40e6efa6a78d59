"""Contract: who may do a task of the realm for a while, and how far each sink of events has got."""

from __future__ import annotations

import pytest

from support.stores import NOW, ask
from twofa_middleware import asks
from twofa_middleware.protocol import Store


def take(store: Store, holder: str, *, task: str = "mail", until: int = NOW + 60, at: int = NOW) -> bool:
    answer = ask(store, asks.TakeLease(task, holder, until, at))
    assert isinstance(answer, bool)
    return answer


def mark(store: Store, sink: str = "mail") -> str:
    return ask(store, asks.ReadMark(sink))


# ---- TakeLease ------------------------------------------------------------------------------------------------------


def test_the_first_who_asks_has_the_task_and_nobody_else(store: Store) -> None:
    assert take(store, "one")
    assert not take(store, "two")
    assert take(store, "one")


def test_a_task_is_free_when_its_time_is_over_and_not_before(store: Store) -> None:
    take(store, "one", until=NOW + 60)
    assert not take(store, "two", at=NOW + 59, until=NOW + 200)
    assert take(store, "two", at=NOW + 60, until=NOW + 200)
    assert not take(store, "one", at=NOW + 61, until=NOW + 300)


def test_who_has_the_task_prolongs_it(store: Store) -> None:
    take(store, "one", until=NOW + 60)
    assert take(store, "one", at=NOW + 30, until=NOW + 90)
    assert not take(store, "two", at=NOW + 89, until=NOW + 200)
    assert take(store, "two", at=NOW + 90, until=NOW + 200)


def test_who_has_the_task_may_end_it_sooner(store: Store) -> None:
    take(store, "one", until=NOW + 60)
    assert take(store, "one", until=NOW + 10)
    assert take(store, "two", at=NOW + 10, until=NOW + 90)


@pytest.mark.parametrize("until", [NOW, NOW - 60])
def test_a_task_that_is_given_back_is_free(store: Store, until: int) -> None:
    take(store, "one")
    assert take(store, "one", until=until)
    assert take(store, "two")


def test_nobody_gives_back_what_somebody_else_has(store: Store) -> None:
    take(store, "one")
    assert not take(store, "two", until=NOW)
    assert not take(store, "two", until=NOW - 60)
    assert not take(store, "two")


def test_who_was_refused_has_changed_nothing(store: Store) -> None:
    take(store, "one", until=NOW + 60)
    take(store, "two", until=NOW + 999)
    assert take(store, "two", at=NOW + 60, until=NOW + 100)


def test_giving_back_what_nobody_has_takes_nothing(store: Store) -> None:
    assert take(store, "one", until=NOW)
    assert take(store, "two")


def test_one_task_does_not_hold_up_another(store: Store) -> None:
    assert take(store, "one", task="mail")
    assert take(store, "two", task="webhook")
    assert not take(store, "two", task="mail")


# ---- ReadMark, MoveMark ---------------------------------------------------------------------------------------------


def test_a_sink_that_has_not_begun_has_an_empty_mark(store: Store) -> None:
    assert mark(store) == ""


def test_a_mark_stands_where_it_was_moved_to(store: Store) -> None:
    for position in ("5", "12", "7", ""):
        assert ask(store, asks.MoveMark("mail", position)) == asks.Done()
        assert mark(store) == position


def test_each_sink_has_a_mark_of_its_own(store: Store) -> None:
    ask(store, asks.MoveMark("mail", "5"))
    ask(store, asks.MoveMark("webhook", "9"))
    assert [mark(store, sink) for sink in ("mail", "webhook", "syslog")] == ["5", "9", ""]

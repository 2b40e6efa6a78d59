"""The realm's events read back: brought up to date, each once, filtered, and what does not open is said to be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.flows.people import NOW, SITE, USER
from core.flows.stepping import Stepped, failing_at_each, step
from twofa_middleware.accounts.audit import row_of
from twofa_middleware.accounts.history import MOST_LOOKED_AT, History, read_history
from twofa_middleware.asks import EventRow, ReadEvents, Sweep, Swept
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Event

UP_TO_DATE = (Sweep, Swept(3, True))


def row(number: int, name: str = "code wrong") -> EventRow:
    """The event of that number; the higher one was carried later."""
    event = Event(name, NOW + number, "shop", "5", label="erin")
    kept = row_of(SITE.sealer, event, number.to_bytes(12))
    return EventRow(str(number), USER, kept.id, kept.at, kept.record)


def rows(first: int, last: int) -> tuple[EventRow, ...]:
    return tuple(row(number) for number in range(first, last - 1, -1))


def everything(event: Event) -> bool:
    return True


def reading(
    *script: Any, before: str = "", limit: int = 50, fits: Callable[[Event], bool] = everything
) -> Stepped[History]:
    return step(read_history(SITE.desk, fits, before, limit, NOW), *script)


def times(history: History) -> list[int]:
    return [event.at - NOW for event in history.events]


def test_the_first_page_carries_what_is_ready_and_then_reads_from_the_end() -> None:
    done = reading(UP_TO_DATE, (ReadEvents, rows(3, 1)))
    assert done.kinds == [Sweep, ReadEvents]
    assert (done.one(Sweep).now, done.one(ReadEvents).before) == (NOW, None)
    assert (times(done.result), done.result.before, done.result.unreadable) == ([3, 2, 1], "", 0)


def test_a_later_page_is_read_as_the_list_is() -> None:
    done = reading((ReadEvents, rows(2, 1)), before="3")
    assert (done.kinds, done.one(ReadEvents).before) == ([ReadEvents], "3")


def test_an_event_that_was_carried_twice_is_shown_once() -> None:
    twice = replace(row(2), position="9")
    assert times(reading(UP_TO_DATE, (ReadEvents, (twice, row(3), row(2), row(1)))).result) == [2, 3, 1]


def test_also_where_the_second_stands_in_another_batch() -> None:
    again = replace(row(500), position="0")
    assert times(reading(UP_TO_DATE, (ReadEvents, rows(500, 301)), (ReadEvents, (again,)), limit=900).result) == [
        *range(500, 300, -1)
    ]


def test_what_does_not_open_is_counted_and_hides_nothing_else() -> None:
    odd, moved = replace(row(3), record=b"odd"), replace(row(2), at=NOW)
    found = reading(UP_TO_DATE, (ReadEvents, (odd, moved, row(1)))).result
    assert (times(found), found.unreadable) == ([1], 2)


def test_a_page_ends_at_its_limit_and_the_next_one_begins_there() -> None:
    first = reading(UP_TO_DATE, (ReadEvents, rows(5, 1)), limit=2).result
    assert (times(first), first.before) == ([5, 4], "4")
    second = reading((ReadEvents, rows(3, 1)), before=first.before, limit=2).result
    assert (times(second), second.before) == ([3, 2], "2")


def test_only_what_fits_is_shown_and_fills_the_page() -> None:
    mixed = tuple(row(number, "enrolled" if number % 2 else "code wrong") for number in range(9, 0, -1))
    found = reading(UP_TO_DATE, (ReadEvents, mixed), limit=3, fits=lambda event: event.name == "enrolled").result
    assert (times(found), found.before) == ([9, 7, 5], "5")


def test_of_one_user_what_lies_in_the_logs_of_others_is_not_even_opened() -> None:
    foreign = replace(row(2), user=SITE.sealer.user_key("6"), record=b"odd")
    flow = read_history(SITE.desk, everything, "", 50, NOW, owner=USER)
    found = step(flow, UP_TO_DATE, (ReadEvents, (row(3), foreign, row(1)))).result
    assert (times(found), found.unreadable) == ([3, 1], 0)


def test_a114_a_row_of_another_user_under_the_same_name_hides_none_of_ones_own() -> None:
    foreign = replace(row(3), user=SITE.sealer.user_key("6"), position="9")
    flow = read_history(SITE.desk, everything, "", 50, NOW, owner=USER)
    assert times(step(flow, UP_TO_DATE, (ReadEvents, (foreign, row(3)))).result) == [3]


def test_events_are_read_on_from_the_last_that_was_looked_at() -> None:
    done = reading(UP_TO_DATE, (ReadEvents, rows(500, 301)), (ReadEvents, rows(300, 299)), limit=900)
    assert [ask.before for ask in done.asked if isinstance(ask, ReadEvents)] == [None, "301"]
    assert (len(done.result.events), done.result.before) == (202, "")


def test_no_more_are_looked_at_for_one_page_than_it_may_cost_and_the_next_goes_on_there() -> None:
    batches = [(ReadEvents, rows(first, first - 199)) for first in range(MOST_LOOKED_AT + 50, 50, -200)]
    found = reading(UP_TO_DATE, *batches, fits=lambda event: False).result
    assert found == History((), "51")


def test_an_empty_list_is_the_last_page() -> None:
    assert reading(UP_TO_DATE, (ReadEvents, ())).result == History((), "")


@pytest.mark.parametrize(
    "script", [[(Sweep, StoreUnavailable("x"))], [UP_TO_DATE, (ReadEvents, StoreUnavailable("x"))]]
)
def test_a_store_that_fails_is_not_an_empty_list(script: Any) -> None:
    with pytest.raises(StoreUnavailable):
        reading(*script)


def test_an_error_at_any_question_comes_out() -> None:
    script = (UP_TO_DATE, (ReadEvents, rows(2, 1)))
    reached = failing_at_each(lambda: read_history(SITE.desk, everything, "", 5, NOW), *script)
    assert [kinds[-1] for kinds in reached] == [Sweep, ReadEvents]

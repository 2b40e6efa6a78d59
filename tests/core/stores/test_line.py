"""The line of a store: what goes on from what was seen, what lost a moment, and what is an older copy. Attack 113."""

from __future__ import annotations

import pytest

from support.stores import NOW, ask
from twofa_middleware import asks
from twofa_middleware.protocol import Store
from twofa_middleware.stores.line import KEPT, LINE, MOST_LOST, Line, tick


def later(line: Line, ticks: int) -> Line:
    for _ in range(ticks):
        line = line.next(line.at + 5)
    return line


FIRST = Line(0, NOW)


def test_a_mark_holds_a_line() -> None:
    for ticks in (1, 2, KEPT, KEPT + 5):
        line = later(FIRST, ticks)
        assert Line.of(str(line)) == line
        assert (line.count, line.at, len(line.words)) == (ticks, NOW + 5 * ticks, min(ticks, KEPT))
        assert len(str(line)) < 200


@pytest.mark.parametrize(
    "text", ["", "7", "7 8", "-1 5 a", "x 5 a", "1 y a", "1 5 a.b", "1 5 a b", "²5 5 a", "9" * 30 + " 5 a"]
)
def test_what_is_no_line_has_no_tick(text: str) -> None:
    assert Line.of(text) == Line()


@pytest.mark.parametrize("at", [0, NOW, 10**17])
def test_a_line_tells_its_time_whatever_it_is(at: int) -> None:
    assert Line(1, at, ("a",)).time


def test_a_store_goes_on_from_itself_and_from_what_it_was() -> None:
    seen = later(FIRST, 100)
    assert [later(seen, more).goes_on_from(seen) for more in (0, 1, KEPT - 1)] == [True, True, True]
    assert later(seen, KEPT + MOST_LOST).goes_on_from(seen) is None
    assert later(seen, 10_000).goes_on_from(seen) is None


def test_a113_a_moment_that_was_lost_is_no_older_copy_whatever_comes_after() -> None:
    before = later(FIRST, 100)
    for lost in (1, MOST_LOST):
        seen = later(before, lost)
        for more in range(2 * KEPT):
            assert later(before, more).goes_on_from(seen) is not False


def test_an_older_copy_is_told_at_once_and_when_it_has_gone_on() -> None:
    copy = later(FIRST, 100)
    for lost in (MOST_LOST + 1, MOST_LOST + 5, 1000):
        seen = later(copy, lost)
        for more in (0, 1, lost - MOST_LOST, lost, lost + 1, lost + KEPT - MOST_LOST - 1):
            assert later(copy, more).goes_on_from(seen) is False, (lost, more)
        for more in range(lost + 2 * KEPT):
            assert later(copy, more).goes_on_from(seen) is not True, (lost, more)


def test_a_store_that_has_nothing_of_what_was_seen_is_an_older_copy() -> None:
    assert Line().goes_on_from(later(FIRST, MOST_LOST)) is True  # a minute old
    assert Line().goes_on_from(later(FIRST, MOST_LOST + 1)) is False
    assert later(FIRST, 5).goes_on_from(Line()) is True
    assert later(FIRST, 50).goes_on_from(Line(100, NOW, ("word",))) is False  # by the count alone


def test_a_tick_makes_the_line_of_a_store_longer(store: Store) -> None:
    for count in (1, 2, 3):
        tick(store, NOW + count)
        line = Line.of(ask(store, asks.ReadMark(LINE)))
        assert (line.count, line.at, len(line.words)) == (count, NOW + count, count)

"""What waits to be written is bounded: the oldest minor events go first, and what was lost is counted exactly."""

from __future__ import annotations

import gc
import weakref

import pytest

from twofa_middleware.accounts.audit import MINOR
from twofa_middleware.courier import outbox
from twofa_middleware.courier.outbox import Outbox
from twofa_middleware.protocol import Event

MAJOR_NAME, MINOR_NAME = "mode is not enforce", "verify demanded"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 4)


def filled(names: str) -> Outbox:
    """A capital for an important event, a small letter for a minor one; each is the user of its event."""
    box = Outbox()
    for letter in names:
        put(box, letter)
    return box


def put(box: Outbox, letter: str) -> None:
    box.put(Event(MAJOR_NAME if letter.isupper() else MINOR_NAME, 0, "shop", letter))


def waiting(box: Outbox) -> str:
    return "".join(one.event.user for one in box.waiting())


def test_the_names_are_what_they_are_taken_for() -> None:
    assert MINOR_NAME in MINOR
    assert MAJOR_NAME not in MINOR


@pytest.mark.parametrize(
    ("put_in", "left", "lost"),
    [
        ("aBcD", "aBcD", 0),
        ("aBcDE", "BcDE", 1),
        ("ABcDE", "ABDE", 1),
        ("ABCDE", "BCDE", 1),
        ("ABCDe", "ABCD", 1),
        ("abcdefgh", "efgh", 4),
        ("aBcDEFGH", "EFGH", 4),
        ("ABCDaEbF", "CDEF", 4),
    ],
)
def test_the_oldest_minor_events_go_first_and_then_the_oldest(put_in: str, left: str, lost: int) -> None:
    box = filled(put_in)
    assert (waiting(box), box.take_lost(), box.take_lost()) == (left, lost, 0)


def test_what_is_written_makes_room() -> None:
    box = filled("aBcD")
    box.written(box.waiting()[:2])
    put(box, "E")
    put(box, "f")
    assert (waiting(box), box.take_lost()) == ("cDEf", 0)


def test_what_made_room_while_it_was_written_was_not_lost() -> None:
    box = filled("aBcD")
    under_way = box.waiting()
    put(box, "E")
    put(box, "F")
    put(box, "G")
    box.written(under_way[:2])
    assert (waiting(box), box.take_lost()) == ("DEFG", 1)


def test_minor_events_that_are_gone_leave_nothing_behind() -> None:
    box = Outbox()
    for _ in range(100):
        put(box, "a")
        box.written(box.waiting())
    assert len(box._minor) == 0


def test_counts_are_added_up_and_may_come_back() -> None:
    box = Outbox()
    for day, name in ((1, "a"), (1, "a"), (2, "a"), (1, "b")):
        box.count(day, name)
    second = box.take_counts()
    assert second == (2, {"a": 1})
    box.count(1, "a")
    assert box.take_counts() == (1, {"a": 3, "b": 1})
    assert box.take_counts() is None
    box.count(2, "a")
    box.put_back(*second)
    assert box.take_counts() == (2, {"a": 2})


def test_a_fault_that_waits_keeps_nothing_of_its_request_alive() -> None:
    class Body:
        pass

    box, kept = Outbox(), []

    def fails() -> None:
        body = Body()
        kept.append(weakref.ref(body))
        try:
            raise ValueError(body)
        except ValueError as error:
            box.put(Event("refused, our fault", 0, "shop", error=error, severity="error"))

    fails()
    gc.collect()
    assert kept[0]() is None
    assert [one.event.severity for one in box.waiting()] == ["error"]

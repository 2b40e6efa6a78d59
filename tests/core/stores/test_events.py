"""Contract: the sweeper carries events from the users' logs to the realm's list, where they are read in pages."""

from __future__ import annotations

from collections import Counter

import pytest

from support.stores import ALICE, BOB, NOW, a_row, all_events, ask, carry, names_of, note
from twofa_middleware import asks
from twofa_middleware.asks import EventRow, FollowEvents, ReadEvents, Sweep, Swept
from twofa_middleware.protocol import Store, UserKey

FAR = 2**31 - 1  # more than there are
ODD = ["x", "-1", "1.5", " 1", "1 ", "+1", "1e3", "0x1", "٣", "1\0", "\n", "\ud800", "$", "9" * 30, "9" * 5000]


def fill(store: Store, count: int) -> list[EventRow]:
    """So many events of two users are in the list."""
    for number in range(count):
        note(store, f"event-{number}", user=(ALICE, BOB)[number % 2])
    assert carry(store) == count
    return all_events(store)


def newest(store: Store, before: str | None = None, limit: int = FAR) -> list[EventRow]:
    return list(ask(store, ReadEvents(before, limit)))


def oldest(store: Store, after: str | None = None, limit: int = FAR) -> list[EventRow]:
    return list(ask(store, FollowEvents(after, limit)))


# ---- Sweep ----------------------------------------------------------------------------------------------------------


def test_with_nothing_to_carry_the_sweeper_is_done(store: Store) -> None:
    assert ask(store, Sweep(NOW, 100)) == Swept(0, is_done=True)
    note(store, a_row("later", ready_at=NOW + 10))
    assert carry(store) == 0
    assert all_events(store) == []


def test_an_event_is_carried_once_by_sweepers_that_end(store: Store) -> None:
    note(store, "one", "two")
    assert carry(store) == 2
    assert carry(store) == 0
    assert names_of(store) == ["one", "two"]


def test_events_are_seen_in_the_list_only_when_they_were_carried(store: Store) -> None:
    note(store, "one")
    assert newest(store) == oldest(store) == []
    carry(store)
    assert [event.user for event in newest(store)] == [ALICE]


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_whatever_the_limit_every_event_of_every_user_is_carried(store: Store, limit: int) -> None:
    users = [UserKey(f"user-{number}") for number in range(7)]
    for user in users:
        note(store, "one", "two", a_row("later", ready_at=NOW + 10), user=user)
    assert carry(store, limit=limit) == 14
    assert Counter(event.user for event in all_events(store)) == Counter(dict.fromkeys(users, 2))
    assert carry(store, limit=limit, at=NOW + 10) == 7
    assert all(names_of(store, user) == ["one", "two", "later"] for user in users)


def test_one_question_carries_about_as_many_users_as_its_limit(store: Store) -> None:
    for number in range(40):
        note(store, "event", user=UserKey(f"user-{number}"))
    swept = ask(store, Sweep(NOW, 2))
    assert not swept.is_done
    assert swept.carried < 40
    assert carry(store) == 40 - swept.carried


def test_the_events_of_one_user_keep_their_order_from_sweep_to_sweep(store: Store) -> None:
    for number in range(30):
        note(store, f"event-{number}")
        note(store, f"other-{number}", user=BOB)
        if number % 7 == 0:
            ask(store, Sweep(NOW, 1))
    assert names_of(store) == [f"event-{number}" for number in range(30)]
    assert names_of(store, BOB) == [f"other-{number}" for number in range(30)]


def test_many_events_of_one_user_are_carried_in_their_order(store: Store) -> None:
    names = [f"event-{number}" for number in range(1000)]
    for start in range(0, 1000, 100):
        note(store, *names[start : start + 100])
    assert carry(store, limit=10) == 1000
    assert names_of(store) == names


def test_an_event_that_is_written_after_a_sweep_is_found_by_the_next(store: Store) -> None:
    note(store, a_row("later", ready_at=NOW + 10), "now")
    carry(store)
    note(store, "next")
    carry(store)
    note(store, a_row("early", ready_at=NOW - 100))
    assert names_of(store, at=NOW + 10) == ["now", "next", "later", "early"]


def test_an_event_is_found_also_where_the_sweepers_clock_was_put_back(store: Store) -> None:
    note(store, a_row("ahead", at=NOW + 500, ready_at=NOW + 500))
    assert carry(store, at=NOW) == 0
    note(store, "now")
    assert carry(store, at=NOW) == 1
    assert carry(store, at=NOW - 500) == 0
    assert names_of(store, at=NOW + 500) == ["now", "ahead"]


def test_events_of_the_realm_itself_are_carried_like_those_of_a_user(store: Store) -> None:
    note(store, "flag", user=asks.REALM)
    note(store, "login")
    assert carry(store) == 2
    assert names_of(store, asks.REALM) == ["flag"]


def test_the_newest_events_are_kept_and_the_oldest_go(store: Store) -> None:
    extra, at_once = 5, 2500
    names = [f"{number}" for number in range(asks.MOST_EVENTS + extra)]
    first = ""
    for start in range(0, len(names), at_once):
        note(store, *names[start : start + at_once])
        carry(store)
        first = first or oldest(store, limit=1)[0].position
    kept = oldest(store, limit=2)
    assert [event.id for event in kept] == [a_row(names[extra]).id, a_row(names[extra + 1]).id]
    assert [event.id for event in newest(store, limit=1)] == [a_row(names[-1]).id]
    assert oldest(store, after=first, limit=1) == kept[:1]  # what a sink had got to is there no more
    assert newest(store, before=first) == []
    assert newest(store, before=kept[0].position) == []


# ---- ReadEvents, FollowEvents ---------------------------------------------------------------------------------------


def test_events_are_read_the_newest_first_and_followed_the_oldest_first(store: Store) -> None:
    events = fill(store, 5)
    assert [event.id for event in events if event.user == ALICE] == [a_row(f"event-{n}").id for n in (0, 2, 4)]
    assert newest(store) == events[::-1]
    assert oldest(store) == events


def test_positions_are_texts_and_no_two_are_the_same(store: Store) -> None:
    positions = [event.position for event in fill(store, 30)]
    assert all(isinstance(position, str) and position for position in positions)
    assert len(set(positions)) == 30


def test_no_more_events_are_answered_than_the_limit(store: Store) -> None:
    events = fill(store, 5)
    assert newest(store, limit=2) == [events[4], events[3]]
    assert oldest(store, limit=2) == [events[0], events[1]]


def test_events_before_and_after_a_position_leave_it_out(store: Store) -> None:
    events = fill(store, 25)
    for number in (0, 8, 9, 10, 24):
        assert newest(store, events[number].position) == events[:number][::-1]
        assert oldest(store, events[number].position) == events[number + 1 :]


def test_pages_follow_each_other_without_a_gap_and_without_a_double(store: Store) -> None:
    events = fill(store, 23)
    back: list[EventRow] = []
    while page := newest(store, back[-1].position if back else None, limit=5):
        back += page
        assert len(back) <= len(events)
    forth: list[EventRow] = []
    while page := oldest(store, forth[-1].position if forth else None, limit=5):
        forth += page
        assert len(forth) <= len(events)
    assert back[::-1] == forth == events


def test_what_is_carried_later_stands_after_what_was_read(store: Store) -> None:
    events = fill(store, 12)
    note(store, "late")
    carry(store)
    (late,) = oldest(store, events[-1].position)
    assert late.id == a_row("late").id
    assert newest(store, limit=1) == [late]


def test_a_sink_that_has_not_begun_follows_from_the_beginning(store: Store) -> None:
    events = fill(store, 3)
    assert oldest(store, ask(store, asks.ReadMark("mail"))) == events
    assert newest(store, "") == events[::-1]


@pytest.mark.parametrize("position", ODD, ids=ascii)
def test_a_position_that_the_store_never_gave_is_answered_with_nothing(store: Store, position: str) -> None:
    fill(store, 3)
    assert newest(store, position) == []
    assert oldest(store, position) == []


def test_without_events_there_is_nothing_to_read(store: Store) -> None:
    assert newest(store) == oldest(store) == newest(store, "1") == oldest(store, "1") == []

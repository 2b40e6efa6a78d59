"""Contract: the people of a realm, page by page."""

from __future__ import annotations

import pytest

from support.stores import ALICE, BOB, NOW, ask, enrol, note, summary_of
from twofa_middleware import asks
from twofa_middleware.protocol import Store, UserKey

KEYS = ["-9", "A", "Z", "_", "a", "a-", "aa", "b", "é", "\uffee", "\U0001f600"]  # in the order of their bytes


def people(store: Store, after: str | None = None, limit: int = 1000) -> list[str]:
    return [row.user for row in ask(store, asks.ReadPeople(after and UserKey(after), limit))]  # type: ignore[arg-type]


def test_a_realm_in_which_nobody_was_seen_has_no_people(store: Store) -> None:
    assert people(store) == []


def test_people_are_listed_with_their_records(store: Store) -> None:
    note(store, person=b"bob", user=BOB)
    note(store, person=b"alice", roles=b"roles")
    assert ask(store, asks.ReadPeople(None, 10)) == (
        asks.PersonRow(ALICE, b"alice", b"roles"),
        asks.PersonRow(BOB, b"bob", None),
    )


def test_people_are_listed_in_the_order_of_their_keys(store: Store) -> None:
    for key in reversed(KEYS):
        note(store, person=b"who", user=UserKey(key))
    assert people(store) == KEYS


def test_somebody_who_is_seen_again_is_listed_once(store: Store) -> None:
    for record in (b"old", b"new"):
        note(store, person=record)
    assert ask(store, asks.ReadPeople(None, 10)) == (asks.PersonRow(ALICE, b"new", None),)


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_of_people_leave_nobody_out(store: Store, limit: int) -> None:
    keys = sorted(f"user-{number}" for number in range(23))
    for key in keys:
        note(store, person=b"who", user=UserKey(key))
    listed: list[str] = []
    while True:
        page = people(store, listed[-1] if listed else None, limit)
        listed += page
        if len(page) < limit:
            break
        assert len(page) == limit
    assert listed == keys


def test_a_page_may_begin_after_somebody_who_is_not_there(store: Store) -> None:
    for key in ("a", "c"):
        note(store, person=b"who", user=UserKey(key))
    assert people(store, "b") == ["c"]
    assert people(store, "") == ["a", "c"]
    assert people(store, "c") == []


def test_who_has_no_persons_record_is_not_listed_and_takes_no_place(store: Store) -> None:
    enrol(store, UserKey("a"))
    note(store, "event", roles=b"roles", user=UserKey("b"))
    ask(store, asks.MeetRules(UserKey("c"), ("rule",), NOW))
    note(store, person=b"who", user=UserKey("d"))
    assert people(store, limit=1) == ["d"]
    assert people(store, "d", limit=1) == []


def test_the_realm_is_nobody(store: Store) -> None:
    note(store, "event", user=asks.REALM, person=b"who", roles=b"roles")
    note(store, person=b"who")
    assert people(store) == [ALICE]
    assert people(store, limit=1) == [ALICE]


def test_listing_people_changes_none_of_them(store: Store) -> None:
    note(store, person=b"who")
    before = summary_of(store)
    people(store)
    assert summary_of(store) == before

"""Who the people are: from the directory page by page, or as they were last seen."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from core.flows.administering import COOKS, DESK, LISTED, person_row, summary
from core.flows.people import SITE, USER, account_row
from core.flows.stepping import Stepped, step
from twofa_middleware.accounts.people import (
    MOST_LOOKED_AT,
    Found,
    find_people,
    find_person,
    matcher,
    read_person,
    read_roles,
    seen_members,
)
from twofa_middleware.asks import Call, PersonRow, ReadPeople, ReadSummary
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Member, Person


def crowd(count: int, start: int = 0) -> tuple[PersonRow, ...]:
    return tuple(person_row(f"user-{number}") for number in range(start, start + count))


ODD = replace(person_row("7"), user=USER)


# ---- patterns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "fit", "do_not"),
    [
        ("", ["", "anybody"], []),
        ("%", ["", "anybody", "two\nlines"], []),
        ("er", ["er", "erin", "ERIN", "Er-in"], ["", "e", "peter"]),
        ("%er", ["er", "peter"], ["erin"]),
        ("%er%", ["er", "peter", "erin"], ["e r"]),
        ("e%n", ["en", "erin", "ErN"], ["erin b", "n", "e"]),
        ("a%a", ["aa", "aba", "abca"], ["a", "ab"]),
        ("%a%a%", ["aa", "banana"], ["a", "bab"]),
        ("%a%b%c", ["abc", "a-b-c-b-c", "xxaxxbxxc"], ["acb", "cab", "abcd"]),
        ("e.in", ["e.in", "e.ines"], ["erin"]),
        ("[e]%", ["[e]rin"], ["erin"]),
        ("_rin", ["_rin"], ["erin"]),
        ("STRASSE", ["straße"], ["strase"]),
        ("%%", ["", "anybody"], []),
    ],
)
def test_a_percent_sign_is_any_run_of_characters_and_nothing_else_is_special(
    pattern: str, fit: list[str], do_not: list[str]
) -> None:
    fits = matcher(pattern)
    assert [name for name in [*fit, *do_not] if fits(name)] == fit


def test_no_name_takes_long_however_it_was_chosen() -> None:
    began = time.process_time()
    assert not matcher("%a" * 120 + "%b")("a" * 250)
    assert matcher("%a" * 120 + "%")("a" * 250)
    assert time.process_time() - began < 1


# ---- the directory --------------------------------------------------------------------------------------------------


def people(count: int) -> tuple[Person, ...]:
    return tuple(Person(str(number)) for number in range(count))


def asked_of_directory(after: str, count: int, limit: int = 2) -> Stepped[Found]:
    return step(find_people(LISTED, "er%", after, limit), (Call, people(count)))


@pytest.mark.parametrize(
    ("after", "count", "offset", "next_page"),
    [("", 0, 0, ""), ("", 2, 0, ""), ("", 3, 0, "2"), ("2", 3, 2, "4"), ("4", 1, 4, "")],
)
def test_pages_of_a_directory_go_by_offset_and_one_more_is_asked_for_to_see_whether_there_is_one(
    after: str, count: int, offset: int, next_page: str
) -> None:
    done = asked_of_directory(after, count)
    assert done.one(Call).arguments == ("er%", offset, 3)
    assert done.result == Found(people(min(count, 2)), next_page)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", " 2", "٣", "²", "9" * 10, "9" * 5000, "\x00", USER])
def test_an_odd_place_is_the_first_page_of_a_directory(after: str) -> None:
    assert asked_of_directory(after, 1).one(Call).arguments[1] == 0


def test_a_directory_that_fails_is_not_an_empty_one() -> None:
    with pytest.raises(ConnectionError):
        step(find_people(LISTED, "", "", 10), (Call, ConnectionError("the directory is down")))


# ---- those last seen ------------------------------------------------------------------------------------------------


def found(pattern: str, *pages: Any, after: str = "", limit: int = 50) -> Stepped[Found]:
    return step(find_people(DESK, pattern, after, limit), *((ReadPeople, page) for page in pages))


@pytest.mark.parametrize("pattern", ["eri", "ERIN@", "5", "%example%"])
def test_who_was_seen_is_found_by_name_by_mail_and_by_id(pattern: str) -> None:
    rows = (person_row("5", "erin", "erin@example.org"), person_row("6", "bea"))
    assert found(pattern, rows).result == Found((Person("5", "erin", email="erin@example.org"),), "")


def test_a_record_that_does_not_open_is_nobody_and_hides_no_one_else() -> None:
    assert found("", (ODD, person_row("6", "bea"))).result == Found((Person("6", "bea"),), "")


def test_the_next_page_begins_after_the_last_who_was_shown() -> None:
    rows = crowd(3)
    first = found("", rows, limit=2).result
    assert [person.user for person in first.people] == ["user-0", "user-1"]
    assert first.after == rows[1].user
    assert found("", rows[2:], after=first.after, limit=2).one(ReadPeople).after == rows[1].user


def test_people_are_read_on_from_the_last_who_was_looked_at() -> None:
    rows = crowd(200)
    done = found("user-2%", rows, crowd(3, start=200), limit=500)
    places = [ask.after for ask in done.asked if isinstance(ask, ReadPeople)]
    assert places == [None, rows[-1].user]
    assert [person.user for person in done.result.people][-3:] == ["user-200", "user-201", "user-202"]
    assert done.result.after == ""


def test_no_more_are_looked_at_for_one_page_than_it_may_cost_and_the_next_goes_on_there() -> None:
    pages = [crowd(200, start) for start in range(0, MOST_LOOKED_AT, 200)]
    done = found("nobody", *pages)
    assert done.result == Found((), pages[-1][-1].user)


@pytest.mark.parametrize("after", ["x", "\x00", "9" * 300, "*"])
def test_an_odd_place_is_passed_to_the_store_which_knows_what_comes_after_it(after: str) -> None:
    assert found("", (), after=after).one(ReadPeople).after == after


# ---- one person -----------------------------------------------------------------------------------------------------


def test_the_directory_says_who_somebody_is() -> None:
    erin = Person("5", "erin", "Erin Example")
    done = step(find_person(LISTED, "5"), (Call, erin))
    assert (done.result, done.one(Call).arguments) == (erin, ("5",))


def test_whom_the_directory_has_forgotten_the_store_may_know() -> None:
    script = (Call, None), (ReadSummary, summary(None, person_row("5", "erin")))
    assert step(find_person(LISTED, "5"), *script).result == Person("5", "erin")


@pytest.mark.parametrize(
    ("known", "person"),
    [
        (summary(None, person_row("5", "erin")), Person("5", "erin")),
        (summary(account_row()), Person("5")),
        (summary(account_row(), ODD), Person("5")),
        (summary(), None),
    ],
    ids=["seen", "an account alone", "unreadable", "nobody"],
)
def test_without_a_directory_it_is_who_was_seen_or_has_an_account(known: Any, person: Person | None) -> None:
    done = step(find_person(DESK, "5"), (ReadSummary, known))
    assert (done.result, done.one(ReadSummary).user) == (person, USER)


def test_a_store_that_fails_is_not_nobody() -> None:
    with pytest.raises(StoreUnavailable):
        step(find_person(DESK, "5"), (ReadSummary, StoreUnavailable("no answer")))


# ---- roles ----------------------------------------------------------------------------------------------------------


def test_who_was_seen_with_a_role_has_it_as_far_as_anybody_knows() -> None:
    ada, bo = Member(Person("1", "ada")), Member(Person("2", "bo"))
    assert step(seen_members(DESK), (ReadPeople, COOKS)).result == {"Cook": (ada, bo), "Chef": (bo,)}
    assert step(seen_members(DESK), (ReadPeople, ())).result == {}


def test_roles_of_somebody_else_are_none_and_neither_is_the_person() -> None:
    moved = replace(COOKS[0], user=USER)
    assert (read_roles(SITE.sealer, moved), read_person(SITE.sealer, moved)) == (frozenset(), None)
    assert read_roles(SITE.sealer, COOKS[2]) == frozenset()


def test_no_more_than_so_many_are_looked_at_for_their_roles() -> None:
    pages = [(ReadPeople, crowd(200, start)) for start in range(0, MOST_LOOKED_AT, 200)]
    done = step(seen_members(DESK), *pages)
    assert done.result == {}
    places = [ask.after for ask in done.asked if isinstance(ask, ReadPeople)]
    assert places == [None, *(rows[-1].user for _, rows in pages[:-1])]

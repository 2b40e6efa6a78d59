"""Contract: passes and remembered browsers, their caps and their ends. Attacks 85, 86, 109."""

from __future__ import annotations

import dataclasses

import pytest

from support.stores import (
    ALICE,
    BOB,
    DAY,
    GENERATION,
    NOW,
    STEP,
    a_browser,
    a_pass,
    ask,
    enrol,
    has_browser,
    has_pass,
    look,
    open_pass,
    spend_step,
)
from twofa_middleware import asks
from twofa_middleware.asks import Done, Moved, Seen
from twofa_middleware.protocol import Store


def remember(store: Store, name: str, step: int, at: int = NOW, lasts: int = 90 * DAY) -> None:
    remembers = a_browser(name, at=at, lasts=lasts)
    assert isinstance(ask(store, spend_step(step=STEP + step, at=at, remembers=remembers)), asks.Spent)


def test_a_user_of_whom_nothing_is_known_is_seen_as_nothing(store: Store) -> None:
    assert ask(store, look(pass_="pass", browser="browser")) == Seen(None, None, None)


def test_looking_answers_only_what_was_asked_for(store: Store) -> None:
    enrol(store)
    remember(store, "browser", 1)
    seen = ask(store, look())
    assert (seen.pass_row, seen.browser) == (None, None)
    seen = ask(store, look(pass_="browser", browser="first"))
    assert (seen.pass_row, seen.browser) == (None, None)


def test_a_pass_is_valid_until_it_expires_and_no_longer(store: Store) -> None:
    ask(store, open_pass(a_pass(lasts=100), generation=0))
    assert has_pass(store, "pass", at=NOW + 99)
    assert not has_pass(store, "pass", at=NOW + 100)


def test_a086_a_browser_is_remembered_until_it_expires_and_no_longer(store: Store) -> None:
    enrol(store)
    remember(store, "browser", 1)
    assert has_browser(store, "browser", at=NOW + 90 * DAY - 1)
    assert not has_browser(store, "browser", at=NOW + 90 * DAY)
    assert ask(store, asks.ReadBrowsers(ALICE, NOW + 90 * DAY)) == ()


def test_a_pass_without_a_prompt_is_opened_as_it_was_given(store: Store) -> None:
    assert ask(store, open_pass(generation=0)) == Done()
    assert ask(store, look(pass_="pass")).pass_row == a_pass()


@pytest.mark.parametrize("generation", [0, GENERATION + 1])
def test_a085_a_pass_decided_under_another_generation_is_not_opened(store: Store, generation: int) -> None:
    enrol(store)
    assert ask(store, open_pass(generation=generation, ends=b"first")) == Moved()
    assert not has_pass(store, "pass")
    assert has_pass(store, "first")


def test_without_an_account_only_generation_0_opens_a_pass(store: Store) -> None:
    assert ask(store, open_pass(generation=GENERATION)) == Moved()
    assert not has_pass(store, "pass")


def test_opening_can_end_the_pass_before(store: Store) -> None:
    enrol(store)
    ask(store, open_pass(ends=b"first"))
    assert not has_pass(store, "first")
    assert has_pass(store, "pass")


def test_opening_the_same_pass_again_changes_nothing(store: Store) -> None:
    assert [ask(store, open_pass(generation=0)) for _ in range(2)] == [Done(), Done()]
    assert ask(store, look(pass_="pass")).pass_row == a_pass()


def test_a_remembered_browser_opens_a_pass_and_its_last_use_is_noted(store: Store) -> None:
    enrol(store)
    remember(store, "browser", 1)
    assert ask(store, open_pass(at=NOW + DAY, browser_digest=b"browser")) == Done()
    assert has_pass(store, "pass")
    assert ask(store, asks.ReadBrowsers(ALICE, NOW)) == (dataclasses.replace(a_browser(), used_at=NOW + DAY),)


def test_a086_a_browser_that_has_expired_opens_no_pass(store: Store) -> None:
    enrol(store)
    remember(store, "browser", 1)
    assert ask(store, open_pass(at=NOW + 90 * DAY, browser_digest=b"browser", ends=b"first")) == Moved()
    assert not has_pass(store, "pass")
    assert has_pass(store, "first")


@pytest.mark.parametrize("forgotten", [b"browser", None])
def test_a085_a_browser_that_was_forgotten_opens_no_pass(store: Store, forgotten: bytes | None) -> None:
    enrol(store)
    remember(store, "browser", 1)
    ask(store, asks.ForgetBrowsers(ALICE, forgotten, NOW))
    assert ask(store, open_pass(browser_digest=b"browser")) == Moved()
    assert not has_pass(store, "pass")


@pytest.mark.parametrize("forgotten", [b"browser", None])
def test_a085_forgetting_a_browser_ends_the_passes_that_nobody_proved(store: Store, forgotten: bytes | None) -> None:
    enrol(store)
    enrol(store, BOB)
    remember(store, "browser", 1)
    ask(store, open_pass(browser_digest=b"browser"))
    ask(store, open_pass(user=BOB))
    ask(store, asks.ForgetBrowsers(ALICE, forgotten, NOW))
    assert not has_pass(store, "pass")
    assert has_pass(store, "first")
    assert has_pass(store, "pass", BOB)


def test_a109_twenty_unproven_passes_are_kept_and_the_oldest_goes(store: Store) -> None:
    for number in range(23):
        ask(store, open_pass(a_pass(f"{number}", at=NOW + number), generation=0, at=NOW + number))
    assert [number for number in range(23) if has_pass(store, str(number), at=NOW + 30)] == list(range(3, 23))


def test_a_proven_pass_is_never_pushed_out(store: Store) -> None:
    enrol(store)
    for number in range(25):
        proven = a_pass(f"proven-{number}", proven=True, at=NOW + number)
        ask(store, spend_step(step=STEP + 1 + number, at=NOW + number, opens=proven))
        ask(store, open_pass(a_pass(f"{number}", at=NOW + number), at=NOW + number))
    assert all(has_pass(store, f"proven-{number}", at=NOW + 30) for number in range(25))
    assert has_pass(store, "first", at=NOW + 30)


def test_a_new_pass_stays_even_if_the_clock_was_put_back(store: Store) -> None:
    for number in range(20):
        ask(store, open_pass(a_pass(f"{number}", at=NOW + DAY + number), generation=0, at=NOW + DAY + number))
    ask(store, open_pass(a_pass("new"), generation=0))
    assert has_pass(store, "new")


def test_twenty_browsers_are_remembered_and_the_oldest_goes(store: Store) -> None:
    enrol(store)
    for number in range(22):
        remember(store, str(number), number + 1, at=NOW + number)
    names = [row.digest.decode() for row in ask(store, asks.ReadBrowsers(ALICE, NOW + 30))]
    assert names == [str(number) for number in range(21, 1, -1)]


def test_expired_passes_and_browsers_leave_room(store: Store) -> None:
    enrol(store)
    for number in range(20):
        lasts = 50 if number >= 10 else 90 * DAY
        remember(store, f"b{number}", number + 1, at=NOW + number, lasts=lasts)
        ask(store, open_pass(a_pass(f"p{number}", at=NOW + number, lasts=lasts), at=NOW + number))
    remember(store, "new", 30, at=NOW + 500)
    ask(store, open_pass(a_pass("new", at=NOW + 500), at=NOW + 500))
    assert all(has_browser(store, f"b{number}", at=NOW + 500) for number in range(10))
    assert all(has_pass(store, f"p{number}", at=NOW + 500) for number in range(10))


def test_ending_a_pass_ends_that_pass_alone(store: Store) -> None:
    enrol(store)
    ask(store, open_pass())
    assert ask(store, asks.EndPass(ALICE, b"first", NOW)) == Done()
    assert not has_pass(store, "first")
    assert has_pass(store, "pass")


def test_ending_a_pass_that_is_not_there_is_no_fault(store: Store) -> None:
    assert ask(store, asks.EndPass(ALICE, b"nothing", NOW)) == asks.Absent()


def test_touching_a_pass_notes_its_use_and_does_not_prolong_it(store: Store) -> None:
    ask(store, open_pass(generation=0))
    assert ask(store, asks.TouchPass(ALICE, b"pass", NOW + 60)) == Done()
    assert ask(store, look(pass_="pass")).pass_row == dataclasses.replace(a_pass(), used_at=NOW + 60)


def test_touching_a_pass_that_has_ended_does_not_bring_it_back(store: Store) -> None:
    ask(store, asks.TouchPass(ALICE, b"pass", NOW))
    assert not has_pass(store, "pass")


def test_the_newest_browser_is_listed_first(store: Store) -> None:
    enrol(store)
    for number in range(3):
        remember(store, str(number), number + 1, at=NOW + number)
    assert [row.digest for row in ask(store, asks.ReadBrowsers(ALICE, NOW + 3))] == [b"2", b"1", b"0"]


def test_forgetting_one_browser_keeps_the_others(store: Store) -> None:
    enrol(store)
    for number in range(3):
        remember(store, str(number), number + 1, at=NOW + number)
    ask(store, asks.ForgetBrowsers(ALICE, b"1", NOW))
    assert [row.digest for row in ask(store, asks.ReadBrowsers(ALICE, NOW + 3))] == [b"2", b"0"]

"""What a process remembers of decisions, and what ends it: a change, a silence, a store that refuses, a fork. Attack 111."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from twofa_middleware.protocol import UserKey
from twofa_middleware.stores import near_cache
from twofa_middleware.stores.near_cache import ASK_SECONDS, BELIEVED_SECONDS, MOST_KEPT, MOST_OF_A_USER, Mark, NearCache

ALICE, BOB = UserKey("alice"), UserKey("bob")


class Told:
    """The ``Changes`` of a store that says what the test says."""

    def __init__(self) -> None:
        self.now: int | None = 1
        self.begun = 0
        self.is_closed = False
        self.forget: Callable[[UserKey | None], None] = lambda user: None

    def begin(self, forget: Callable[[UserKey | None], None]) -> None:
        self.begun += 1
        self.forget = forget

    def stamp(self) -> int | None:
        return self.now

    def close(self) -> None:
        self.is_closed = True


class Process:
    """A near cache, what its store tells, and its clock."""

    def __init__(self) -> None:
        self.told = Told()
        self.at = 1000.0
        self.near = NearCache(self.told, clock=lambda: self.at)

    def mark(self) -> Mark:
        mark = self.near.mark()
        assert mark is not None
        return mark

    def read(self, key: object = "key", user: UserKey = ALICE, what: str = "decision") -> None:
        """The store is asked, answers, and what comes of it is kept."""
        mark = self.mark()
        self.near.vouch(mark)
        self.near.keep(mark, user, key, what)


@pytest.fixture
def process() -> Process:
    return Process()


def test_what_was_read_is_found(process: Process) -> None:
    process.read()
    assert (process.near.find("key"), process.near.find("another")) == ("decision", None)
    assert (process.near.has("key"), process.near.has("another")) == (True, False)
    process.read(what="another decision")
    assert process.near.find("key") == "another decision"


@pytest.mark.parametrize("changed", [ALICE, None])
def test_a_change_while_it_was_read_keeps_nothing_of_it(process: Process, changed: UserKey | None) -> None:
    mark = process.mark()
    process.near.vouch(mark)
    process.told.forget(changed)
    process.near.keep(mark, ALICE, "key", "stale")
    assert process.near.find("key") is None


def test_a_change_of_another_user_is_none(process: Process) -> None:
    process.read("bobs", BOB)
    mark = process.mark()
    process.told.forget(BOB)
    process.near.keep(mark, ALICE, "key", "decision")
    assert (process.near.find("key"), process.near.find("bobs")) == ("decision", None)


@pytest.mark.parametrize("changed", [ALICE, None])
def test_a_change_ends_all_that_was_remembered_of_the_user(process: Process, changed: UserKey | None) -> None:
    process.read("one")
    process.read("two")
    process.told.forget(changed)
    assert (process.near.find("one"), process.near.find("two")) == (None, None)
    process.read("one")
    assert process.near.find("one") == "decision"


@pytest.mark.parametrize("stamp", [2, None])
def test_another_stamp_while_it_was_read_keeps_nothing_of_it(process: Process, stamp: int | None) -> None:
    mark = process.mark()
    process.near.vouch(mark)
    process.told.now = stamp
    process.near.keep(mark, ALICE, "key", "stale")
    process.told.now = 1
    assert process.near.find("key") is None


@pytest.mark.parametrize("stamp", [2, None])
def test_what_was_read_under_another_stamp_is_not_found(process: Process, stamp: int | None) -> None:
    process.read()
    process.told.now = stamp
    assert process.near.find("key") is None


def test_where_nothing_can_be_told_nothing_is_begun(process: Process) -> None:
    process.told.now = None
    assert process.near.mark() is None


def test_the_store_is_listened_to_from_the_first_mark_on_and_once(process: Process) -> None:
    assert process.told.begun == 0
    process.mark()
    process.mark()
    assert process.told.begun == 1


def test_the_number_is_read_before_the_stamp(process: Process) -> None:
    """A change that comes in between is in the stamp, or is told: it is never in neither."""
    process.mark()
    answers = process.told.stamp

    def stamp() -> int | None:
        process.told.forget(ALICE)
        return answers()

    process.near._stamp = stamp
    mark = process.mark()
    process.near._stamp = answers
    process.near.vouch(mark)
    process.near.keep(mark, ALICE, "key", "stale")
    assert process.near.find("key") is None


# ---- how long -------------------------------------------------------------------------------------------------------


def test_one_request_a_second_asks_the_store_and_the_others_go_on(process: Process) -> None:
    process.read()
    process.at += ASK_SECONDS
    assert [process.near.find("key") for _ in range(3)] == [None, "decision", "decision"]
    process.at += ASK_SECONDS / 2
    assert process.near.find("key") == "decision"


def test_a_store_that_has_answered_is_asked_a_second_later_again(process: Process) -> None:
    process.read()
    for _ in range(5):
        process.at += ASK_SECONDS
        assert process.near.find("key") is None
        process.near.vouch(process.mark())
        assert process.near.find("key") == "decision"


@pytest.mark.parametrize("asks_at", [(), (1.0,), (1.0, 1.9), (1.9,), (1.99,)])
def test_a111_nothing_is_believed_for_longer_whoever_was_to_ask(process: Process, asks_at: tuple[float, ...]) -> None:
    process.read()
    for at in asks_at:
        process.at = 1000 + at
        process.near.find("key")  # it was this one's turn to ask, and no answer came
    process.at = 1000 + BELIEVED_SECONDS
    assert [process.near.find("key") for _ in range(3)] == [None, None, None]
    process.at += 0.1
    assert process.near.find("key") is None


def test_an_older_answer_does_not_take_back_what_a_younger_one_has_said(process: Process) -> None:
    old = process.mark()
    process.at += 1.5
    process.read()
    process.near.vouch(old)
    process.at += 0.9
    assert process.near.find("key") == "decision"


def test_after_a_doubt_nothing_is_believed_until_the_store_answers(process: Process) -> None:
    process.read()
    mark = process.mark()
    process.near.doubt()
    assert process.near.find("key") is None
    process.near.keep(mark, ALICE, "key", "stale")
    process.near.vouch(mark)
    assert process.near.find("key") is None
    process.read()
    assert process.near.find("key") == "decision"


def test_a_closed_one_remembers_nothing(process: Process) -> None:
    process.read()
    process.near.close()
    assert (process.told.is_closed, process.near.find("key")) == (True, None)


# ---- how much -------------------------------------------------------------------------------------------------------


def test_it_is_bounded_and_the_oldest_goes(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_cache, "MOST_KEPT", 3)
    for key in ("a", "b", "c", "a", "d"):
        process.read(key)
    assert {key for key in "abcd" if process.near.find(key)} == {"a", "c", "d"}
    process.told.forget(ALICE)
    assert (process.near._kept, process.near._of_user) == ({}, {})


def test_who_has_nothing_left_is_not_known(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_cache, "MOST_KEPT", 1)
    process.read("a", ALICE)
    process.read("b", BOB)
    assert process.near._of_user == {BOB: {"b": None}}


def test_a_key_goes_to_whom_it_was_kept_for_last(process: Process) -> None:
    process.read("key", ALICE)
    process.read("key", BOB)
    process.told.forget(ALICE)
    assert process.near.find("key") == "decision"
    process.told.forget(BOB)
    assert process.near.find("key") is None


def test_changes_that_are_noted_no_more_count_as_those_of_all(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_cache, "MOST_NOTED", 2)
    mark = process.mark()
    process.near.vouch(mark)
    process.told.forget(ALICE)
    early = process.mark()
    for name in ("one", "two"):
        process.told.forget(UserKey(name))
    process.near.keep(mark, ALICE, "key", "stale")
    assert process.near.find("key") is None
    assert len(process.near._noted) == 2
    process.near.keep(early, ALICE, "key", "decision")  # begun after her change
    assert process.near.find("key") == "decision"


# ---- over a fork ----------------------------------------------------------------------------------------------------


def test_a_child_inherits_nothing(process: Process) -> None:
    process.read()
    with process.near._lock:  # as if another thread held it
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # one that waits for ever has failed, too
            is_empty = process.near.find("key") is None
            process.read("childs")
            is_new = process.told.begun == 2 and process.near.find("childs") == "decision"
            os._exit(0 if is_empty and is_new else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (process.near.find("key"), process.near.find("childs")) == ("decision", None)


def test_a_user_who_sends_other_bytes_each_time_pushes_nobody_else_out(process: Process) -> None:
    process.read("hers")
    for number in range(MOST_KEPT + 1):
        process.read(number, BOB)
    assert process.near.find("hers") == "decision"
    found = [process.near.find(number) for number in (0, MOST_KEPT - MOST_OF_A_USER, MOST_KEPT)]
    assert found == [None, None, "decision"]

"""Contract: a question touches its own user's records alone, and every question is answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from support.stores import (
    ALICE,
    BOB,
    DAY,
    GENERATION,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    a_row,
    a_setup,
    ask,
    enrol,
    fail,
    has_browser,
    has_pass,
    names_of,
    note,
    open_pass,
    row_id,
    spend_code,
    spend_step,
    summary_of,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.protocol import Store, UserKey

LATER = NOW + 100 * DAY  # everything has expired: pruning must stay with its user too
CHANGE = a_change(GENERATION + 1)
RECORDS = asks.Records(
    asks.AccountRow(GENERATION + 1, STEP, b"roster", {"other": b"sealed"}, frozenset({b"code"})),
    (a_pass("first"),),
    (a_browser(),),
    person=b"new",
    failures={NOW: 2},
    met={"four": NOW},
)
FULL = [f"full-{number}" for number in range(asks.MOST_MINOR_ROWS - 2)]

QUESTIONS: list[Callable[[UserKey], asks.StoreAsk[Any]]] = [
    lambda user: asks.Look(user, b"first", b"browser", NOW),
    lambda user: asks.ReadAttempts(user, NOW),
    lambda user: asks.ReadAttempts(user, NOW - DAY),
    lambda user: asks.TakeAttempt(user, NOW + 30, b"setup"),
    lambda user: asks.TakeAttempt(user, LATER),
    lambda user: asks.TakeAttempt(user, NOW - 100 * DAY),
    lambda user: asks.TakeRecoveryAttempt(user, NOW),
    lambda user: asks.TakeRecoveryAttempt(user, LATER),
    lambda user: asks.TakeRecoveryAttempt(user, NOW - 100 * DAY),
    lambda user: spend_step(user, step=STEP + 90, opens=a_pass("new"), remembers=a_browser("new"), ends=b"first"),
    lambda user: spend_step(user, step=STEP + 90, opens=a_pass("new", at=LATER), remembers=a_browser("new"), at=LATER),
    lambda user: spend_step(user, step=STEP + 90, change=CHANGE),
    lambda user: spend_code(user, opens=a_pass("new"), remembers=a_browser("new"), ends=b"first"),
    lambda user: spend_code(user, change=CHANGE),
    lambda user: turn_on(user, generation=GENERATION, change=CHANGE, step=STEP + 90),
    lambda user: asks.BeginSetup(user, a_setup("new"), NOW),
    lambda user: asks.BeginSetup(user, a_setup("new", at=LATER), LATER),
    lambda user: asks.ReadSetup(user, b"setup", NOW),
    lambda user: open_pass(a_pass("new"), user, at=NOW + 5, browser_digest=b"browser", ends=b"first"),
    lambda user: open_pass(a_pass("new", at=LATER), user, at=LATER),
    lambda user: asks.EndPass(user, b"first", NOW),
    lambda user: asks.TouchPass(user, b"first", NOW + 60),
    lambda user: asks.ReadBrowsers(user, NOW),
    lambda user: asks.ForgetBrowsers(user, b"browser", NOW),
    lambda user: asks.ForgetBrowsers(user, None, NOW),
    lambda user: asks.MeetRules(user, ("one", "three"), NOW - DAY),
    lambda user: asks.ReadSummary(user, LATER),
    lambda user: asks.ResetAccount(user, GENERATION, CHANGE, NOW),
    lambda user: asks.Unlock(user, NOW),
    lambda user: asks.EndPasses(user, NOW),
    lambda user: asks.Note(user, NOW),
    lambda user: asks.Acknowledge(user),
    lambda user: asks.ReadRecords(user),
    lambda user: asks.WriteRecords(user, GENERATION, RECORDS, NOW),
    lambda user: asks.WriteRecords(user, GENERATION, asks.Records(), LATER),
    lambda user: asks.Reseal(user, (asks.Swap("pass", b"first", b"record of first", b"new"),), NOW),
    lambda user: asks.Reseal(user, (asks.Swap("person", b"", b"who", b"new"),), LATER),
    lambda user: asks.BeginLogin(user, b"who", NOW + 60, NOW),
    lambda user: asks.Bind(user, None, b"record", LATER, NOW),
    lambda user: asks.Unbind(user, b"who", NOW),
    lambda user: asks.ReadBinding(user, NOW),
]

OF_THE_REALM: list[asks.StoreAsk[Any]] = [
    asks.ReadRoles(),
    asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW),
    asks.ReadPeople(None, 1000),
    asks.ReadEvents(None, 1000),
    asks.FollowEvents(None, 1000),
    asks.Sweep(NOW, 1),
    asks.Sweep(NOW, 1000),
    asks.AddCounts(NOW // DAY, {"verify": 1}),
    asks.ReadCounts(0),
    asks.TakeLease("sweep", "one", NOW + 60, NOW),
    asks.ReadMark("mail"),
    asks.MoveMark("mail", "5"),
    asks.ReadUsers(None, 1000),
    asks.Acknowledge(asks.REALM),
    asks.AddEvents((asks.EventRow("", ALICE, row_id("added"), NOW, b"record"),)),
    asks.Reseal(asks.REALM, (asks.Swap("flag", b"role", b"flag", b"new"),), NOW),
]


def settle_in(store: Store, user: UserKey) -> None:
    """A user with something of everything, and waiting; of his two rows in the log one is not ready."""
    enrol(store, user)
    ask(store, open_pass(a_pass("pass-0"), user))
    ask(store, spend_step(user, step=STEP + 1, remembers=a_browser()))
    ask(store, asks.BeginSetup(user, a_setup(), NOW))
    ask(store, asks.TakeRecoveryAttempt(user, NOW))
    ask(store, asks.MeetRules(user, ("one", "two"), NOW))
    note(store, "login", a_row("failure", ready_at=LATER), user=user, person=b"who", roles=b"roles")
    fail(store, 5, user)


def reach_every_cap(store: Store, user: UserKey) -> int:
    """He has all that he can have, but for two failures; answers when the last failure was."""
    for number in range(1, asks.MOST_UNPROVEN_PASSES):
        ask(store, open_pass(a_pass(f"pass-{number}"), user))
    for number in range(1, asks.MOST_BROWSERS):
        ask(store, spend_step(user, step=STEP + 1 + number, attempt_at=0, remembers=a_browser(f"browser-{number}")))
    for name in ("setup-2", "setup-3"):
        ask(store, asks.BeginSetup(user, a_setup(name), NOW))
    note(store, *FULL, user=user)
    return fail(store, asks.STOP_FAILURES - 2 - 5, user)


def everything_of(store: Store, user: UserKey, failed_at: int) -> list[object]:
    """All that can be seen of a user without changing it."""
    passes = [b"first", b"new", *(f"pass-{number}".encode() for number in range(asks.MOST_UNPROVEN_PASSES))]
    setups = [b"setup", b"setup-2", b"setup-3", b"new"]
    return [
        *(ask(store, asks.Look(user, name, b"browser", NOW)) for name in passes),
        *(ask(store, asks.ReadSetup(user, name, NOW)) for name in setups),
        ask(store, asks.ReadBrowsers(user, NOW)),
        ask(store, asks.ReadAttempts(user, failed_at)),
        ask(store, asks.ReadAttempts(user, failed_at + asks.LONGEST_WAIT_SECONDS)),
        summary_of(store, user),
    ]


def with_notes(question: asks.StoreAsk[Any], number: int) -> asks.StoreAsk[Any]:
    """The same question with notes, where it can have some: whatever its outcome, they tell of the user anew."""
    if not hasattr(question, "notes"):
        return question
    words = ("attempt", "waiting", "stopped", "spent", "begun", "found", "done", "absent", "met")
    rows = dict.fromkeys(words, (a_row(f"note-{number}"), a_row("minor", is_minor=True)))
    notes = asks.Notes(rows, person=b"new", roles=b"new", takes_back=row_id("failure"))
    changed: asks.StoreAsk[Any] = dataclasses.replace(question, notes=notes)  # type: ignore[type-var]
    return changed


def test_a_question_about_one_user_leaves_the_other_as_he_was(store: Store) -> None:
    settle_in(store, BOB)
    failed_at = reach_every_cap(store, BOB)
    before = everything_of(store, BOB, failed_at)
    logs = {BOB: ["login", "failure", *FULL]}
    for number, question in enumerate(QUESTIONS):
        other = UserKey(f"user-{number}")
        settle_in(store, other)
        asked = with_notes(question(other), number)
        assert not isinstance(ask(store, asked), asks.Moved | asks.SpentBefore), asked
        assert everything_of(store, BOB, failed_at) == before, asked
        logs[other] = ["login", f"note-{number}", "minor"] if hasattr(asked, "notes") else ["login", "failure"]

    recovery = ask(store, asks.TakeRecoveryAttempt(BOB, NOW))
    assert isinstance(recovery, asks.Attempt)
    assert recovery.left == asks.RECOVERY_ATTEMPTS - 2
    at = fail(store, 1, BOB, at=failed_at)
    assert isinstance(ask(store, asks.ReadAttempts(BOB, at)), asks.Waiting)
    fail(store, 1, BOB, at=at)
    assert ask(store, asks.ReadAttempts(BOB, at)) == asks.Stopped()
    assert {user: names_of(store, user, at=LATER) for user in logs} == logs


def test_a_question_about_the_realm_leaves_every_user_as_he_was(store: Store) -> None:
    settle_in(store, BOB)
    failed_at = reach_every_cap(store, BOB)
    before = everything_of(store, BOB, failed_at)
    for question in OF_THE_REALM:
        assert not isinstance(ask(store, question), asks.Moved), question
        assert everything_of(store, BOB, failed_at) == before, question


def fill(store: Store, user: UserKey, at: int) -> None:
    """The user has 20 passes, 20 browsers and 3 set-ups, each a second newer than the one before."""
    for number in range(asks.MOST_UNPROVEN_PASSES):
        ask(store, open_pass(a_pass(f"pass-{number}", at=at + number), user))
    for number in range(asks.MOST_BROWSERS):
        remembers = a_browser(f"browser-{number}", at=at + number)
        ask(store, spend_step(user, step=STEP + 1 + number, attempt_at=0, remembers=remembers))
    for number in range(asks.MOST_SETUPS):
        ask(store, asks.BeginSetup(user, a_setup(f"setup-{number}", at=at + number), NOW))


def kept(store: Store, user: UserKey) -> tuple[int, int, int]:
    """How many passes, browsers and set-ups of ``fill`` there are."""
    passes = [has_pass(store, f"pass-{number}", user) for number in range(asks.MOST_UNPROVEN_PASSES)]
    setups = [ask(store, asks.ReadSetup(user, f"setup-{number}".encode(), NOW)) for number in range(asks.MOST_SETUPS)]
    browsers = [has_browser(store, f"browser-{number}", user) for number in range(asks.MOST_BROWSERS)]
    return sum(passes), sum(browsers), sum(setup is not None for setup in setups)


def test_a_user_at_every_cap_takes_no_room_from_another(store: Store) -> None:
    enrol(store, ALICE)
    enrol(store, BOB)
    fill(store, BOB, at=NOW + 60)
    fill(store, ALICE, at=NOW)
    assert kept(store, ALICE) == (asks.MOST_UNPROVEN_PASSES, asks.MOST_BROWSERS, asks.MOST_SETUPS)


def test_what_one_user_pushes_out_is_not_pushed_out_for_another(store: Store) -> None:
    enrol(store, ALICE)
    enrol(store, BOB)
    fill(store, BOB, at=NOW)
    fill(store, ALICE, at=NOW)
    ask(store, open_pass(a_pass("one more", at=NOW + 60), ALICE))
    ask(store, spend_step(ALICE, step=STEP + 90, remembers=a_browser("one more", at=NOW + 60)))
    ask(store, asks.BeginSetup(ALICE, a_setup("one more", at=NOW + 60), NOW))
    assert kept(store, ALICE) == (asks.MOST_UNPROVEN_PASSES - 1, asks.MOST_BROWSERS - 1, asks.MOST_SETUPS - 1)
    assert kept(store, BOB) == (asks.MOST_UNPROVEN_PASSES, asks.MOST_BROWSERS, asks.MOST_SETUPS)


def test_what_is_stored_again_at_a_cap_pushes_nothing_out(store: Store) -> None:
    enrol(store, ALICE)
    fill(store, ALICE, at=NOW)
    ask(store, open_pass(a_pass("pass-19"), ALICE))
    ask(store, spend_step(ALICE, step=STEP + 90, remembers=a_browser("browser-19")))
    ask(store, asks.BeginSetup(ALICE, a_setup("setup-2"), NOW))
    assert kept(store, ALICE) == (asks.MOST_UNPROVEN_PASSES, asks.MOST_BROWSERS, asks.MOST_SETUPS)


def test_the_isolation_test_knows_every_question() -> None:
    known = {kind for kind in vars(asks).values() if isinstance(kind, type) and issubclass(kind, asks.StoreAsk)}
    asked = [*(question(ALICE) for question in QUESTIONS), *OF_THE_REALM]
    assert {type(question) for question in asked} == known - {asks.StoreAsk}


def test_what_is_no_question_to_a_store_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="Random is no question"):
        ask(store, asks.Random(16))

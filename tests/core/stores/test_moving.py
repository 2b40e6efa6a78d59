"""Contract: what the store holds of a user is read, put elsewhere and sealed anew, whole or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.stores import (
    ALICE,
    BOB,
    CODES,
    DAY,
    GENERATION,
    KINDS,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    a_row,
    a_setup,
    all_events,
    ask,
    enrol,
    fail,
    look,
    names_of,
    note,
    notes_of,
    open_pass,
    spend_step,
    summary_of,
)
from twofa_middleware import asks
from twofa_middleware.protocol import Store, UserKey

BIG = 2**53 + 1  # the first whole number that a double has not
NOTHING = asks.Records()


@pytest.fixture(params=KINDS, ids=lambda kind: f"to-{kind.name}")
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A second store, to which users move."""
    folder = tmp_path / "other"
    folder.mkdir()
    with request.param.made(folder) as made:
        yield made


def records_of(store: Store, user: UserKey = ALICE) -> asks.Records:
    """What there is, with rows in an order in which they can be compared."""
    found = ask(store, asks.ReadRecords(user))
    passes = tuple(sorted(found.passes, key=lambda row: row.digest))
    return dataclasses.replace(found, passes=passes, browsers=tuple(sorted(found.browsers, key=lambda row: row.digest)))


def write(store: Store, records: asks.Records, user: UserKey = ALICE, **values: Any) -> asks.Done | asks.Moved:
    usual: dict[str, Any] = {"generation": 0, "now": NOW}
    return ask(store, asks.WriteRecords(user, records=records, **(usual | values)))


def an_account(generation: int = GENERATION, last_step: int = STEP, **authenticators: bytes) -> asks.AccountRow:
    sealed = authenticators or {"phone": b"sealed secret"}
    return asks.AccountRow(generation, last_step, b"roster", sealed, CODES)


def settle_in(store: Store, user: UserKey = ALICE) -> None:
    """The user has something of everything, has failed seven times, and waits."""
    enrol(store, user, change=a_change(BIG, phone=b"sealed secret", key=bytes(range(256))))
    ask(store, open_pass(a_pass("unproven"), user, generation=BIG))
    for number in (1, 2):
        ask(store, spend_step(user, generation=BIG, step=STEP + number, remembers=a_browser(f"browser-{number}")))
    ask(store, asks.TouchPass(user, b"first", NOW + 3600))
    ask(store, asks.BeginSetup(user, a_setup(), NOW))
    for at in (NOW, NOW, NOW + 9):
        ask(store, asks.TakeRecoveryAttempt(user, at))
    ask(store, asks.MeetRules(user, ("one", "two"), NOW - 5))
    note(store, "first", a_row("later", ready_at=NOW + 9), "last", user=user, person=b"who\0", roles=b"roles\xff")
    fail(store, 7, user)


# ---- reading and writing --------------------------------------------------------------------------------------------


def test_of_somebody_unknown_the_records_are_empty(store: Store) -> None:
    assert ask(store, asks.ReadRecords(ALICE)) == NOTHING


def test_the_records_of_a_user_are_all_that_there_is_of_him(store: Store) -> None:
    settle_in(store)
    found = records_of(store)
    assert found.account == ask(store, look()).account
    assert [row.digest for row in found.passes] == [b"first", b"unproven"]
    assert found.passes[0] == dataclasses.replace(a_pass("first", proven=True), used_at=NOW + 3600)
    assert [row.digest for row in found.browsers] == [b"browser-1", b"browser-2"]
    assert (found.person, found.roles) == (b"who\0", b"roles\xff")
    assert sum(found.failures.values()) == 7
    assert found.recovery_tries == {NOW: 2, NOW + 9: 1}
    assert found.in_a_row == 7
    assert ask(store, asks.ReadAttempts(ALICE, NOW)) == asks.Waiting(found.wait_until)
    assert found.met == {"one": NOW - 5, "two": NOW - 5}
    assert found.log == (a_row("first"), a_row("later", ready_at=NOW + 9), a_row("last"))


def test_rows_that_have_expired_are_not_written(store: Store) -> None:
    settle_in(store)
    records = records_of(store)
    assert write(store, records, generation=BIG, now=NOW + DAY) == asks.Done()
    assert records_of(store) == dataclasses.replace(records, passes=())
    assert write(store, records, generation=BIG, now=NOW + 90 * DAY) == asks.Done()
    assert records_of(store) == dataclasses.replace(records, passes=(), browsers=())


def test_a_user_who_moves_has_there_what_he_had_here(store: Store, other: Store) -> None:
    settle_in(store)
    records = ask(store, asks.ReadRecords(ALICE))
    assert write(other, records) == asks.Done()
    assert records_of(other) == records_of(store)
    assert summary_of(other) == summary_of(store)
    assert ask(other, asks.ReadSetup(ALICE, b"setup", NOW)) is None
    assert names_of(other, at=NOW + 9) == ["first", "later", "last"]


def test_records_take_the_place_of_all_that_was_there(store: Store) -> None:
    settle_in(store)
    log = records_of(store).log
    account = an_account(GENERATION, STEP + 90, other=b"new secret")
    assert write(store, asks.Records(account, person=b"somebody"), generation=BIG) == asks.Done()
    assert records_of(store) == asks.Records(account, person=b"somebody", log=log)
    assert ask(store, asks.ReadSetup(ALICE, b"setup", NOW)) is None
    assert ask(store, asks.ReadAttempts(ALICE, NOW)) == asks.Ready(5)


def test_records_are_written_under_the_generation_that_was_seen_or_not_at_all(store: Store) -> None:
    settle_in(store)
    before = records_of(store)
    records = asks.Records(an_account(), person=b"new", log=(a_row("new"),), met={"three": NOW})
    for generation in (0, 1, BIG - 1, BIG + 1, 2**63 - 1):
        assert write(store, records, generation=generation) == asks.Moved()
    assert write(store, records, BOB, generation=1) == asks.Moved()
    assert records_of(store) == before
    assert ask(store, asks.ReadSetup(ALICE, b"setup", NOW)) == a_setup()
    assert records_of(store, BOB) == NOTHING


def test_what_was_written_once_is_not_written_over_by_the_same_question(store: Store) -> None:
    assert write(store, asks.Records(an_account())) == asks.Done()
    assert write(store, asks.Records(an_account())) == asks.Moved()
    assert write(store, asks.Records(an_account(2**63 - 1)), generation=GENERATION) == asks.Done()
    account = records_of(store).account
    assert account is not None
    assert account.generation == 2**63 - 1


@pytest.mark.parametrize(("brought", "kept"), [(STEP - 1, STEP), (STEP, STEP), (STEP + 1, STEP + 1)])
def test_the_last_step_never_goes_down(store: Store, brought: int, kept: int) -> None:
    enrol(store)
    assert write(store, asks.Records(an_account(GENERATION + 1, brought)), generation=GENERATION) == asks.Done()
    assert records_of(store).account == an_account(GENERATION + 1, kept)


def test_records_without_an_account_leave_the_one_that_is_there(store: Store) -> None:
    settle_in(store)
    before = records_of(store)
    assert write(store, asks.Records(person=b"who"), generation=BIG) == asks.Done()
    assert records_of(store) == asks.Records(before.account, person=b"who", log=before.log)


def test_who_has_no_account_moves_with_his_passes(store: Store) -> None:
    records = asks.Records(passes=(a_pass(),), failures={NOW: 3, NOW - 1: 1}, in_a_row=4, roles=b"roles")
    assert write(store, records) == asks.Done()
    assert records_of(store) == records
    assert ask(store, asks.ReadAttempts(ALICE, NOW)) == asks.Ready(1)


def test_a_row_of_the_log_that_is_there_is_not_written_again(store: Store) -> None:
    note(store, "one", "two")
    rows = (a_row("three"), a_row("two"), a_row("four", is_minor=True), a_row("three"))
    for _ in range(2):
        assert write(store, asks.Records(log=rows)) == asks.Done()
    assert names_of(store) == ["one", "two", "three", "four"]


def test_a_log_that_is_carried_elsewhere_loses_none_for_being_long(store: Store) -> None:
    rows = tuple(a_row(f"row-{number}", is_minor=True) for number in range(2 * asks.MOST_MINOR_AN_HOUR))
    assert write(store, asks.Records(log=rows)) == asks.Done()
    assert len(names_of(store)) == len(rows)


def test_notes_come_behind_the_records(store: Store) -> None:
    records = asks.Records(person=b"old", log=(a_row("carried"),))
    assert write(store, records, notes=notes_of("imported", person=b"new")) == asks.Done()
    assert names_of(store) == ["carried", "imported"]
    assert records_of(store).person == b"new"


def test_no_more_rows_are_kept_than_otherwise(store: Store) -> None:
    passes = tuple(a_pass(f"pass-{number}", at=NOW + number) for number in range(asks.MOST_UNPROVEN_PASSES + 5))
    browsers = tuple(a_browser(f"browser-{number}", at=NOW + number) for number in range(asks.MOST_BROWSERS + 5))
    assert write(store, asks.Records(passes=passes, browsers=browsers)) == asks.Done()
    found = records_of(store)
    assert set(found.passes) == set(passes[5:])
    assert set(found.browsers) == set(browsers[5:])


# ---- users, page by page --------------------------------------------------------------------------------------------


def users_of(store: Store, limit: int = 500) -> Iterator[UserKey]:
    """Every user, a page at a time; a page is asked for when the one before has been taken."""
    after: UserKey | None = None
    while True:
        page = ask(store, asks.ReadUsers(after, limit))
        assert len(page) <= limit
        yield from page
        if len(page) < limit:
            return
        after = page[-1]


SOMETHING: dict[str, asks.StoreAsk[Any]] = {
    "account": asks.ResetAccount(ALICE, 0, a_change(), NOW),
    "pass": open_pass(generation=0),
    "try": asks.TakeAttempt(ALICE, NOW),
    "recovery-try": asks.TakeRecoveryAttempt(ALICE, NOW),
    "rule": asks.MeetRules(ALICE, ("rule",), NOW),
    "person": asks.Note(ALICE, NOW, notes_of(person=b"who")),
    "roles": asks.Note(ALICE, NOW, notes_of(roles=b"roles")),
    "event": asks.Note(ALICE, NOW, notes_of("event")),
    "records": asks.WriteRecords(ALICE, 0, asks.Records(browsers=(a_browser(),)), NOW),
}


@pytest.mark.parametrize("question", SOMETHING.values(), ids=SOMETHING)
def test_whoever_has_anything_is_found(store: Store, question: asks.StoreAsk[Any]) -> None:
    ask(store, question)
    assert records_of(store) != NOTHING
    assert list(users_of(store)) == [ALICE]


def test_the_realm_is_no_user_and_takes_no_place(store: Store) -> None:
    note(store, "event", user=asks.REALM, person=b"who", roles=b"roles")
    note(store, "event", user=UserKey("-"))
    note(store, "event", user=BOB)
    assert list(users_of(store, 1)) == ["-", BOB]


def test_users_are_in_the_order_of_their_keys(store: Store) -> None:
    keys = ["-9", "A", "Z", "_", "a", "a-", "aa", "b", "é", "\uffee", "\U0001f600"]  # in the order of their bytes
    for place, key in enumerate(reversed(keys)):
        ask(store, _of(place, key))
    assert list(users_of(store)) == keys
    assert ask(store, asks.ReadUsers(UserKey("a-"), 2)) == ("aa", "b")
    assert ask(store, asks.ReadUsers(UserKey("a0"), 2)) == ("aa", "b")


def _of(place: int, key: str) -> Any:
    return dataclasses.replace(list(SOMETHING.values())[place % len(SOMETHING)], user=UserKey(key))  # type: ignore[type-var]


@pytest.mark.parametrize("limit", [1, 2, 7, 500])
def test_users_who_come_meanwhile_hide_none_and_show_none_twice(store: Store, limit: int) -> None:
    there = [f"{letter}-{number}" for letter in "AZaz" for number in range(5)]
    for place, key in enumerate(there):
        ask(store, _of(place, key))
    found = []
    for user in users_of(store, limit):
        found.append(user)
        for place, key in enumerate((f"{user}-after", f"A-before-{len(found)}", f"z-late-{len(found)}")):
            if len(found) <= len(there):
                ask(store, _of(place, key))
    assert found == sorted(set(found))
    assert set(there) <= set(found)


# ---- sealed anew ----------------------------------------------------------------------------------------------------


def swaps_of(records: asks.Records) -> tuple[asks.Swap, ...]:
    """Every record of a user, to be sealed anew."""
    account = records.account
    assert account is not None
    assert records.person is not None
    assert records.roles is not None
    sealed = [("roster", b"", account.roster), ("person", b"", records.person), ("roles", b"", records.roles)]
    sealed += [("authenticator", name.encode(), record) for name, record in account.authenticators.items()]
    sealed += [("pass", row.digest, row.record) for row in records.passes]
    sealed += [("browser", row.digest, row.record) for row in records.browsers]
    return tuple(asks.Swap(kind, name, old, b"new " + old) for kind, name, old in sealed)  # type: ignore[arg-type]


def resealed(records: asks.Records) -> asks.Records:
    """The same, with every record sealed anew."""
    account = records.account
    assert account is not None
    authenticators = {name: b"new " + record for name, record in account.authenticators.items()}
    return dataclasses.replace(
        records,
        account=dataclasses.replace(account, roster=b"new " + account.roster, authenticators=authenticators),
        passes=tuple(dataclasses.replace(row, record=b"new " + row.record) for row in records.passes),
        browsers=tuple(dataclasses.replace(row, record=b"new " + row.record) for row in records.browsers),
        person=b"new " + (records.person or b""),
        roles=b"new " + (records.roles or b""),
    )


@pytest.mark.parametrize("at", [NOW - DAY, NOW, NOW + 100 * DAY], ids=["before", "now", "when all has expired"])
def test_sealing_anew_changes_the_records_and_nothing_else(store: Store, at: int) -> None:
    settle_in(store)
    settle_in(store, BOB)
    before, of_bob = records_of(store), records_of(store, BOB)
    assert ask(store, asks.Reseal(ALICE, swaps_of(before), at)) == asks.Done()
    assert records_of(store) == resealed(before)
    assert records_of(store, BOB) == of_bob
    assert ask(store, asks.ReadSetup(ALICE, b"setup", NOW)) == a_setup()


def test_one_record_that_is_another_by_now_keeps_all_from_being_sealed_anew(store: Store) -> None:
    settle_in(store)
    before = records_of(store)
    swaps = swaps_of(before)
    for place, swap in enumerate(swaps):
        for odd in (
            dataclasses.replace(swap, old=swap.old + b"\0"),
            dataclasses.replace(swap, old=swap.old[:-1]),
            dataclasses.replace(swap, name=swap.name + b"x"),
            dataclasses.replace(swap, kind="flag"),
        ):
            others = (*swaps[:place], *swaps[place + 1 :])
            assert ask(store, asks.Reseal(ALICE, (*others, odd), NOW)) == asks.Moved()
    assert ask(store, asks.Reseal(BOB, swaps, NOW)) == asks.Moved()
    assert records_of(store) == before
    assert records_of(store, BOB) == NOTHING


def test_no_records_are_sealed_anew_at_once(store: Store) -> None:
    assert ask(store, asks.Reseal(ALICE, (), NOW)) == asks.Done()
    assert ask(store, asks.Reseal(asks.REALM, (), NOW)) == asks.Done()
    assert records_of(store) == NOTHING


def test_flags_are_sealed_anew_and_keep_their_versions(store: Store) -> None:
    for version in (1, 2):
        ask(store, asks.WriteRole(asks.RoleRow("one", version, b"flag"), NOW))
    ask(store, asks.WriteRole(asks.RoleRow("two", 1, b"other"), NOW))
    one, two = (asks.Swap("flag", b"one", b"flag", b"new\0flag"), asks.Swap("flag", b"two", b"other", b"new"))
    for odd in (
        dataclasses.replace(two, old=b"flag"),
        dataclasses.replace(two, name=b"three"),
        dataclasses.replace(two, kind="roles"),
    ):
        assert ask(store, asks.Reseal(asks.REALM, (one, odd), NOW)) == asks.Moved()
    assert ask(store, asks.Reseal(ALICE, (one, two), NOW)) == asks.Moved()
    assert ask(store, asks.ReadRoles()) == (asks.RoleRow("one", 2, b"flag"), asks.RoleRow("two", 1, b"other"))
    assert ask(store, asks.Reseal(asks.REALM, (one, two), NOW)) == asks.Done()
    assert ask(store, asks.ReadRoles()) == (asks.RoleRow("one", 2, b"new\0flag"), asks.RoleRow("two", 1, b"new"))


# ---- events ---------------------------------------------------------------------------------------------------------


def test_events_are_added_in_their_order_behind_those_that_are_there(store: Store) -> None:
    note(store, "there")
    assert names_of(store) == ["there"]
    brought = tuple(asks.EventRow("elsewhere", user, bytes([7] * 12), NOW - 9, b"\0\xff") for user in (BOB, asks.REALM))
    assert ask(store, asks.AddEvents(brought)) == asks.Done()
    assert ask(store, asks.AddEvents(())) == asks.Done()
    _, *found = all_events(store)
    assert [dataclasses.replace(event, position="elsewhere") for event in found] == list(brought)


def test_the_list_is_cut_when_events_are_added(store: Store) -> None:
    rows = [asks.EventRow("", ALICE, number.to_bytes(12), NOW, b"") for number in range(asks.MOST_EVENTS + 700)]
    for start in range(0, len(rows), 1000):
        ask(store, asks.AddEvents(tuple(rows[start : start + 1000])))
    (first,) = ask(store, asks.FollowEvents(None, 1))
    (last,) = ask(store, asks.ReadEvents(None, 1))
    assert (first.id, last.id) == (rows[700].id, rows[-1].id)

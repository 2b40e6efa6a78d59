"""``twofa restore``: after a store was lost, nothing that it had let in is let in, and no code of the moment is accepted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.cli.conftest import Twofa
from core.cli.houses import DO, SEALED, another_store, counts, exported, holding, key_of, records_of, store_of
from support.setup_codes import setup_code
from support.stage import Stage
from support.stores import ask
from support.visitor import Visitor
from twofa_middleware.accounts.account import raised_generation
from twofa_middleware.asks import AccountRow, Records, TakeAttempt, WriteRecords
from twofa_middleware.moving import stream
from twofa_middleware.moving.entries import UserEntry

INTO = ("--file", "there.toml")


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    """Somebody with a proven pass, and with a browser that is remembered."""
    visitor = stage.enrolled("erin")
    elsewhere = visitor.elsewhere()
    elsewhere.log_in("erin", "login-2")
    elsewhere.verify(remember="1")
    stage.clock.on(30)
    stage.everybody.append(elsewhere)
    stage.visitor("nobody").go("/home")
    return visitor


@pytest.fixture
def there(stage: Stage, erin: Visitor) -> Stage:
    """An empty store in the place of the one that is lost."""
    return another_store(stage, "sqlite:///var/other.db")


def restored(twofa: Twofa, folder: Path, *more: str) -> None:
    exported(twofa, folder)
    done = twofa("restore", "realm.twofa", *DO, *INTO, *more)
    assert done.code == 0, done.err


def account_of(stage: Stage, user: str = "erin") -> AccountRow:
    account = records_of(stage, user).account
    assert account is not None
    return account


def at_the_prompt(there: Stage, visitor: Visitor) -> Visitor:
    """The person with the same phone in a new browser, at a moment whose step is the last but one that is spent."""
    there.clock.now = (account_of(there).last_step - 1) * 30
    return there.meets(visitor.elsewhere())


def test_no_pass_and_no_browser_from_before_lets_in(
    twofa: Twofa, stage: Stage, folder: Path, erin: Visitor, there: Stage
) -> None:
    elsewhere = stage.everybody[-2]
    assert elsewhere.cookie("browser")
    restored(twofa, folder)
    records = records_of(there)
    assert (records.passes, records.browsers) == ((), ())
    for visitor in (erin, elsewhere):
        assert visitor.go("/home").body == b"secret page", "in the store that it was made of"
        assert there.meets(visitor).go("/home").status == 303


def test_a085_no_pass_comes_to_life_that_a_copy_of_the_lost_store_has(
    twofa: Twofa, stage: Stage, folder: Path, erin: Visitor, there: Stage
) -> None:
    lost = records_of(stage)
    restored(twofa, folder)
    row = account_of(there)
    with store_of(there) as store:
        planted = Records(row, lost.passes, lost.browsers)
        ask(store, WriteRecords(key_of(there, "erin"), row.generation, planted, there.clock.now))
    assert records_of(there).passes
    assert there.meets(erin).go("/home").status == 303


def test_a113_no_code_of_this_moment_or_the_next_is_accepted_and_later_ones_are(
    twofa: Twofa, folder: Path, erin: Visitor, there: Stage
) -> None:
    before = int(time.time())
    restored(twofa, folder)
    assert account_of(there).last_step >= before // 30 + 1
    visitor = at_the_prompt(there, erin)
    visitor.log_in("erin", "login-3")
    assert visitor.verify(visitor.code(0)).status != 303
    assert visitor.verify(visitor.code(30)).status != 303
    there.clock.on(60)
    assert visitor.verify().status == 303


def test_the_last_step_is_never_put_back(twofa: Twofa, stage: Stage, folder: Path, erin: Visitor, there: Stage) -> None:
    far = account_of(stage).last_step + 100_000
    row = account_of(stage)
    ahead = AccountRow(row.generation, far, row.roster, row.authenticators, row.codes)
    with store_of(stage) as store:
        ask(store, WriteRecords(key_of(stage, "erin"), row.generation, Records(ahead), stage.clock.now))
    restored(twofa, folder)
    assert account_of(there).last_step == far


def test_the_generation_is_one_that_the_lost_account_cannot_have_reached(
    twofa: Twofa, stage: Stage, folder: Path, there: Stage
) -> None:
    restored(twofa, folder)
    assert account_of(there).generation == raised_generation(account_of(stage).generation)
    assert account_of(there).generation - account_of(stage).generation == 1024


def test_recovery_codes_are_accepted_and_how_many_people_have_some_is_told(
    twofa: Twofa, folder: Path, erin: Visitor, there: Stage
) -> None:
    exported(twofa, folder)
    done = twofa("restore", "realm.twofa", *DO, *INTO)
    assert "1 user has recovery codes that they, or somebody else, may have used since" in done.out
    assert "erin" not in done.out
    visitor = at_the_prompt(there, erin)
    visitor.log_in("erin", "login-3")
    assert visitor.recover(erin.codes[0]).status == 303
    # Erin has spent one, and is told of again as long as others of the old ones are there.
    again = twofa("restore", "realm.twofa", *DO, *INTO, "--list")
    assert "recovery codes: erin (id erin)\n" in again.out
    document = twofa("restore", "realm.twofa", *DO, *INTO, "--json").document
    assert document["codes"] == [{"user": "erin", "label": "erin"}]


def test_recovery_codes_can_be_left_out(twofa: Twofa, folder: Path, erin: Visitor, there: Stage) -> None:
    exported(twofa, folder)
    done = twofa("restore", "realm.twofa", *DO, *INTO, "--without-codes", "--json")
    assert (done.code, done.document["codes"]) == (0, [])
    assert account_of(there).codes == frozenset()
    visitor = at_the_prompt(there, erin)
    visitor.log_in("erin", "login-3")
    assert visitor.recover(erin.codes[0]).status == 422


@pytest.mark.parametrize("more", [(), ("--without-codes",)])
def test_a059_the_one_time_code_of_a_file_sets_nothing_up_and_another_one_does(
    twofa: Twofa, folder: Path, stage: Stage, more: tuple[str, ...]
) -> None:
    coded = stage.changed(admin={"first_setup": "code"})
    code = setup_code(coded.realm, "wendy")
    exported(twofa, folder)
    coded.visitor("wendy").set_up(reset=code)  # and then the store is lost
    there = another_store(stage, "sqlite:///var/other.db", admin={"first_setup": "code"})
    done = twofa("restore", "realm.twofa", *DO, *INTO, *more)
    assert (done.code, "need another one-time code, by twofa setup-code: " in done.out) == (0, True)
    thief = there.visitor("wendy", "login-9")
    thief.go("/2fa/setup")
    assert thief.set_up(reset=code).status == 422
    assert thief.set_up(reset=setup_code(there.realm, "wendy")).status == 200


def test_recovery_codes_that_were_brought_back_can_be_dropped_later(
    twofa: Twofa, folder: Path, erin: Visitor, there: Stage
) -> None:
    restored(twofa, folder)
    before = account_of(there)
    done = twofa("restore", "realm.twofa", *DO, *INTO, "--without-codes", "--json")
    assert (done.code, counts(done), done.document["codes"]) == (0, {"dropped": 1, "there": 1}, [])
    row = account_of(there)
    assert row.codes == frozenset()
    assert (row.authenticators, row.last_step) == (before.authenticators, before.last_step)
    again = twofa("restore", "realm.twofa", *DO, *INTO, "--without-codes", "--json")
    assert (again.code, counts(again)) == (0, {"there": 2})


def test_codes_that_were_made_since_are_not_dropped_with_those_of_the_file(
    twofa: Twofa, folder: Path, erin: Visitor, there: Stage
) -> None:
    restored(twofa, folder)
    visitor = at_the_prompt(there, erin)
    visitor.log_in("erin", "login-3")
    there.clock.on(60)
    visitor.verify()
    there.clock.on(30)
    assert visitor.confirm("codes").status in (200, 303)
    before = account_of(there)
    assert before.codes
    done = twofa("restore", "realm.twofa", *DO, *INTO, "--without-codes", "--replace", "--json")
    assert (done.code, counts(done)) == (0, {"there": 2})
    assert account_of(there) == before


@pytest.mark.parametrize("more", [(), ("--replace",)])
def test_a_stolen_phone_that_was_switched_off_after_a_restore_does_not_come_back_by_dropping_codes(
    twofa: Twofa, folder: Path, erin: Visitor, there: Stage, more: tuple[str, ...]
) -> None:
    restored(twofa, folder)
    assert twofa("disable", "erin", "--reason", "phone stolen", "--yes", *INTO).code == 0
    with store_of(there) as store:
        for _ in range(7):
            ask(store, TakeAttempt(key_of(there, "erin"), int(time.time())))
    before = records_of(there)
    done = twofa("restore", "realm.twofa", *DO, *INTO, "--without-codes", *more)
    assert done.code == 1
    assert "after the file was made: erin (id erin)\n" in done.out
    assert "left out: erin (id erin); 1 may have changed" in done.err
    assert records_of(there) == before


def test_recovery_codes_that_the_store_knows_to_be_spent_do_not_come_back(
    twofa: Twofa, stage: Stage, folder: Path, erin: Visitor
) -> None:
    exported(twofa, folder)
    away = erin.elsewhere()
    away.log_in("erin", "login-3")
    assert away.recover(erin.codes[0]).status == 303
    left = account_of(stage).codes
    assert len(left) == 9
    assert twofa("restore", "realm.twofa", *DO, "--replace").code == 0
    assert account_of(stage).codes == left


def test_tries_and_waits_are_kept(twofa: Twofa, stage: Stage, folder: Path, erin: Visitor, there: Stage) -> None:
    away = erin.elsewhere()
    away.log_in("erin", "login-3")
    for _ in range(5):
        away.verify(away.wrong_code())
    restored(twofa, folder)
    old, new = records_of(stage), records_of(there)
    assert old.in_a_row == 5
    assert (new.failures, new.in_a_row, new.wait_until, new.person) == (
        old.failures,
        old.in_a_row,
        old.wait_until,
        old.person,
    )


def test_each_account_has_an_event_that_says_who_brought_it_back(twofa: Twofa, folder: Path, there: Stage) -> None:
    restored(twofa, folder)
    events = {event.name: event for event in there.events()}
    assert events["restored from a backup"].user == "erin"
    assert events["restored from a backup"].facts["codes_left"] == 10
    assert str(events["restored from a backup"].facts["actor"]).startswith("command line: ")
    assert events["realm imported"].facts["by"] == "restore"
    assert "restored from a backup" not in {event.name for event in there.events() if event.user == "nobody"}


def test_a_restore_is_repeated_and_who_is_there_is_left_as_done(twofa: Twofa, folder: Path, there: Stage) -> None:
    restored(twofa, folder)
    before = holding(there).users
    again = twofa("restore", "realm.twofa", *DO, *INTO, "--json")
    assert (again.code, counts(again)) == (0, {"there": 2})
    assert holding(there).users == before


def test_a_dry_run_changes_nothing(twofa: Twofa, folder: Path, there: Stage) -> None:
    exported(twofa, folder)
    before = holding(there)
    dry = twofa("restore", "realm.twofa", *SEALED, *INTO, "--dry-run", "--json")
    assert (dry.code, counts(dry), len(dry.document["codes"])) == (0, {"written": 2}, 1)
    assert holding(there) == before


def test_over_the_store_that_was_not_lost_after_all_nothing_is_done_unless_asked_for(
    twofa: Twofa, stage: Stage, folder: Path, erin: Visitor
) -> None:
    exported(twofa, folder)
    before = records_of(stage)
    done = twofa("restore", "realm.twofa", *DO, "--json")
    assert (done.code, counts(done)) == (1, {"kept": 1, "there": 1})
    assert records_of(stage) == before
    assert twofa("restore", "realm.twofa", *DO, "--replace").code == 0
    assert erin.go("/home").status == 303


def test_a115_an_account_that_does_not_open_is_closed_and_not_left_out(
    twofa: Twofa, stage: Stage, folder: Path, erin: Visitor, there: Stage
) -> None:
    """Left out, its owner would be somebody without a second factor, and whoever has the password could set one up."""
    row = account_of(stage)
    broken = AccountRow(row.generation, row.last_step, row.roster[:-1] + b"x", row.authenticators, row.codes)
    with store_of(stage) as store:
        ask(store, WriteRecords(key_of(stage, "erin"), row.generation, Records(broken), stage.clock.now))
    exported(twofa, folder)
    done = twofa("restore", "realm.twofa", *DO, *INTO, "--json")
    assert (done.code, counts(done)["unreadable"]) == (1, 1)
    assert there.meets(erin).go("/home").status == 503


def test_an_entry_shows_no_record(stage: Stage, erin: Visitor) -> None:
    shown = repr(UserEntry(key_of(stage, "erin"), records_of(stage)))
    sealed = next(iter(account_of(stage).authenticators.values()))
    assert repr(sealed)[2:-1] not in shown

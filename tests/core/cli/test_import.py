"""``twofa import``: a realm moves into another store and goes on there as it was; nothing that was changed gets in."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli.conftest import Twofa, Typing
from core.cli.gated import settings_file
from core.cli.houses import DO, SEALED, another_store, counts, exported, holding, key_of, records_of, store_of
from support.realm import document
from support.redis_servers import Server, a_server
from support.stage import Stage
from support.stores import ask
from support.visitor import Visitor
from twofa_middleware.accounts.account import changed, raised_generation
from twofa_middleware.asks import AccountRow, AddEvents, FollowEvents, ReadRoles, Records, WriteRecords, WriteRole
from twofa_middleware.cli import bringing
from twofa_middleware.keys_and_store import sealer_of
from twofa_middleware.moving import stream
from twofa_middleware.moving.bringing import bring_user
from twofa_middleware.protocol import UserKey

OTHER = "sqlite:///var/other.db"
INTO = ("--file", "there.toml")


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def lived_in(stage: Stage) -> Stage:
    """A realm with people of every kind: with passes, remembered browsers, waits, spent codes, rules met, switched off."""
    erin = stage.enrolled("erin")
    elsewhere = erin.elsewhere()
    elsewhere.log_in("erin", "login-2")
    elsewhere.verify(remember="1")
    stage.clock.on(30)
    ada = stage.enrolled("ada")
    other = ada.elsewhere()
    other.log_in("ada", "login-2")
    other.recover(ada.codes[0])
    stage.clock.on(30)
    off = stage.enrolled("wendy")
    stage.clock.on(30)
    off.confirm("disable")
    stage.visitor("nobody").go("/home")
    stage.enforce("Cook", grace_days=3)
    stage.enforce("Guest")
    stage.enforce("Guest", is_enforced=False)
    stage.events()
    stage.visitor("late").go("/home")
    away = ada.elsewhere()
    away.log_in("ada", "login-3")
    for _ in range(5):
        away.verify(away.wrong_code())
    return stage


def goes_on(there: Stage, visitor: Visitor) -> bool:
    """Whether a browser that had passed is let in by the other store."""
    return there.meets(visitor).go("/home").body == b"secret page"


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as started:
        yield started


@pytest.fixture
def there(lived_in: Stage) -> Stage:
    return another_store(lived_in, OTHER)


# ---- it goes on as it was -------------------------------------------------------------------------------------------


def test_a_realm_that_moves_to_redis_and_back_is_the_same(
    twofa: Twofa, lived_in: Stage, folder: Path, server: Server
) -> None:
    exported(twofa, folder, "one.twofa")
    before = holding(lived_in)
    on_redis = another_store(lived_in, server.url, "redis")
    done = twofa("import", "one.twofa", *DO, "--file", "redis.toml", "--json")
    assert (done.code, done.err) == (0, "")
    assert counts(done) == {"written": len(before.users)}
    moved = holding(on_redis)
    assert (moved.users, moved.flags) == (before.users, before.flags)
    assert set(moved.events) == set(before.events)
    exported(twofa, folder, "two.twofa", "--file", "redis.toml")
    back = another_store(lived_in, OTHER, "back")
    assert twofa("import", "two.twofa", *DO, "--file", "back.toml").code == 0
    again = holding(back)
    assert (again.users, again.flags) == (before.users, before.flags)
    assert set(before.events) < set(again.events)


def test_passes_browsers_codes_and_waits_go_on_in_the_other_store(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    assert twofa("import", "realm.twofa", *DO, *INTO).code == 0
    erin = lived_in.everybody[0]
    assert there.meets(erin).go("/home").body == b"secret page"
    ada = next(one for one in lived_in.everybody if one.codes and one is not erin)
    at_other = there.meets(ada.elsewhere())
    at_other.log_in("ada", "login-4")
    assert at_other.go("/2fa/verify").header("retry-after") == "30", "codes are paused"
    assert at_other.recover(ada.codes[0]).status == 422, "a code that was spent before the move"
    assert at_other.recover(ada.codes[1]).status == 303


def test_that_it_was_brought_in_is_an_event(twofa: Twofa, lived_in: Stage, folder: Path, there: Stage) -> None:
    exported(twofa, folder)
    assert twofa("import", "realm.twofa", *DO, *INTO).code == 0
    (event,) = [event for event in there.events() if event.name == "realm imported"]
    assert str(event.facts["actor"]).startswith("command line: ")
    assert event.facts["users"] == len(holding(lived_in).users)


def test_a_dry_run_tells_the_same_and_changes_nothing(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    before = holding(there)
    dry = twofa("import", "realm.twofa", *SEALED, *INTO, "--dry-run", "--json")
    assert (dry.code, dry.document["dry_run"]) == (0, True)
    assert holding(there) == before
    done = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    assert done.document | {"dry_run": True} == dry.document


# ---- again, and after an interruption -------------------------------------------------------------------------------


def test_who_is_there_already_is_left_as_done(twofa: Twofa, lived_in: Stage, folder: Path, there: Stage) -> None:
    exported(twofa, folder)
    assert twofa("import", "realm.twofa", *DO, *INTO).code == 0
    first = holding(there)
    again = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    assert again.code == 0
    assert (counts(again), counts(again, "roles")) == ({"there": len(first.users)}, {"there": 2})
    assert again.document["events"] == 0
    assert (holding(there).users, holding(there).flags) == (first.users, first.flags)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_import_that_was_interrupted_is_ended_by_running_it_again(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    exported(twofa, folder)
    done = []

    def breaking_off(*arguments: object) -> object:
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(arguments)
        return bring_user(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(bringing, "bring_user", breaking_off)
        assert twofa("import", "realm.twofa", *DO, *INTO).code == 1
    assert len(holding(there).users) == after
    again = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    assert counts(again) == {"written": len(holding(lived_in).users) - after} | ({"there": after} if after else {})
    assert holding(there).users == holding(lived_in).users


def test_events_that_are_in_the_list_already_are_not_doubled(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    with store_of(lived_in) as old, store_of(there) as new:
        ask(new, AddEvents(ask(old, FollowEvents(None, 3))))
    done = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    ids = [event[1] for event in holding(there).events]
    assert len(ids) == len(set(ids)) == done.document["events"] + 3


# ---- somebody is there ----------------------------------------------------------------------------------------------


def test_another_account_is_left_and_told_unless_it_is_to_be_replaced(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    there.clock.on(-3600)
    mine = there.enrolled("erin")
    before = records_of(there)
    done = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    assert done.code == 1
    assert counts(done)["kept"] == 1
    assert done.document["left"] == ["erin (id erin)"]
    assert "--replace puts what the file has in the place" in done.err
    assert records_of(there) == before
    done = twofa("import", "realm.twofa", *DO, *INTO, "--json", "--replace")
    assert (done.code, counts(done)["replaced"]) == (0, 1)
    assert done.document["replaced"] == [{"user": "erin", "label": "erin"}]
    assert there.meets(mine).go("/home").body != b"secret page", "a pass of the account that was replaced"
    assert mine.cookie("pass")


ANOTHER_BIRTH = 1 << 20


def plant(
    there: Stage, old: Records, distance: int, *, is_on: bool = True, is_sound: bool = True, age: int = 3600
) -> AccountRow:
    """Put an account of erin's, so many generations from the old one, into the store; turned on ``age`` seconds ago."""
    assert old.account is not None
    change = changed(
        sealer_of(there.realm.settings),
        key_of(there, "erin"),
        old.account.generation + distance,
        since=int(time.time()) - age if is_on else 0,
        kinds={"00": "totp"} if is_on else {},
        sealed={"00": b"another"} if is_on else {},
        codes=frozenset(),
    )
    roster = change.roster if is_sound else b""
    row = AccountRow(change.generation, 0, roster, change.authenticators, change.codes)
    with store_of(there) as store:
        ask(store, WriteRecords(key_of(there, "erin"), 0, Records(row), there.clock.now))
    return row


@pytest.mark.parametrize(
    ("distance", "is_sound"), [(-1, False), (-ANOTHER_BIRTH, True), (ANOTHER_BIRTH, True)], ids=["earlier", "-", "+"]
)
def test_a_replaced_account_gets_a_generation_above_both_and_no_pass_of_either(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage, distance: int, is_sound: bool
) -> None:
    exported(twofa, folder)
    old = records_of(lived_in).account
    assert old is not None
    new = plant(there, records_of(lived_in), distance, is_sound=is_sound)
    done = twofa("import", "realm.twofa", *DO, *INTO, "--replace")
    assert done.code == 0, done.err
    assert "put in the place of others: erin (id erin)\n" in done.out
    now = records_of(there)
    assert now.account is not None
    assert now.account.generation == raised_generation(old.generation, new.generation)
    assert (now.passes, now.browsers) == ((), ())
    assert not goes_on(there, lived_in.everybody[0])
    assert "restored from a backup" in [event.name for event in there.events() if event.user == "erin"]


NEWER: dict[str, dict[str, Any]] = {
    "gone on": {"distance": 1, "is_sound": False},
    "switched off": {"distance": 1, "is_on": False},
    "another, turned on since": {"distance": -ANOTHER_BIRTH, "age": -60},
    "another, switched off": {"distance": -ANOTHER_BIRTH, "is_on": False},
    "another, damaged": {"distance": -ANOTHER_BIRTH, "is_sound": False},
}


@pytest.mark.parametrize("command", ["import", "restore"])
@pytest.mark.parametrize("how", NEWER.values(), ids=NEWER)
def test_an_account_that_may_be_newer_than_the_file_is_never_replaced(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage, command: str, how: dict[str, Any]
) -> None:
    exported(twofa, folder)
    plant(there, records_of(lived_in), **how)
    before = records_of(there)
    done = twofa(command, "realm.twofa", *DO, *INTO, "--replace", "--json")
    assert (done.code, counts(done)["newer"]) == (1, 1)
    assert done.document["newer"] == [{"user": "erin", "label": "erin"}]
    assert "left out: erin (id erin)" in done.err
    assert "--replace" not in done.err
    assert records_of(there) == before


def test_tries_and_waits_of_the_store_are_not_forgotten_for_those_of_the_file(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    old = records_of(lived_in, "ada")
    assert old.in_a_row == 5
    (at, times), *_ = old.failures.items()
    tried = Records(
        failures={at: times + 2, at + 7: 1}, recovery_tries={at: 3}, in_a_row=9, wait_until=old.wait_until + 99
    )
    with store_of(there) as store:
        ask(store, WriteRecords(key_of(there, "ada"), 0, tried, there.clock.now))
        ask(store, WriteRecords(key_of(there, "erin"), 0, Records(in_a_row=1), there.clock.now))
    assert twofa("import", "realm.twofa", *DO, *INTO).code == 0
    now = records_of(there, "ada")
    assert now.failures == {**old.failures, at: times + 2, at + 7: 1}
    assert now.recovery_tries == {**old.recovery_tries, at: max(3, old.recovery_tries.get(at, 0))}
    assert (now.in_a_row, now.wait_until) == (9, old.wait_until + 99)
    assert records_of(there).in_a_row == 1


def test_an_account_that_has_gone_on_since_is_left(twofa: Twofa, lived_in: Stage, folder: Path) -> None:
    exported(twofa, folder)
    erin = lived_in.everybody[0]
    lived_in.clock.on(30)
    erin.confirm("codes")
    before = records_of(lived_in)
    done = twofa("import", "realm.twofa", *DO, "--replace", "--json")
    assert counts(done)["there"] == len(holding(lived_in).users)
    assert dataclasses.replace(records_of(lived_in), log=()) == dataclasses.replace(before, log=())


def test_who_switched_it_off_since_is_not_switched_on_by_an_old_file(
    twofa: Twofa, lived_in: Stage, folder: Path
) -> None:
    exported(twofa, folder)
    lived_in.clock.on(30)
    lived_in.everybody[0].confirm("disable")
    done = twofa("import", "realm.twofa", *DO, "--json")
    assert (done.code, counts(done)["newer"]) == (1, 1)
    account = records_of(lived_in).account
    assert account is not None
    assert not account.authenticators


def test_a_flag_that_was_set_otherwise_is_left_and_told(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    there.enforce("Cook", grace_days=9)
    done = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    assert (done.code, counts(done, "roles")) == (1, {"kept": 1, "written": 1})
    assert holding(there).flags["Cook"][2] == 9
    assert twofa("import", "realm.twofa", *DO, *INTO, "--replace").code == 0
    assert holding(there).flags == holding(lived_in).flags


@pytest.mark.parametrize("command", ["import", "restore"])
@pytest.mark.parametrize("grace_days", [None, 9], ids=["not enforced", "more grace"])
def test_a_role_that_is_enforced_stays_so_whatever_the_file_says(
    twofa: Twofa, stage: Stage, folder: Path, command: str, grace_days: int | None
) -> None:
    stage.enforce("Editors", grace_days=grace_days or 0)
    if grace_days is None:
        stage.enforce("Editors", is_enforced=False)
    exported(twofa, folder)
    stage.enforce("Editors", grace_days=1)
    before = holding(stage).flags
    for more in ((), ("--replace",)):
        done = twofa(command, "realm.twofa", *DO, *more)
        assert done.code == 1
        assert "role Editors: left as strict as it is in the store" in done.out
        assert done.err.endswith(
            "1 flags on roles are stricter in the store, and stay so: twofa enforce changes them\n"
        )
        assert holding(stage).flags == before


def test_a_flag_that_does_not_open_is_replaced_by_none_that_is_less_strict(
    twofa: Twofa, stage: Stage, folder: Path
) -> None:
    stage.enforce("Guest")
    stage.enforce("Guest", is_enforced=False)
    exported(twofa, folder, "off.twofa")
    stage.enforce("Guest")
    exported(twofa, folder, "on.twofa")
    with store_of(stage) as store:
        (row,) = ask(store, ReadRoles())
        ask(store, WriteRole(dataclasses.replace(row, version=row.version + 1), stage.clock.now))
    assert twofa("import", "off.twofa", *DO, "--replace").code == 1
    with store_of(stage) as store:
        assert ask(store, ReadRoles())[0].record == row.record
    assert twofa("import", "on.twofa", *DO, "--replace").code == 0
    assert holding(stage).flags["Guest"][0]


def test_that_a_flag_was_brought_in_is_told_like_a_change_by_hand(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    there.enforce("Guest", is_enforced=False)
    there.enforce("Cook", grace_days=9)
    done = twofa("import", "realm.twofa", *DO, *INTO, "--replace", "--json")
    assert done.code == 0, done.err
    said = {flag["role"]: (flag["outcome"], flag["enforced"]) for flag in done.document["flags"]}
    assert said == {"Cook": ("replaced", True), "Guest": ("there", False)}
    new = [event for event in there.events() if str(event.facts.get("actor", "")).startswith("command line: ")]
    told = {event.name: event.facts for event in new}
    assert (told["role enforced"]["role"], told["role enforced"]["grace_days"]) == ("Cook", 3)
    assert "role no longer enforced" not in told


# ---- files that are not fresh ---------------------------------------------------------------------------------------


def aged(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let the clock of this process be so far from the time at which a file was made just now."""
    now = time.time()
    monkeypatch.setattr("twofa_middleware.cli.asking.time.time", lambda: now + seconds)


@pytest.mark.parametrize(
    ("seconds", "said"), [(1000, "16 minutes ago"), (-1000, "the clock of this machine is behind")]
)
def test_an_old_file_is_not_imported_unless_that_is_meant(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, said: str
) -> None:
    stage.enrolled("erin")
    exported(twofa, folder)
    there = another_store(stage, OTHER)
    aged(monkeypatch, seconds)
    error = refused(twofa, there, "realm.twofa", *DO)
    assert said in error
    assert "--old-file" in error
    assert ("twofa restore" in error) == (seconds > 0)
    assert twofa("import", "realm.twofa", *SEALED, "--dry-run", *INTO).code == 0
    assert twofa("import", "realm.twofa", *DO, *INTO, "--old-file").code == 0


def test_a_pass_that_was_ended_since_does_not_live_again_by_an_import_in_the_place_of_a_restore(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = stage.enrolled("erin")
    exported(twofa, folder)
    there = another_store(stage, OTHER)
    aged(monkeypatch, 1000)
    refused(twofa, there, "realm.twofa", *DO)
    assert twofa("restore", "realm.twofa", *DO, *INTO).code == 0
    assert not goes_on(there, thief)


def test_at_a_terminal_it_is_asked_whether_an_old_file_is_meant(
    twofa: Twofa, typing: Typing, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(twofa, folder)
    aged(monkeypatch, 1000)
    done = typing("n\n")("import", "realm.twofa", *SEALED)
    assert (done.code, done.err) == (1, "twofa: nothing was changed\n")
    assert "Beware: the file was made 16 minutes ago" in done.out
    assert typing("y\ny\n")("import", "realm.twofa", *SEALED).code == 0


def test_a_restore_takes_old_files_and_warns_of_a_clock_that_is_behind(
    twofa: Twofa, stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(twofa, folder)
    aged(monkeypatch, -1000)
    done = twofa("restore", "realm.twofa", *DO)
    assert (done.code, "the clock of this machine is behind that" in done.err) == (0, True)


# ---- files that are not to be trusted -------------------------------------------------------------------------------


def refused(twofa: Twofa, there: Stage, *arguments: str, code: int = 1) -> str:
    before = holding(there)
    done = twofa("import", *arguments, *INTO)
    assert (done.code, done.out) == (code, "")
    assert holding(there) == before
    return done.err


def test_a_changed_or_cut_file_changes_nothing(twofa: Twofa, lived_in: Stage, folder: Path, there: Stage) -> None:
    exported(twofa, folder)
    content = (folder / "realm.twofa").read_bytes()
    for place in range(0, len(content), len(content) // 40):
        changed = bytearray(content)
        changed[place] ^= 0x10
        (folder / "changed.twofa").write_bytes(changed)
        assert refused(twofa, there, "changed.twofa", *DO)
    for size in (0, 20, len(content) // 2, len(content) - 1):
        (folder / "cut.twofa").write_bytes(content[:size])
        assert refused(twofa, there, "cut.twofa", *DO)


def test_another_passphrase_changes_nothing(twofa: Twofa, lived_in: Stage, folder: Path, there: Stage) -> None:
    exported(twofa, folder)
    (folder / "passphrase").write_text("another passphrase")
    assert "the passphrase is another one" in refused(twofa, there, "realm.twofa", *DO)


def test_a_file_whose_end_is_damaged_is_refused_before_its_beginning_is_used(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHUNK_BYTES", 256)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 256 + 28)
    exported(twofa, folder)
    content = (folder / "realm.twofa").read_bytes()
    (folder / "changed.twofa").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "damaged or was cut off" in refused(twofa, there, "changed.twofa", *DO)
    assert twofa("import", "realm.twofa", *DO, *INTO).code == 0


@pytest.mark.parametrize(
    ("changes", "said"), [({"realm": "other"}, "holds the realm"), ({"keys": "file:other.toml"}, "another key ring")]
)
def test_a_file_of_another_realm_or_key_ring_is_refused(
    twofa: Twofa, lived_in: Stage, folder: Path, changes: dict[str, str], said: str
) -> None:
    exported(twofa, folder)
    assert twofa("keys", "new", "--file", "other.toml").code == 0
    made = document(**({"store": "sqlite:///var/foreign.db"} | changes))
    (folder / "foreign.toml").write_text(settings_file(made), encoding="utf-8")
    assert twofa("init", "--file", "foreign.toml").code == 0
    done = twofa("import", "realm.twofa", *DO, "--file", "foreign.toml")
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_a_file_that_needs_a_key_that_is_gone_is_refused_by_the_key_s_id(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage
) -> None:
    exported(twofa, folder)
    ring = folder / "var" / "keys.toml"
    text = ring.read_text()
    current = text.split('current = "')[1][:8]
    made = twofa("keys", "new").out
    fresh = made.split('current = "')[1][:8]
    ring.write_text(text.split("[ring]")[0].replace(current, fresh) + "[ring]" + made.split("[ring]")[1])
    assert current in refused(twofa, there, "realm.twofa", *DO, code=2)


def test_without_consent_nothing_is_brought_in(twofa: Twofa, lived_in: Stage, folder: Path, there: Stage) -> None:
    exported(twofa, folder)
    assert "--yes must be given" in refused(twofa, there, "realm.twofa", *SEALED, code=2)


def test_a_user_who_changes_while_the_store_is_looked_at_is_looked_at_anew(
    twofa: Twofa, lived_in: Stage, folder: Path, there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody turns it on between the look and the writing: that account is not run over."""
    exported(twofa, folder)
    mine = there.visitor("erin")
    asked = []

    def slow(user: UserKey, *arguments: Any, **more: Any) -> WriteRecords:
        if not asked and user == key_of(lived_in, "erin"):
            asked.append(user)
            mine.set_up()
        return WriteRecords(user, *arguments, **more)

    monkeypatch.setattr("twofa_middleware.moving.bringing.WriteRecords", slow)
    done = twofa("import", "realm.twofa", *DO, *INTO, "--json")
    assert (asked, done.code) == ([key_of(lived_in, "erin")], 1)
    assert done.document["left"] == ["erin (id erin)"]
    assert mine.go("/home").body == b"secret page"

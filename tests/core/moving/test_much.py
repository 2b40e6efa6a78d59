"""Much: a file has more people than anybody wants to hold in memory; and a run may be killed at any moment."""

from __future__ import annotations

import json
import signal
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from core.moving.crowd import PASSPHRASE, PEOPLE, SEALED, fill, name_of, run, store_of, write_settings
from support.realm import Realm, make_realm
from support.stores import carry
from twofa_middleware.asks import ReadRecords
from twofa_middleware.desk import Desk
from twofa_middleware.drive import drive
from twofa_middleware.keys_and_store import sealer_of
from twofa_middleware.moving import carrying, stream
from twofa_middleware.moving.carrying import entries_of, witness
from twofa_middleware.moving.checking import checked_file, checked_header
from twofa_middleware.moving.entries import EventsEntry, UserEntry, pack
from twofa_middleware.moving.stream import begin, new_header

AT_A_TIME = 10


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    return make_realm(tmp_path)


def test_memory_does_not_grow_with_the_number_of_people(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "USERS_AT_A_TIME", AT_A_TIME)
    path = realm.folder / "realm.twofa"
    desk = Desk(realm.settings, sealer_of(realm.settings))
    with store_of(realm) as store:
        fill(store, desk.sealer, log_rows=60)
        tracemalloc.start()
        try:
            with path.open("wb") as file:
                writer = begin(file, new_header("test", witness(desk), 1), PASSPHRASE)
                for entry in entries_of(desk, lambda flow: drive(flow, store.answer)):
                    writer.write(pack(entry))
                writer.end()
            with path.open("rb") as file:
                checked_header(desk, file)
                found = checked_file(desk, file, PASSPHRASE)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert found.users == PEOPLE
    assert path.stat().st_size > 7_000_000
    assert most < 2_000_000


def test_every_user_is_carried_once_whatever_a_page_holds(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(realm.settings, sealer_of(realm.settings))
    with store_of(realm) as store:
        fill(store, desk.sealer)
        for size in (1, 7, PEOPLE - 1, PEOPLE, PEOPLE + 1):
            monkeypatch.setattr(carrying, "USERS_AT_A_TIME", size)
            entries = entries_of(desk, lambda flow: drive(flow, store.answer))
            assert [entry.user for entry in entries if isinstance(entry, UserEntry)] == [
                name_of(number) for number in range(PEOPLE)
            ]


def test_an_event_that_is_carried_to_the_list_meanwhile_is_in_the_file(realm: Realm) -> None:
    """A sweeper may come at any moment; here it comes after the users were listed and before the first is read."""
    desk = Desk(realm.settings, sealer_of(realm.settings))
    with store_of(realm) as store:
        fill(store, desk.sealer, log_rows=1)

        def answer(question: Any) -> Any:
            if isinstance(question, ReadRecords):
                carry(store, at=10)
            return store.answer(question)

        entries = list(entries_of(desk, lambda flow: drive(flow, answer)))
    in_logs = [row.id for entry in entries if isinstance(entry, UserEntry) for row in entry.records.log]
    in_list = [row.id for entry in entries if isinstance(entry, EventsEntry) for row in entry.rows]
    assert len({*in_logs, *in_list}) == PEOPLE


# ---- killed ---------------------------------------------------------------------------------------------------------

KILLED_AT = 50


@pytest.fixture
def full(realm: Realm) -> Realm:
    """The realm with people, and with an empty store beside."""
    with store_of(realm) as store:
        fill(store, sealer_of(realm.settings))
    write_settings(realm)
    return realm


@pytest.mark.parametrize("command", ["import", "restore"])
def test_a_killed_import_is_ended_by_running_it_again(full: Realm, command: str) -> None:
    assert run(full, "export", "realm.twofa", *SEALED).returncode == 0
    into = (command, "realm.twofa", *SEALED, "--yes", "--file", "there.toml", "--json")
    killed = run(full, *into, dies_in=("cli.bringing", "bring_user", KILLED_AT))
    assert killed.returncode == -signal.SIGKILL
    again = run(full, *into)
    assert again.returncode == 0, again.stderr
    counts = json.loads(again.stdout)["users"]
    assert (counts["there"], counts["written"]) == (KILLED_AT - 1, PEOPLE - KILLED_AT + 1)
    assert again.stderr == ""

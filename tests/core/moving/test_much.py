"""Much: a file has more people than anybody wants to hold in memory; and a run may be killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.realm import Realm, make_realm
from support.stores import a_pass, ask, carry
from twofa_middleware.accounts.account import TOTP, changed
from twofa_middleware.asks import AccountRow, LogRow, ReadRecords, Records, WriteRecords
from twofa_middleware.desk import Desk
from twofa_middleware.drive import drive
from twofa_middleware.moving import carrying, stream
from twofa_middleware.moving.carrying import entries_of, witness
from twofa_middleware.moving.checking import checked_file, checked_header
from twofa_middleware.moving.entries import EventsEntry, UserEntry, pack
from twofa_middleware.moving.stream import Writer, new_header
from twofa_middleware.protocol import Store, UserKey
from twofa_middleware.sealing import NONCE_BYTES, Sealer
from twofa_middleware.wiring import open_store, sealer_of

PASSPHRASE = "a passphrase of the tests"
PEOPLE = 120
AT_A_TIME = 10


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    return make_realm(tmp_path)


@contextmanager
def store_of(realm: Realm) -> Iterator[Store]:
    store = open_store(realm.settings)
    try:
        yield store
    finally:
        store.close()  # type: ignore[attr-defined]


def name_of(number: int) -> UserKey:
    return UserKey(f"user-{number:018}")


def fill(store: Store, sealer: Sealer, log_rows: int = 0) -> None:
    """People with an account, a pass, and events of a kilobyte each."""
    for number in range(PEOPLE):
        user = name_of(number)
        log = tuple(LogRow(os.urandom(12), 1, 1, os.urandom(1000)) for _ in range(log_rows))
        sealed = {"a": sealer.seal(TOTP, (user, "a"), os.urandom(20), os.urandom(NONCE_BYTES))}
        change = changed(sealer, user, 7, since=1, kinds={"a": TOTP}, sealed=sealed, codes=frozenset())
        account = AccountRow(7, number, change.roster, change.authenticators, change.codes)
        ask(store, WriteRecords(user, 0, Records(account, (a_pass(str(number)),), log=log), 1))


def test_memory_does_not_grow_with_the_number_of_people(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "USERS_AT_A_TIME", AT_A_TIME)
    path = realm.folder / "realm.twofa"
    desk = Desk(realm.settings, sealer_of(realm.settings))
    with store_of(realm) as store:
        fill(store, desk.sealer, log_rows=60)
        tracemalloc.start()
        try:
            with path.open("wb") as file:
                writer = Writer(file, new_header("test", witness(desk), 1), PASSPHRASE)
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
_RUN = f"""
import os, signal, sys
import twofa_middleware.cli as cli
from twofa_middleware.cli import {{module}} as commanding
from twofa_middleware.moving import stream
stream._COSTS = (2, 8, 1)
real, calls = commanding.{{function}}, [0]
def dying(*arguments):
    calls[0] += 1
    if calls[0] == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
commanding.{{function}} = dying
cli.main()
"""


def run(realm: Realm, *arguments: str, dies_in: tuple[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which is killed when it does that for the 50th time."""
    code = "from twofa_middleware.cli import main; main()"
    if dies_in is not None:
        code = _RUN.format(module=dies_in[0], function=dies_in[1])
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=realm.folder, capture_output=True, text=True, check=False)


@pytest.fixture
def full(realm: Realm) -> Realm:
    """The realm with people, and with an empty store beside."""
    with store_of(realm) as store:
        fill(store, sealer_of(realm.settings))
    for name, url, store_id in (("twofa", "var/twofa.db", realm.settings.store_id), ("there", "var/there.db", "")):
        text = f'realm = "test"\nname = "Test"\nstore = "sqlite:///{url}"\nkeys = "file:var/keys.toml"\nstore_id = "{store_id}"\n'
        text += '[apps.shop]\norigins = ["http://localhost:8000"]\nidentity = [{ use = "x" }]\nlogin_page = "/l"\nhome = "/"\n'
        (realm.folder / f"{name}.toml").write_text(text)
    made = run(realm, "init", "--file", "there.toml")
    assert made.returncode == 0, made.stderr
    (realm.folder / "passphrase").write_text(PASSPHRASE)
    (realm.folder / "passphrase").chmod(0o600)
    return realm


SEALED = ("--passphrase-file", "passphrase")


def test_a_killed_export_leaves_no_file_and_is_begun_again(full: Realm) -> None:
    killed = run(full, "export", "realm.twofa", *SEALED, dies_in=("export", "pack"))
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in full.folder.glob("realm.twofa*")] == ["realm.twofa.part"]
    refused = run(full, "import", "realm.twofa.part", *SEALED, "--dry-run", "--file", "there.toml")
    assert (refused.returncode, refused.stdout) == (1, "")
    again = run(full, "export", "realm.twofa", *SEALED, "--json")
    assert (again.returncode, json.loads(again.stdout)["users"]) == (0, PEOPLE)
    assert [path.name for path in full.folder.glob("realm.twofa*")] == ["realm.twofa"]


@pytest.mark.parametrize("command", ["import", "restore"])
def test_a_killed_import_is_ended_by_running_it_again(full: Realm, command: str) -> None:
    assert run(full, "export", "realm.twofa", *SEALED).returncode == 0
    into = (command, "realm.twofa", *SEALED, "--yes", "--file", "there.toml", "--json")
    killed = run(full, *into, dies_in=("bringing", "bring_user"))
    assert killed.returncode == -signal.SIGKILL
    again = run(full, *into)
    assert again.returncode == 0, again.stderr
    counts = json.loads(again.stdout)["users"]
    assert (counts["there"], counts["written"]) == (KILLED_AT - 1, PEOPLE - KILLED_AT + 1)
    assert again.stderr == ""

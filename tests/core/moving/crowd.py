"""A realm with many people, and the command in a process of its own, which may be killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support.realm import Realm
from support.stores import a_pass, ask
from twofa_middleware.accounts.account import TOTP, changed
from twofa_middleware.asks import AccountRow, LogRow, Records, WriteRecords
from twofa_middleware.keys_and_store import open_store
from twofa_middleware.protocol import Store, UserKey
from twofa_middleware.sealing import NONCE_BYTES, Sealer

PASSPHRASE = "a passphrase of the tests"
SEALED = ("--passphrase-file", "passphrase")
PEOPLE = 120
_RUN = """
import os, signal
import twofa_middleware.cli as cli
import twofa_middleware.{module} as commanding
from twofa_middleware.moving import stream
stream._COSTS = (2, 8, 1)
real, calls = commanding.{function}, [0]
def dying(*arguments, **named):
    calls[0] += 1
    if calls[0] == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **named)
commanding.{function} = dying
cli.main()
"""


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


def run(realm: Realm, *arguments: str, dies_in: tuple[str, str, int] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own. ``dies_in``: a module, a function, and at which call of it it is killed."""
    module, function, number = dies_in or ("cli", "main", 0)
    command = [sys.executable, "-c", _RUN.format(module=module, function=function, number=number), *arguments]
    return subprocess.run(command, cwd=realm.folder, capture_output=True, text=True, check=False)


def write_settings(realm: Realm) -> None:
    """Settings for the realm's store and for an empty one, ``there.toml``, and a passphrase file."""
    for name, url, store_id in (("twofa", "var/twofa.db", realm.settings.store_id), ("there", "var/there.db", "")):
        text = f'realm = "test"\nname = "Test"\nstore = "sqlite:///{url}"\nkeys = "file:var/keys.toml"\nstore_id = "{store_id}"\n'
        text += '[apps.shop]\norigins = ["http://localhost:8000"]\nidentity = [{ use = "x" }]\nlogin_page = "/l"\nhome = "/"\n'
        (realm.folder / f"{name}.toml").write_text(text)
    made = run(realm, "init", "--file", "there.toml")
    assert made.returncode == 0, made.stderr
    (realm.folder / "passphrase").write_text(PASSPHRASE)
    (realm.folder / "passphrase").chmod(0o600)

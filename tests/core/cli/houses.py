"""Stores that a realm moves between, and all that one holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.cli.conftest import Run, Twofa
from core.cli.gated import settings_file
from support.realm import Realm, document
from support.stage import Stage
from support.stores import ask
from twofa_middleware.accounts.rules import read_flags
from twofa_middleware.asks import FollowEvents, ReadRecords, ReadUsers, Records
from twofa_middleware.desk import Desk
from twofa_middleware.drive import drive
from twofa_middleware.keys_and_store import open_store, sealer_of, store_kind
from twofa_middleware.protocol import Store, UserKey
from twofa_middleware.settings import Settings

PASSPHRASE = "a passphrase of the tests"
SEALED = ("--passphrase-file", "passphrase")
DO = (*SEALED, "--yes")


@dataclass
class Holding:
    """What a store holds: flags without their versions, events without their positions."""

    users: dict[str, Records]
    flags: dict[str, Any]
    events: list[tuple[str, bytes, int, bytes]]


def another_store(stage: Stage, url: str, name: str = "there", **changes: Any) -> Stage:
    """The same realm and keys in a new store at ``url``, with a settings file ``<name>.toml``."""
    folder = stage.realm.folder
    changes = {"store": url, **changes}
    kind, whole, options = store_kind(Settings.of(document(**changes), folder=folder))
    made = kind.create(whole, "test", options)
    settings = Settings.of(document(**changes), folder=folder)
    changed = document(**changes) | {"store_id": sealer_of(settings).store_id(made)}
    (folder / f"{name}.toml").write_text(settings_file(changed), encoding="utf-8")
    realm = Realm(folder, Settings.of(changed, folder=folder), stage.clock)
    return Stage(realm, stage.spies, stage.wrap, stage.everybody)


@contextmanager
def store_of(stage: Stage) -> Iterator[Store]:
    store = open_store(stage.realm.settings)
    try:
        yield store
    finally:
        store.close()  # type: ignore[attr-defined]


def holding(stage: Stage) -> Holding:
    """All that the store holds."""
    with store_of(stage) as store:
        users = {user: ask(store, ReadRecords(user)) for user in ask(store, ReadUsers(None, 10_000))}
        events = ask(store, FollowEvents(None, 100_000))
        desk = Desk(stage.realm.settings, sealer_of(stage.realm.settings))
        flags = drive(read_flags(desk), store.answer)
    return Holding(
        {user: in_order(records) for user, records in users.items() if records != Records()},
        {role: (flag.is_enforced, flag.since, flag.grace_days) for role, flag in flags.items()},
        [(row.user, row.id, row.at, row.record) for row in events],
    )


def in_order(records: Records) -> Records:
    """A store gives passes and browsers in an order of its own."""
    passes = tuple(sorted(records.passes, key=lambda row: row.digest))
    return replace(records, passes=passes, browsers=tuple(sorted(records.browsers, key=lambda row: row.digest)))


def key_of(stage: Stage, user: str) -> UserKey:
    return sealer_of(stage.realm.settings).user_key(user)


def records_of(stage: Stage, user: str = "erin") -> Records:
    with store_of(stage) as store:
        return ask(store, ReadRecords(key_of(stage, user)))


def exported(twofa: Twofa, folder: Path, name: str = "realm.twofa", *more: str) -> Run:
    """Export with the tests' passphrase; it has to succeed."""
    passphrase = folder / "passphrase"
    if not passphrase.exists():
        passphrase.write_text(PASSPHRASE)
        passphrase.chmod(0o600)
    done = twofa("export", name, *SEALED, *more)
    assert done.code == 0, done.err
    return done


def counts(done: Run, what: str = "users") -> dict[str, int]:
    """What became of users or roles, without what became of none."""
    said = json.loads(done.out)
    return {word: number for word, number in said[what].items() if number}

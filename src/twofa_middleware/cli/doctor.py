"""``twofa doctor``: what is not as it should be, what that costs, and what to do. ``docs/doctor.md`` lists all of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..asks import CheckStore, ReadRecords, ReadUsers
from ..errors import ConfigError, StoreError
from ..moving.carrying import one
from ..protocol import Finding, UserKey
from ..sealing import Sealer
from ..settings import Settings
from ..wiring import build, open_store, sealer_of
from .asking import Caller, at_desk, operation
from .output import plain, say, say_document
from .weak_settings import files, weak_settings

KEY_ID_BYTES = 4  # behind the first byte of a sealed record: see sealing.py
MOST_USERS = 1000
_PAGE = 100


@click.command(
    epilog="Exit codes: 0 all is well, but for notes; 1 there is something to mend, or the store does not answer; "
    "2 wrong usage or settings."
)
@operation
def doctor(path: Path, as_json: bool) -> int:
    """Look whether all is as it should be: settings, files, keys, store. Nothing is changed."""
    settings = Settings.load(path)
    found = [*weak_settings(settings, time.time()), *files(path)]
    with at_desk(path) as caller:
        found += _apps(settings)
        found += _store(settings, caller)
    found.sort(key=lambda finding: ("problem", "warning", "note").index(finding.severity))
    is_well = all(finding.severity == "note" for finding in found)
    if as_json:
        say_document({"well": is_well, "findings": [_document(finding) for finding in found]})
    else:
        for finding in found:
            say(f"{finding.severity.upper()}: {plain(finding.found)}")
            say(f"  It costs: {plain(finding.costs)}.\n  Remedy:   {plain(finding.remedy)}.\n")
        say("All is well." if is_well else "There is something to mend.")
    return 0 if is_well else 1


def _document(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "severity": finding.severity,
        "found": finding.found,
        "costs": finding.costs,
        "remedy": finding.remedy,
    }


def _apps(settings: Settings) -> Iterator[Finding]:
    """Whether each app starts with these settings, from here."""
    logger = logging.getLogger("twofa_middleware")
    was_off, logger.disabled = logger.disabled, True
    try:
        for name in settings.apps:
            try:
                build(settings, name, asynchronous=True).close()
            except ConfigError as error:
                yield Finding(
                    "app cannot start",
                    "problem",
                    f"[apps.{name}]: {error}",
                    "the app does not start with these settings and this environment",
                    "correct what is named; where a variable is missing here alone, run doctor as the app runs",
                )
    finally:
        logger.disabled = was_off


def _store(settings: Settings, caller: Caller) -> Iterator[Finding]:
    store: Any = open_store(settings)
    try:
        if hasattr(store, "inspect"):
            yield from store.inspect()
        caller.ask(one(CheckStore()))
        if hasattr(store, "layout"):
            layout = store.layout()
            if layout.needs < layout.found:
                yield Finding(
                    "upgrade not committed",
                    "note",
                    f"the store has layout {layout.found} and needs {layout.needs}",
                    "older versions may still be started on it, which is what the time of an upgrade is for",
                    "run `twofa upgrade --commit` once every server has the new version",
                )
        yield from _keys(caller, sealer_of(settings))
    except (StoreError, OSError) as error:
        yield Finding(
            "store does not answer",
            "problem",
            str(error),
            "every app of the realm answers 503 to whoever is logged in",
            "do what the message says",
        )
    finally:
        getattr(store, "close", lambda: None)()


def _keys(caller: Caller, sealer: Sealer) -> Iterator[Finding]:
    """Under which keys the accounts of the first users are sealed."""
    counts: dict[bytes, int] = {}
    for user in _users(caller):
        account = caller.ask(one(ReadRecords(user))).account
        if account is not None:
            for record in (account.roster, *account.authenticators.values()):
                key_id = record[1 : 1 + KEY_ID_BYTES]
                counts[key_id] = counts.get(key_id, 0) + 1
    current = sealer.keyed_hash("doctor", (), b"")[:KEY_ID_BYTES]
    for key_id, count in counts.items():
        if not sealer.knows(key_id):
            yield Finding(
                "records under a missing key",
                "problem",
                f"{count} records of the first {MOST_USERS} users are sealed with key {key_id.hex()}, not in the ring",
                "these users get 503",
                "put the key back into the ring from its copy",
            )
        elif key_id != current:
            yield Finding(
                "records under an old key",
                "note",
                f"{count} records of the first {MOST_USERS} users are sealed with key {key_id.hex()}, not the current one",
                "that key cannot be retired yet",
                "run `twofa keys rotate` to its end",
            )


def _users(caller: Caller) -> Iterator[UserKey]:
    place: UserKey | None = None
    for _ in range(MOST_USERS // _PAGE):
        page = caller.ask(one(ReadUsers(place, _PAGE)))
        yield from page
        if len(page) < _PAGE:
            return
        place = page[-1]

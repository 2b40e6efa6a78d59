"""``twofa doctor``: what is not as it should be, what that costs, and what to do. ``docs/doctor.md`` lists all of it."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..asks import CheckStore
from ..errors import StoreError, StoreUnavailable, UnreadableRecord
from ..keys_and_store import open_store
from ..moving.carrying import one
from ..protocol import Finding
from ..settings import Settings
from .asking import Caller, at_desk, operation
from .old_copy import old_copy
from .output import plain, say, say_document
from .starting import refusals
from .weak_keys import weak_keys
from .weak_logins import weak_logins
from .weak_settings import files, weak_settings

SEVERITIES = ("problem", "warning", "note")
LEAST_COLUMNS = 40


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
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    is_well = all(finding.severity == "note" for finding in found)
    if as_json:
        say_document({"well": is_well, "findings": [_document(finding) for finding in found]})
    else:
        for finding in found:
            say(_set(f"{finding.severity.upper()}: ", finding.found, "  "))
            say(_set("  It costs: ", f"{finding.costs}.", " " * 12))
            say(_set("  Remedy:   ", f"{finding.remedy}.", " " * 12) + "\n")
        say(_summary(found))
    return 0 if is_well else 1


def _set(head: str, text: str, indent: str) -> str:
    """On a terminal in lines as wide as it is; else in one, for whatever reads along."""
    line = head + plain(text)
    if not sys.stdout.isatty():
        return line
    width = max(shutil.get_terminal_size().columns, LEAST_COLUMNS)
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _summary(found: list[Finding]) -> str:
    counts = [(severity, sum(one.severity == severity for one in found)) for severity in SEVERITIES]
    told = ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts if count)
    is_well = all(one.severity == "note" for one in found)
    well = "All is well" + " as far as could be looked" * any(one.name == "could not look" for one in found)
    return (well if is_well else "There is something to mend") + (f": {told}." if told else ".")


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
    refused = refusals(settings)
    for reason in dict.fromkeys(refused.values()):
        names = ", ".join(name for name in refused if refused[name] == reason)
        yield Finding(
            "app cannot start",
            "problem",
            f"{names} cannot start: {reason}",
            "the app does not start with these settings and this environment",
            "correct what is named; where a variable is missing here alone, run doctor as the app runs",
        )


def _store(settings: Settings, caller: Caller) -> Iterator[Finding]:
    store: Any = open_store(settings)
    is_told = False
    try:
        if hasattr(store, "inspect"):
            for finding in store.inspect():
                is_told = is_told or finding.name == "redis does not answer"
                yield finding
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
        yield from weak_logins(caller)
        yield from weak_keys(caller)
        yield from old_copy(caller)
    except (StoreError, UnreadableRecord, OSError) as error:
        if is_told and isinstance(error, StoreUnavailable):
            return
        yield Finding(
            "store does not answer",
            "problem",
            str(error),
            "every app of the realm answers 503 to whoever is logged in",
            _remedy(error),
        )
    finally:
        getattr(store, "close", lambda: None)()


def _remedy(error: Exception) -> str:
    """Not every message says what to do: a system's own ones do not."""
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(one, ConnectionError) for one in causes) or "refused" in str(error):
        return "start the server of the store; if it runs, check host and port in `store`"
    if any(isinstance(one, OSError) for one in causes):
        return "check that what `store` names is there, and that the app's user may use it"
    return "do what the message says"

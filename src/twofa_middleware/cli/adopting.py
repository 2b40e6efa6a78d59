"""What ``twofa import --from`` does: look a file of another system through, ask, bring its accounts in, and tell.

Records are told by where they stand. Nothing that is in them is printed: a wrong line may be a secret in a wrong column.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import click

from ..accounts.account import TOTP
from ..asks import CheckStore
from ..errors import ConfigError
from ..moving.adopting import adopt
from ..moving.bringing import Outcome, Plan
from ..moving.carrying import one
from ..moving.foreign.fixtures import read_allauth, read_django_otp
from ..moving.foreign.naming import Naming
from ..moving.foreign.phone import read_phone
from ..moving.foreign.records import PassedOver, Record, Refused, Taken
from ..moving.foreign.table import read_map, read_table
from .asking import Caller, at_desk, confirm, need
from .output import NotDone, counted, plain, say, say_document
from .passphrases import Progress

FORMATS: Mapping[str, Callable[[BinaryIO], Iterator[Record]]] = {
    "django-otp": read_django_otp,
    "allauth": read_allauth,
    "csv": read_table,
    "otpauth-migration": read_phone,
}
_MOST_TOLD = 1000
_LEFT = {
    Outcome.KEPT: "the user has an account here; --replace puts this one in its place",
    Outcome.CHANGED: "the user's account was changed at this very moment",
}


@dataclass
class Tally:
    """What became of the records. ``refused``, ``passed_over``: the first of them."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)

    def add(self, record: Refused | PassedOver) -> None:
        word, told = ("refused", self.refused) if isinstance(record, Refused) else ("passed_over", self.passed_over)
        self.counts[word] += 1
        if len(told) < _MOST_TOLD:
            told.append(record)  # type: ignore[arg-type]  # the list of its kind


def naming_of(kind: str, table: Path | None, user: str | None, issuer: str | None) -> Naming:
    """How users are named; UsageError for what does not go together."""
    if kind != "otpauth-migration" and (user is not None or issuer is not None):
        raise click.UsageError("--user and --issuer are for --from otpauth-migration")
    if user is not None and table is not None:
        raise click.UsageError("--user and --map do not go together")
    if kind == "otpauth-migration" and user is None and table is None:
        raise click.UsageError("a phone does not know whose its accounts are: give --map, or --user for a single one")
    if table is None:
        return Naming(None, user, issuer)
    with table.open("rb") as file:
        return Naming(read_map(file), None, issuer)


def adopt_file(path: Path, as_json: bool, source: Path, kind: str, naming: Naming, yes: bool, plan: Plan) -> None:
    """Bring in what the file has, a record at a time; a wrong one stops nothing else."""
    if not plan.is_dry:
        need(yes=yes, as_json=as_json)
    with at_desk(path) as caller, source.open("rb") as file:
        _refuse_other_factor(caller)
        _warn_of_readers(source, file)
        taken = sum(isinstance(record, Taken) for record in naming.fitting(FORMATS[kind](file)))
        naming.check(taken)
        caller.ask(one(CheckStore()))
        if not yes and not plan.is_dry:
            confirm(
                f"Turn two-factor authentication on in the realm {caller.settings.realm} for {counted(taken, 'account')}?"
            )
        file.seek(0)
        tally = _adopt(caller, naming.fitting(FORMATS[kind](file)), taken, kind, naming, plan)
    document = _document(tally, plan)
    if not as_json:
        _tell(tally, plan)
    if tally.counts["refused"]:
        raise NotDone(
            f"{tally.counts['refused']} of the file {'would be' if plan.is_dry else 'were'} refused", document
        )
    if as_json:
        say_document(document)


def _adopt(caller: Caller, records: Iterator[Record], total: int, kind: str, naming: Naming, plan: Plan) -> Tally:
    tally = Tally()
    with Progress("accounts", total) as progress:
        for record in records:
            if not isinstance(record, Taken):
                tally.add(record)
                continue
            found = caller.ask(naming.adopted(caller.desk, record))
            if isinstance(found, Refused):
                tally.add(found)
            else:
                outcome = caller.ask(adopt(caller.desk, plan, found, kind, caller.now))
                if outcome in _LEFT:
                    tally.add(Refused(record.place, _LEFT[outcome]))
                else:
                    tally.counts[outcome.value] += 1
            progress.step()
    return tally


def _refuse_other_factor(caller: Caller) -> None:
    """Secrets from elsewhere are for codes of the usual kind; another factor would check them wrongly."""
    use = caller.settings.factor.get("use")
    if use != TOTP:
        raise ConfigError(
            f'{caller.settings.source_of("factor")}: factor: accounts of other systems have codes of the factor "{TOTP}", '
            f'and use = "{use}"'
        )


def _warn_of_readers(source: Path, file: BinaryIO) -> None:
    mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    if os.name == "posix" and mode & 0o077:
        say(
            f"twofa: warning: {plain(str(source))} has secrets in it and is open to others (mode {mode:03o}): chmod 600 "
            "it, and take it away when it has been brought in",
            err=True,
        )


def _document(tally: Tally, plan: Plan) -> dict[str, Any]:
    words = (Outcome.WRITTEN.value, Outcome.REPLACED.value, Outcome.THERE.value, "passed_over", "refused")
    return {
        "dry_run": plan.is_dry,
        "accounts": {word: tally.counts[word] for word in words},
        "refused": [{"place": record.place, "why": record.why} for record in tally.refused],
        "passed_over": [{"place": record.place, "why": record.why} for record in tally.passed_over],
    }


def _tell(tally: Tally, plan: Plan) -> None:
    for other in tally.passed_over:
        say(f"{other.place}: passed over: {other.why}", err=True)
    for wrong in tally.refused:
        say(f"{wrong.place}: refused: {wrong.why}", err=True)
    left_out = tally.counts["refused"] + tally.counts["passed_over"] - len(tally.refused) - len(tally.passed_over)
    if left_out:
        say(f"… and {left_out} more", err=True)
    if plan.is_dry:
        say("Nothing was changed. What would happen:")
    counts = tally.counts
    say(
        f"{counted(counts['written'], 'account')}: turned on; {counts['replaced']}: put in the place of others; "
        f"{counts['there']}: there already; {counts['passed_over']}: passed over; {counts['refused']}: refused"
    )
    if counts["written"] + counts["replaced"] and not plan.is_dry:
        say("They have no recovery codes: people make them on their account page. Take the file away now.")

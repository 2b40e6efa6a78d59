"""``twofa export``: all that a realm has, in a sealed file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from ..asks import CheckStore
from ..errors import BadFile
from ..moving.carrying import entries_of, one, tell_of_file, witness
from ..moving.entries import EndEntry, EventsEntry, RoleEntry, UserEntry, pack
from ..moving.new_file import new_file
from ..moving.stream import Writer, new_header
from .asking import EXIT_CODES, Caller, actor, at_desk, operation
from .output import plain, say, say_document
from .passphrases import Progress, passphrase_file, passphrase_for_export


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@passphrase_file
@operation
def export(path: Path, as_json: bool, target: Path, passphrase_at: Path | None) -> None:
    """Write all that the realm has to a new FILE, sealed with a passphrase.

    A new passphrase is made and shown this once; one of --passphrase-file is taken, or put there where that file is
    missing. What was sealed under the realm's keys stays so, and the keys are not in FILE: without them it is worthless.
    """
    if target.exists():
        raise BadFile(f"{target} exists, and no file is overwritten: name another one")
    passphrase, is_shown = passphrase_for_export(passphrase_at)
    with at_desk(path) as caller:
        caller.ask(one(CheckStore()))
        with new_file(target) as file:
            end = _write(caller, file, passphrase)
            facts = {"users": end.users, "roles": end.roles, "events": end.events}
            # Whoever gets hold of the file can try passphrases: that it was made is known before it is there.
            caller.ask(tell_of_file(caller.desk, "realm exported", actor(), caller.now, **facts))
    if as_json:
        say_document({"file": str(target), **facts})
    else:
        say(f"{plain(str(target))}: {end.users} users, flags on {end.roles} roles, {end.events} events")
        say("What is in it is of use with the realm's key ring alone, which is not in it: keep a copy of that, too.")
    if is_shown:
        say(f"Passphrase of the file, shown this once: {passphrase}", err=True)


def _write(caller: Caller, file: BinaryIO, passphrase: str) -> EndEntry:
    end = EndEntry()
    writer = Writer(file, new_header(caller.settings.realm, witness(caller.desk), caller.now), passphrase)
    with Progress("users and events") as progress:
        for entry in entries_of(caller.desk, caller.ask):
            writer.write(pack(entry))
            match entry:
                case UserEntry():
                    progress.step()
                case EventsEntry(rows):
                    progress.step(len(rows))
                case EndEntry():
                    end = entry
                case RoleEntry():
                    pass
    writer.end()
    return end

"""``twofa export``: all that a realm has, in a sealed file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..asks import CheckStore
from ..moving.carrying import Carried, entries_of, one, tell_of_file, witness
from ..moving.entries import EndEntry, EventsEntry, RoleEntry, UserEntry, pack
from ..moving.new_file import Part, check_free, new_file
from ..moving.resuming import checked_part, resume
from ..moving.stream import Writer, begin, new_header
from .asking import EXIT_CODES, Caller, actor, at_desk, operation
from .output import counted, iso, plain, say, say_document
from .passphrases import Progress, passphrase_file, passphrase_for_export, passphrase_of_file


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--resume", "resumes", is_flag=True, help="Go on with FILE.part, which an interrupted run has left.")
@passphrase_file
@operation
def export(path: Path, as_json: bool, target: Path, passphrase_at: Path | None, resumes: bool) -> None:
    """Write all that the realm has to a new FILE, sealed with a passphrase.

    A new passphrase is made and shown this once; one of --passphrase-file is taken, or put there where that file is
    missing. What was sealed under the realm's keys stays so, and the keys are not in FILE: without them it is worthless.
    What was interrupted goes on with --resume, under the same passphrase.
    """
    check_free(target, resumes=resumes)
    passphrase, is_shown = ("", False) if resumes else passphrase_for_export(passphrase_at)
    with at_desk(path) as caller:
        caller.ask(one(CheckStore()))
        with new_file(target, resumes=resumes) as part, _told(part):
            if resumes:
                made_at = checked_part(caller.desk, part.file).made_at
                passphrase = passphrase_of_file(passphrase_at, as_json)
                writer, carried = resume(caller.desk, part.file, passphrase)
            else:
                # Before the work: what is left of an interrupted run opens under it alone.
                if is_shown:
                    say(f"Passphrase of the file, shown this once: {passphrase}", err=True)
                made_at = caller.now
                writer, carried = _begin(caller, part, passphrase, made_at), Carried()
            end = _write(caller, part, writer, carried)
            facts = {"users": end.users, "roles": end.roles, "events": end.events}
            # Whoever gets hold of the file can try passphrases: that it was made is known before it is there.
            caller.ask(tell_of_file(caller.desk, "realm exported", actor(), caller.now, **facts))
    if as_json:
        say_document({"file": str(target), "made_at": iso(made_at), **facts})
        return
    users, roles, events = counted(end.users, "user"), counted(end.roles, "role"), counted(end.events, "event")
    say(f"{plain(str(target))}: {users}, flags on {roles}, {events}")
    if resumes:
        say(f"It was begun at {iso(made_at)}: what was carried then is as it was then.")
    say("What is in it is of use with the realm's key ring alone, which is not in it: keep a copy of that, too.")
    if is_shown:
        say("Its passphrase is the one that was shown when it was begun, and stands nowhere else.")


@contextmanager
def _told(part: Part) -> Iterator[None]:
    """Tell what can be done with what an interrupted run leaves."""
    try:
        yield
    except BaseException:
        if part.stays:
            say(f"{plain(str(part.path))} stays: --resume goes on with it; to begin anew, delete it", err=True)
        raise


def _begin(caller: Caller, part: Part, passphrase: str, now: int) -> Writer:
    desk = caller.desk
    header = new_header(caller.settings.realm, witness(desk), now, tuple(sorted(desk.sealer.ring.keys)))
    return begin(part.file, header, passphrase)


def _write(caller: Caller, part: Part, writer: Writer, carried: Carried) -> EndEntry:
    end = EndEntry()
    with Progress("users and events") as progress:
        if carried.last is not None:
            progress.step(carried.users + carried.events)
        for entry in entries_of(caller.desk, caller.ask, carried):
            writer.write(pack(entry))
            part.stays = part.stays or writer.has_chunks
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

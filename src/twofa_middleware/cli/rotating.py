"""``twofa keys rotate``: a new key, and everything sealed anew under it while the apps go on."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..accounts.administer import tell_of_key
from ..accounts.census import users_after
from ..accounts.resealing import Resealed, reseal_flags, reseal_user
from ..asks import CheckStore
from ..keyring import KeyRing
from ..live_ring import LOOK_SECONDS
from ..moving.carrying import one
from ..sealing import Sealer
from .asking import EXIT_CODES, Caller, actor, at_desk, operation
from .key_files import replace_ring
from .output import NotDone, counted, say, say_document
from .passphrases import Progress

# A server that is busy has looked by then; one that sleeps looks before it does anything.
_SETTLES_SECONDS = LOOK_SECONDS + 0.5


@click.command(epilog=EXIT_CODES)
@click.option("--prepare", is_flag=True, help="Only add a key to the ring, and use the one that is there.")
@click.option("--resume", is_flag=True, help="Make no key; seal anew what older keys have made.")
@operation
def rotate(path: Path, as_json: bool, prepare: bool, resume: bool) -> None:
    """Make a new key the current one, and seal anew under it what older keys have made, while the apps go on.

    A key that was prepared is taken, else one is made. It may be interrupted at any moment; --resume goes on. Where the
    keys are in no file, the new ring is printed; put it in place, and then run it with --resume. Older keys stay in the
    ring until `twofa keys retire`.
    """
    if prepare and resume:
        raise click.UsageError("--prepare and --resume do not go together")
    with at_desk(path) as caller:
        caller.ask(one(CheckStore()))
        ring = caller.desk.sealer.ring
        if not resume:
            ready = ring if ring.prepared else ring.with_new_key()
            key = ready.prepared or ready.current
            wanted = ready if prepare else ready.made_current(key)
            if key_file(caller) is None:
                show_ring(wanted, as_json, "rotate --resume" if not prepare else "rotate")
                return
            if ready != ring:
                write(caller, ring, ready)
            if prepare:
                _tell_prepared(key, as_json)
                return
            # Every server knows the key before any uses it, and all use it before anything is sealed anew.
            time.sleep(_SETTLES_SECONDS)
            write(caller, ready, wanted)
            caller = under(caller, wanted)
            caller.ask(tell_of_key(caller.desk, "key made current", actor(), key, caller.now))
            if not as_json:
                say(f"{key.hex()} is the current key now. Keep a copy of {caller.settings.keys} apart from the store.")
            time.sleep(_SETTLES_SECONDS)
        _say_done(*_reseal(caller), caller.desk.sealer.ring, as_json)


def key_file(caller: Caller) -> Path | None:
    """The file with the keys; None where they are in none."""
    kind, _, name = caller.settings.keys.partition(":")
    return caller.settings.folder / name if kind == "file" else None


def write(caller: Caller, old: KeyRing, new: KeyRing) -> None:
    """Put a key ring in the place of the one in the file."""
    file = key_file(caller)
    if file is not None:
        replace_ring(file, old, new)


def under(caller: Caller, ring: KeyRing) -> Caller:
    """The same desk, at once under the keys that it would take up in a moment."""
    return replace(caller, desk=replace(caller.desk, sealer=Sealer(caller.settings.realm, ring)))


def show_ring(ring: KeyRing, as_json: bool, then: str) -> None:
    """The ring, for whoever has to put it in its place, and on another stream what to do."""
    if as_json:
        say_document({"ring": ring.dump(), "then": f"twofa keys {then}"})
        return
    click.echo(ring.dump(), nl=False)
    say(f"Put this in the place of the keys, start the apps anew, and then run `twofa keys {then}`.", err=True)


def _reseal(caller: Caller) -> tuple[Resealed, int]:
    """What was done over all, and how many users changed too often meanwhile."""
    total, busy = caller.ask(reseal_flags(caller.desk, caller.now)), 0
    busy += not total.is_done
    place = None
    with Progress("users") as progress:
        while page := caller.ask(users_after(place)):
            for place in page:
                done = caller.ask(reseal_user(caller.desk, place, caller.now))
                total = Resealed(total.count + done.count, total.unreadable + done.unreadable)
                busy += not done.is_done
                progress.step()
    return total, busy


def _tell_prepared(key: bytes, as_json: bool) -> None:
    if as_json:
        say_document({"key": key.hex(), "state": "prepared"})
        return
    say(f"{key.hex()} is in the ring. When every machine has it, `twofa keys rotate` makes it the current one.")


def _say_done(total: Resealed, busy: int, ring: KeyRing, as_json: bool) -> None:
    older = [key_id.hex() for key_id in ring.older]
    facts: dict[str, Any] = {
        "key": ring.current.hex(),
        "resealed": total.count,
        "unreadable": total.unreadable,
        "busy": busy,
        "older": older,
    }
    if busy:
        raise NotDone(f"{counted(busy, 'user')} changed too often meanwhile: run `twofa keys rotate --resume`", facts)
    if as_json:
        say_document(facts)
        return
    unreadable = f"; {total.unreadable} do not open, and stay as they are" if total.unreadable else ""
    say(f"{counted(total.count, 'record')} sealed anew with {ring.current.hex()}{unreadable}.")
    if older:
        say(f"`twofa keys retire KEY` takes an older key out of the ring: {', '.join(older)}")

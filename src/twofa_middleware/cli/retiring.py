"""``twofa keys list`` and ``retire``: what each key has made, and the end of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..accounts.administer import tell_of_key
from ..accounts.census import UNREADABLE, Census, count_events, count_realm, count_user, users_after
from ..asks import CheckStore
from ..keyring import KeyRing
from ..moving.carrying import one
from .asking import EXIT_CODES, Caller, actor, at_desk, confirm, need, operation
from .output import NotDone, Row, counted, say, say_document, table
from .passphrases import Progress
from .rotating import key_file, show_ring, under, write


@click.command("list", epilog=EXIT_CODES)
@operation
def list_(path: Path, as_json: bool) -> None:
    """List the keys of the ring, the oldest first, and how many records of each kind each has made."""
    with at_desk(path) as caller:
        ring = caller.desk.sealer.ring
        census = _census(caller)
    known = list(ring.keys)
    every = known + sorted(census.key_ids - set(known))
    keys = [
        {
            "key": key_id.hex(),
            "state": _state(ring, key_id),
            "records": census.of(key_id),
            "users_with_codes": census.users_with_codes[key_id],
        }
        for key_id in every
    ]
    if as_json:
        say_document({"keys": keys})
        return
    kinds = sorted({kind for _, kind in census.made})
    say(table([_row(key_id, _state(ring, key_id), census.of(key_id), kinds) for key_id in every]))


@click.command(epilog=EXIT_CODES)
@click.argument("key")
@click.option("--force", is_flag=True, help="Also if records are lost with it that could be sealed anew.")
@click.option("--yes", is_flag=True, help="Do not ask whether it shall be done; needed without a terminal.")
@operation
def retire(path: Path, as_json: bool, key: str, force: bool, yes: bool) -> None:
    """Take an older KEY out of the ring, by its id, such as after it has leaked. First it tells what dies with it."""
    need(yes=yes, as_json=as_json)
    with at_desk(path) as caller:
        caller.ask(one(CheckStore()))
        ring = caller.desk.sealer.ring
        key_id = _older(ring, key)
        census = _census(caller)
        dies = _dying(census, key_id)
        if not force:
            _lose_nothing(census, key_id)
        if not as_json:
            say(f"With {key} die: {dies}." if dies else f"Nothing in the store was made with {key}.")
        if not yes:
            confirm(f"Take {key} out of the ring?")
        if not (yes or force):
            # The question may have stood there for hours, and a server that is behind goes on under the key.
            told, census = census, _census(caller)
            _lose_nothing(census, key_id)
            _nothing_more(told, census, key_id)
        facts = _facts(census, key_id)
        wanted = ring.without(key_id)
        if key_file(caller) is None:
            show_ring(wanted, as_json, "list")
            return
        write(caller, ring, wanted)
        caller = under(caller, wanted)
        caller.ask(tell_of_key(caller.desk, "key retired", actor(), key_id, caller.now))
    if as_json:
        say_document(facts)
    else:
        say(f"{key} is out of the ring. A copy of the old ring opens what was made with it: keep it, or destroy it.")


def _facts(census: Census, key_id: bytes) -> dict[str, Any]:
    return {"key": key_id.hex(), "records": census.of(key_id), "users_with_codes": census.users_with_codes[key_id]}


def _lose_nothing(census: Census, key_id: bytes) -> None:
    """NotDone if records are left that can be sealed anew."""
    if lost := census.renewable(key_id):
        raise NotDone(
            f"{lost} records made with {key_id.hex()} can still be sealed anew: run `twofa keys rotate --resume` first; "
            "--force loses them",
            _facts(census, key_id),
        )


def _nothing_more(told: Census, census: Census, key_id: bytes) -> None:
    """NotDone if more would die than was told."""
    if sum(census.of(key_id).values()) > sum(told.of(key_id).values()):
        raise NotDone(
            f"More was made with {key_id.hex()} meanwhile, so a server still has it as the current key: give the ring to "
            "every server, and try again",
            _facts(census, key_id),
        )


def _older(ring: KeyRing, key: str) -> bytes:
    try:
        key_id = bytes.fromhex(key)
    except ValueError:
        raise click.UsageError(f"{key!r} is no id of a key: `twofa keys list` has them") from None
    if key_id not in ring.keys:
        raise NotDone(f"{key} is not in the ring: `twofa keys list` has those that are")
    if key_id == ring.current:
        raise NotDone(f"{key} is the current key: `twofa keys rotate` makes another one current first")
    return key_id


def _census(caller: Caller) -> Census:
    census = Census()
    caller.ask(count_realm(caller.desk, census))
    user = None
    with Progress("users and events") as progress:
        while page := caller.ask(users_after(user)):
            for user in page:
                caller.ask(count_user(caller.desk, census, user, caller.now))
                progress.step()
        position = None
        while rows := caller.ask(count_events(census, position)):
            position = rows[-1].position
            progress.step(len(rows))
    return census


def _dying(census: Census, key_id: bytes) -> str:
    """What nobody can use any more without the key."""
    made = census.of(key_id)
    codes, users = made.pop("recovery code", 0), census.users_with_codes[key_id]
    parts = [f"{counted(codes, 'recovery code')} of {counted(users, 'user')}, who need new ones"] * bool(codes)
    words = {"event": "events, which then do not open", UNREADABLE: "records that do not open now"}
    parts += [f"{count} {words.get(kind, f'of the kind {kind}')}" for kind, count in made.items()]
    return "; ".join(parts)


def _state(ring: KeyRing, key_id: bytes) -> str:
    if key_id not in ring.keys:
        return "retired" if key_id in ring.retired else "not in the ring"
    if key_id == ring.current:
        return "current"
    return "older" if key_id in ring.older else "prepared"


def _row(key_id: bytes, state: str, made: dict[str, int], kinds: list[str]) -> Row:
    row: dict[str, Any] = {"key": key_id.hex(), "state": state}
    return row | {kind: made.get(kind, 0) for kind in kinds}

"""An export that was killed goes on: the file is as whole as any, and what stood in the part is believed only if it is ours."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.moving.crowd import PASSPHRASE, PEOPLE, SEALED, fill, name_of, run, store_of, write_settings
from support.realm import Realm, make_realm
from support.stores import ask
from twofa_middleware.accounts.rules import Flag, key_of, write_flag
from twofa_middleware.asks import (
    REALM,
    AddEvents,
    EventRow,
    FollowEvents,
    ReadRecords,
    ReadRoles,
    ReadUsers,
    Records,
    WriteRecords,
    WriteRole,
)
from twofa_middleware.desk import Desk
from twofa_middleware.errors import BadFile
from twofa_middleware.keys_and_store import sealer_of
from twofa_middleware.moving import stream
from twofa_middleware.moving.carrying import witness
from twofa_middleware.moving.checking import entries_in
from twofa_middleware.moving.entries import EndEntry, EventsEntry, RoleEntry, UserEntry
from twofa_middleware.moving.new_file import new_file
from twofa_middleware.moving.stream import BLOCK_BYTES, begin, new_header, read_header
from twofa_middleware.protocol import UserKey

EVENTS = 1100


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


@pytest.fixture
def full(tmp_path: Path) -> Realm:
    """People with a log, two flags, and a list of events; and an empty store beside."""
    realm = make_realm(tmp_path)
    desk = desk_of(realm)
    with store_of(realm) as store:
        fill(store, desk.sealer, log_rows=6)
        for role in ("Cook", "Guest"):
            ask(store, WriteRole(write_flag(desk, Flag(role, key_of(desk, role), 1, True, 1)), 1))
        ask(store, AddEvents(tuple(an_event() for _ in range(EVENTS))))
    write_settings(realm)
    return realm


@pytest.fixture
def killed(full: Realm) -> Realm:
    """Its export was killed among the people."""
    kill(full, ("cli.export", "pack", 2 + 80))
    return full


def an_event() -> EventRow:
    return EventRow("", UserKey("somebody-0000000000000"), os.urandom(12), 1, os.urandom(1000))


def desk_of(realm: Realm) -> Desk:
    return Desk(realm.settings, sealer_of(realm.settings))


def part_of(realm: Realm) -> Path:
    return realm.folder / "realm.twofa.part"


def kill(realm: Realm, place: tuple[str, str, int], *more: str) -> None:
    done = run(realm, "export", "realm.twofa", *SEALED, *more, dies_in=place)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [path.name for path in realm.folder.glob("realm.twofa*")] == ["realm.twofa.part"]
    assert stat.S_IMODE(part_of(realm).stat().st_mode) == 0o600


@dataclass
class Held:
    users: dict[str, Records]
    roles: set[str]
    events: list[tuple[str, bytes, bytes]]


def held(realm: Realm) -> Held:
    with store_of(realm) as store:
        users = {user: ask(store, ReadRecords(user)) for user in ask(store, ReadUsers(None, 10_000))}
        listed = [(row.user, row.id, row.record) for row in ask(store, FollowEvents(None, 100_000))]
        waiting = [(REALM, row.id, row.record) for row in ask(store, ReadRecords(REALM)).log]
        return Held(users, {row.key for row in ask(store, ReadRoles())}, listed + waiting)


def entries(realm: Realm) -> Iterator[UserEntry | RoleEntry | EventsEntry | EndEntry]:
    with (realm.folder / "realm.twofa").open("rb") as file:
        yield from entries_in(file, PASSPHRASE)


def is_whole(realm: Realm, source: Held) -> None:
    """The file has everything, and all of it once; what it says at its end, and its header, are true."""
    assert [path.name for path in realm.folder.glob("realm.twofa*")] == ["realm.twofa"]
    found = list(entries(realm))
    users = [(one.user, one.records) for one in found if isinstance(one, UserEntry)]
    events = [(row.user, row.id, row.record) for one in found if isinstance(one, EventsEntry) for row in one.rows]
    roles = [one.row.key for one in found if isinstance(one, RoleEntry)]
    assert users == sorted(source.users.items())
    assert sorted(roles) == sorted(source.roles)
    assert events == source.events
    end = found[-1]
    assert isinstance(end, EndEntry)
    assert (end.users, end.roles, end.events) == (len(users), len(roles), len(events))
    assert set(end.keys) == set(sealer_of(realm.settings).ring.keys)


def refused(realm: Realm, *more: str, code: int = 1) -> str:
    """A run that ends with an error, and leaves the part as it is. Answers the error."""
    before = part_of(realm).read_bytes()
    done = run(realm, "export", "realm.twofa", *(more or ("--resume", *SEALED)))
    assert (done.returncode, done.stdout) == (code, "")
    assert part_of(realm).read_bytes() == before
    assert not (realm.folder / "realm.twofa").exists()
    return done.stderr


def resumed(realm: Realm) -> str:
    done = run(realm, "export", "realm.twofa", "--resume", *SEALED, "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- it goes on -----------------------------------------------------------------------------------------------------

PLACES = {
    "people": ("cli.export", "pack", 2 + 40),
    "the last of the people": ("cli.export", "pack", 2 + PEOPLE),
    "before the events": ("cli.export", "pack", 2 + PEOPLE + 1),
    "events": ("cli.export", "pack", 2 + PEOPLE + 3),
    "the end": ("cli.export", "pack", 2 + PEOPLE + 4),
    "told": ("cli.export", "tell_of_file", 1),
    "ended": ("moving.new_file", "_put", 1),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_killed_export_goes_on_and_the_other_store_becomes_the_same(full: Realm, place: tuple[str, str, int]) -> None:
    kill(full, place)
    begun_at = made_at(part_of(full))
    source = held(full)
    said = json.loads(resumed(full))
    assert (said["users"], said["roles"], said["events"]) == (PEOPLE, 2, len(source.events))
    is_whole(full, source)
    assert made_at(full.folder / "realm.twofa") == begun_at
    brought = run(full, "import", "realm.twofa", *SEALED, "--yes", "--file", "there.toml", "--json")
    assert brought.returncode == 0, brought.stderr
    assert json.loads(brought.stdout)["users"]["written"] == PEOPLE
    there = held(in_the_other_store(full))
    assert there.users == source.users
    assert there.events[: len(source.events)] == source.events


def made_at(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        header = read_header(file)
    return header.made_at, header.salt


def in_the_other_store(realm: Realm) -> Realm:
    from twofa_middleware.settings import Settings

    settings = Settings.load(realm.folder / "there.toml")
    return Realm(realm.folder, settings, realm.clock)


def test_it_can_be_killed_again_and_again(full: Realm) -> None:
    kill(full, ("cli.export", "pack", 2 + 20))
    sizes = [part_of(full).stat().st_size]
    for calls in (30, 60, 30, 2):
        kill(full, ("cli.export", "pack", calls), "--resume")
        sizes.append(part_of(full).stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3]
    resumed(full)
    is_whole(full, held_before_the_last_event(full))


def held_before_the_last_event(realm: Realm) -> Held:
    """What there was when the file was written: before it was told of."""
    source = held(realm)
    return Held(source.users, source.roles, source.events[:-1])


@pytest.mark.parametrize("torn", [1, 100, BLOCK_BYTES - 1])
def test_a_torn_last_chunk_is_written_anew(killed: Realm, torn: int) -> None:
    content = part_of(killed).read_bytes()
    whole = len(content) - len(blocks(part_of(killed))[-1])
    part_of(killed).write_bytes(content[: whole - torn])
    source = held(killed)
    resumed(killed)
    is_whole(killed, source)


def test_what_is_in_the_part_is_not_carried_again_and_what_came_since_is(killed: Realm) -> None:
    """Also what was carried before and has changed since stays as it was: nobody is in the file twice."""
    source = held(killed)
    first, last = name_of(0), UserKey("zzz-somebody-who-is-new")
    new = an_event()
    with store_of(killed) as store:
        ask(store, WriteRecords(first, 7, Records(source.users[first].account), 1))
        ask(store, WriteRecords(last, 0, Records(person=b"\x02key1rest"), 1))
        ask(store, AddEvents((new,)))
    resumed(killed)
    is_whole(
        killed,
        Held(
            source.users | {last: Records(person=b"\x02key1rest")},
            source.roles,
            [*source.events, (new.user, new.id, new.record)],
        ),
    )


def test_no_nonce_is_used_twice_with_the_key(killed: Realm) -> None:
    before = blocks(part_of(killed))
    resumed(killed)
    after = blocks(killed.folder / "realm.twofa")
    assert len(before) > 3
    nonces = [block[:12] for block in {*before, *after}]
    assert len(set(nonces)) == len(nonces)
    assert after[: len(before) - 1] == before[:-1]


def blocks(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        read_header(file)
        content = file.read()
    return [content[start : start + BLOCK_BYTES] for start in range(0, len(content), BLOCK_BYTES)]


# ---- it is refused, and stays as it is ------------------------------------------------------------------------------


def test_a_run_without_resume_leaves_the_part_and_says_how_to_go_on(killed: Realm) -> None:
    said = refused(killed, *SEALED)
    assert "realm.twofa.part was left by a run that was interrupted: go on with --resume, or delete it" in said
    assert "realm.twofa.part" in refused(killed, "--passphrase-file", "new")
    assert not (killed.folder / "new").exists()
    part_of(killed).unlink()
    assert run(killed, "export", "realm.twofa", *SEALED).returncode == 0


def test_without_a_part_there_is_nothing_to_go_on_with(full: Realm) -> None:
    done = run(full, "export", "realm.twofa", "--resume", *SEALED)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no realm.twofa.part to go on with" in done.stderr
    assert list(full.folder.glob("realm.twofa*")) == []


def test_another_passphrase_changes_nothing(killed: Realm) -> None:
    (killed.folder / "passphrase").write_text(PASSPHRASE + "!")
    said = refused(killed)
    assert "does not open: the passphrase is another one" in said
    assert "realm.twofa.part stays: --resume goes on with it; to begin anew, delete it" in said
    assert PASSPHRASE not in said
    assert "cannot be read" in refused(killed, "--resume", "--passphrase-file", "missing", code=2)
    assert not (killed.folder / "missing").exists()
    (killed.folder / "passphrase").write_text(PASSPHRASE)
    resumed(killed)


def test_a_flipped_bit_in_the_part_changes_nothing(killed: Realm) -> None:
    content = part_of(killed).read_bytes()
    for place in (20, 60, 300, BLOCK_BYTES + 1000, 2 * BLOCK_BYTES + 5):
        changed = bytearray(content)
        changed[place] ^= 1
        part_of(killed).write_bytes(changed)
        refused(killed)
    part_of(killed).write_bytes(content)
    resumed(killed)


@pytest.mark.parametrize("what", ["realm", "witness", "keys"])
def test_a_part_of_another_realm_or_key_ring_is_refused(full: Realm, what: str) -> None:
    desk = desk_of(full)
    right = {"realm": "test", "witness": witness(desk), "now": 1, "keys": tuple(desk.sealer.ring.keys)}
    wrong = {"realm": "other", "witness": "another", "keys": (*desk.sealer.ring.keys, b"gone")}
    with part_of(full).open("wb") as file:
        begin(file, new_header(**(right | {what: wrong[what]})), PASSPHRASE).end()  # type: ignore[arg-type]
    said = refused(full)
    words = {"realm": 'holds the realm "other"', "witness": "another key ring", "keys": b"gone".hex()}
    assert words[what] in said
    with part_of(full).open("wb") as file:
        begin(file, new_header(**right), PASSPHRASE).end()  # type: ignore[arg-type]
    resumed(full)


def test_a_part_with_less_than_a_chunk_is_refused_since_nobody_knows_its_passphrase(killed: Realm) -> None:
    content = part_of(killed).read_bytes()
    with part_of(killed).open("rb") as file:
        read_header(file)
        head = file.tell()
    for size in (0, 5, head - 1, head, head + 1, head + 1000):
        part_of(killed).write_bytes(content[:size])
        said = refused(killed)
        assert "to begin anew, delete it" in said
    assert "the passphrase is another one, or there is less than a chunk of 64 KiB" in said


def test_no_link_is_followed(killed: Realm) -> None:
    part_of(killed).rename(killed.folder / "elsewhere")
    part_of(killed).symlink_to("elsewhere")
    assert "cannot be opened" in refused(killed)
    part_of(killed).unlink()
    part_of(killed).symlink_to("nowhere")
    done = run(killed, "export", "realm.twofa", *SEALED)
    assert (done.returncode, done.stdout) == (1, "")
    assert not (killed.folder / "nowhere").exists()
    part_of(killed).unlink()
    (part_of(killed)).hardlink_to(killed.folder / "elsewhere")
    assert "no file of this user that has this name and no other" in refused(killed)


def test_a_named_pipe_holds_nothing_up(killed: Realm) -> None:
    part_of(killed).unlink()
    os.mkfifo(part_of(killed))
    done = run(killed, "export", "realm.twofa", "--resume", *SEALED)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_file_of_somebody_else_is_not_written_on(killed: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it may still have it open."""
    with new_file(killed.folder / "mine") as part:
        assert part.path.name == "mine.part"
    others = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: others)
    with pytest.raises(BadFile, match="no file of this user"), new_file(killed.folder / "realm.twofa", resumes=True):
        pass
    assert part_of(killed).exists()


def test_a_part_in_whose_place_another_file_came_is_not_written(killed: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that wrote it came to its end after it was opened here, and before it was ours alone."""
    lock = fcntl.flock

    def late(descriptor: int, how: int) -> None:
        part_of(killed).rename(killed.folder / "finished")
        part_of(killed).write_bytes(b"of a later run")
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(BadFile, match="this name and no other"), new_file(killed.folder / "realm.twofa", resumes=True):
        pass
    assert part_of(killed).read_bytes() == b"of a later run"


def test_two_runs_do_not_write_the_same_file(killed: Realm) -> None:
    with part_of(killed).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "is being written by another run" in refused(killed)
    resumed(killed)

"""A file is looked through from its beginning to its end before anything of it is used: a store is not changed by half."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ..desk import Desk
from ..errors import BadFile, KeysError
from .carrying import witness
from .entries import EndEntry, Entry, EventsEntry, RoleEntry, UserEntry, unpack
from .stream import Header, read_chunks, read_header


def checked_header(desk: Desk, file: BinaryIO) -> Header:
    """What stands open at the file's beginning; BadFile if it is no file for this desk's realm and naming key."""
    header = read_header(file)
    if header.realm != desk.settings.realm:
        raise BadFile(f'the file holds the realm "{header.realm}", and the settings name "{desk.settings.realm}"')
    if header.witness != witness(desk):
        raise BadFile("the file was made under another key ring: its people have other names under this one")
    return header


def checked_file(desk: Desk, file: BinaryIO, passphrase: str) -> EndEntry:
    """How much is in the file, once all of it has been read; BadFile or KeysError for one that could not be brought in."""
    found = EndEntry()
    users = roles = events = 0
    for entry in entries_in(file, passphrase):
        match entry:
            case UserEntry():
                users += 1
            case RoleEntry():
                roles += 1
            case EventsEntry(rows):
                events += len(rows)
            case EndEntry():
                found = entry
    if (found.users, found.roles, found.events) != (users, roles, events):
        raise BadFile("the file does not hold as much as it says at its end")
    missing = [key_id.hex() for key_id in found.keys if not desk.sealer.knows(key_id)]
    if missing:
        raise KeysError(
            f"the records in the file need keys that are not in the key ring: {', '.join(missing)}; "
            "put back the key ring from the time of the export"
        )
    return found


def entries_in(file: BinaryIO, passphrase: str) -> Iterator[Entry]:
    """The entries of a file, one at a time."""
    return unpack(read_chunks(file, passphrase))

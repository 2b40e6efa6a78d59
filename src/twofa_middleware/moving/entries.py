"""What stands in an exported file: one entry after the other, each with its length before it.

The records in it stay as they lay in the store, sealed and authenticated under the realm's keys, which are not in the
file. Keys that a later version adds to an entry are passed over, and those that it needs have a default; the names below
are those in the file, and do not change.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from ..asks import EventRow, Records, RoleRow
from ..errors import BadFile
from ..keyring import KEY_ID_BYTES
from ..protocol import UserKey
from ..sealing import key_id_of

_LENGTH = struct.Struct(">I")


class RoleEntry(msgspec.Struct, frozen=True, tag="role"):
    """The flag on a role."""

    row: RoleRow


class UserEntry(msgspec.Struct, frozen=True, tag="user"):
    """All that there is of a user."""

    user: UserKey
    records: Records


class EventsEntry(msgspec.Struct, frozen=True, tag="events"):
    """Some of the realm's events, in their order; their positions are empty."""

    rows: tuple[EventRow, ...]


class EndEntry(msgspec.Struct, frozen=True, tag="end", kw_only=True):
    """The last one: how many of each there are before it, and the ids of the keys that made their records."""

    users: int = 0
    roles: int = 0
    events: int = 0
    keys: tuple[bytes, ...] = ()


Entry: TypeAlias = RoleEntry | UserEntry | EventsEntry | EndEntry
_DECODER: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


def pack(entry: Entry) -> bytes:
    body = msgspec.msgpack.encode(entry)
    return _LENGTH.pack(len(body)) + body


def unpack(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The entries, as the chunks come; BadFile for what this version cannot read."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        for entry, _ in _taken(waiting):
            yield entry
    if waiting:
        raise BadFile("the file ends within an entry")


def unpack_whole(chunks: Iterable[bytes]) -> Iterator[tuple[Entry, int]]:
    """The same of what may end within an entry: those that are whole, each with the place at which it ends."""
    waiting = bytearray()
    end = 0
    for chunk in chunks:
        waiting += chunk
        for entry, size in _taken(waiting):
            end += size
            yield entry, end


def _taken(waiting: bytearray) -> Iterator[tuple[Entry, int]]:
    """The whole entries, each with its size; what is left stays."""
    place = 0
    while len(waiting) >= place + _LENGTH.size:
        begin = place + _LENGTH.size
        end = begin + int.from_bytes(waiting[place:begin])
        if len(waiting) < end:
            break
        try:
            entry: Entry = _DECODER.decode(waiting[begin:end])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadFile("the file has an entry that this version cannot read: take the one that wrote it") from None
        yield entry, end - place
        place = end
    del waiting[:place]


def key_ids(entry: Entry) -> Iterator[bytes]:
    """The ids of the keys that made the records of an entry."""
    match entry:
        case RoleEntry(row):
            yield key_id_of(row.record)
        case EventsEntry(rows):
            yield from (key_id_of(row.record) for row in rows)
        case UserEntry(_, records):
            yield from _key_ids(records)
        case EndEntry():
            yield from entry.keys


def _key_ids(records: Records) -> Iterator[bytes]:
    if records.account is not None:
        yield key_id_of(records.account.roster)
        yield from (key_id_of(record) for record in records.account.authenticators.values())
        yield from (code[:KEY_ID_BYTES] for code in records.account.codes)
    yield from (key_id_of(row.record) for row in records.passes)
    yield from (key_id_of(row.record) for row in records.browsers)
    yield from (key_id_of(row.record) for row in records.log)
    yield from (key_id_of(record) for record in (records.person, records.roles) if record is not None)

"""An export that was interrupted goes on: what is whole in its file stays, and what is in it is not carried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ..desk import Desk
from ..errors import BadFile
from ..sealing import NONCE_BYTES
from .carrying import Carried
from .checking import checked_header
from .entries import EndEntry, EventsEntry, unpack_whole
from .stream import BLOCK_BYTES, CHUNK_BYTES, NONE_BEFORE, Chunks, Header, Writer, chunks_of

_TOO_LITTLE = "there is less than a chunk of 64 KiB, and so nothing to go on from"


def checked_part(desk: Desk, file: BinaryIO) -> Header:
    """The header of what an interrupted run left; BadFile if this desk's realm and keys cannot go on with it."""
    header = checked_header(desk, file)
    gone = [key_id.hex() for key_id in header.keys if not desk.sealer.knows(key_id)]
    if gone:
        raise BadFile(
            f"keys were taken out of the key ring since the file was begun ({', '.join(gone)}), and records in it may need "
            "them"
        )
    return header


def resume(desk: Desk, file: BinaryIO, passphrase: str) -> tuple[Writer, Carried]:
    """A writer behind the last whole entry, and what stands before it. Until that is known the file is left as it is.

    BadFile for another passphrase, and for damage anywhere but in the last chunk: that one may be torn.
    """
    chunks = chunks_of(file, passphrase)
    first = file.tell()
    carried = Carried()
    size = 0
    for entry, end in unpack_whole(_whole_chunks(file, chunks)):
        # It had come to its end, but not to its place: the end is written anew, since there may be more now.
        if isinstance(entry, EndEntry):
            break
        carried.add(entry, desk)
        if isinstance(entry, EventsEntry):
            carried.known_events.update(row.id for row in entry.rows)
        size = end
    return _cut(file, chunks, first, size), carried


def _whole_chunks(file: BinaryIO, chunks: Chunks) -> Iterator[bytes]:
    """The chunks up to one that is torn, which is the last if there is any.

    The first has to open: else nobody knows whether the passphrase is that of the file.
    """
    block = file.read(BLOCK_BYTES)
    if not block:
        raise BadFile(_TOO_LITTLE)
    while following := file.read(BLOCK_BYTES):
        yield chunks.open(block, is_last=False)
        block = following
    try:
        data = _opened(chunks, block)
    except BadFile:
        if chunks.number:
            return
        if len(block) < BLOCK_BYTES:
            raise BadFile(f"the passphrase is another one, or {_TOO_LITTLE}") from None
        raise
    yield data


def _opened(chunks: Chunks, block: bytes) -> bytes:
    """The chunk at the end of the file: another one was to follow, or it is the last."""
    try:
        return chunks.open(block, is_last=False)
    except BadFile:
        return chunks.open(block, is_last=True)


def _cut(file: BinaryIO, chunks: Chunks, first: int, size: int) -> Writer:
    """Keep this many bytes of what was written: whole chunks in the file, and the rest in the writer."""
    number, rest = divmod(size, CHUNK_BYTES)
    place = first + number * BLOCK_BYTES
    before = NONE_BEFORE
    if number:
        file.seek(place - BLOCK_BYTES)
        before = file.read(NONCE_BYTES)
    file.seek(place)
    chunks.go_to(number, before)
    waiting = _opened(chunks, file.read(BLOCK_BYTES))[:rest] if rest else b""
    chunks.go_to(number, before)
    file.seek(place)
    file.truncate()
    return Writer(file, chunks, waiting)

"""A file sealed with a passphrase, written and read a chunk at a time.

    "twofa export 1" and a line's end | length of the header (4) | header (MessagePack) | chunks
    chunk: nonce (12) | ciphertext | tag (16)

The key comes from the passphrase by scrypt (RFC 7914), with the salt and the costs that stand in the header; it is this
file's alone. A chunk is AES-256-GCM over 64 KiB, the last one over what is left. Its number, whether it is the last, the
nonce of the chunk before it and a digest of the header are associated data. So a file that was cut, or in which anything
was changed, swapped, repeated or taken from another one, does not open.

A run that goes on writes the end of a file anew, with other data under the same key. So a nonce is random and no number:
NIST SP 800-38D §8.3 allows 2**32 of them for a key, which is 256 TiB. And since a chunk names the one before it, what
was written before an interruption cannot be mixed with what stands in its place now.
"""

from __future__ import annotations

import hashlib
import os
import struct
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from ..errors import BadFile
from ..factors import recovery
from ..sealing import NONCE_BYTES, TAG_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"twofa export 1\n"
CHUNK_BYTES = 64 * 1024
LEAST_PASSPHRASE = 16
BLOCK_BYTES = NONCE_BYTES + CHUNK_BYTES + TAG_BYTES
_SALT_BYTES = 16
_HALF = 16
_MOST_HEADER_BYTES = 64 * 1024
_LENGTH = struct.Struct(">I")
_PLACE = struct.Struct(">Q?")
NONE_BEFORE = bytes(NONCE_BYTES)
# The costs that OWASP's Password Storage Cheat Sheet asks for: 128 MiB, about half a second. Who hands us a file
# chooses its costs, so there is a limit to them.
_COSTS = (2**17, 8, 1)
_MOST_MEMORY = 2**30
_DAMAGED = "the file is damaged or was cut off: nothing in it can be trusted. Take another copy"
_WRONG = "the file does not open: the passphrase is another one, or the file is damaged"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What stands open at the beginning of a file. ``witness``: by which realm and naming key its people are named.

    ``made_at``: when writing began, in seconds since 1970. ``salt``, ``n``, ``r``, ``p``: for scrypt. ``keys``: the ids of
    those in the key ring when it was made. What a later version adds is passed over.
    """

    realm: str
    witness: str
    made_at: int
    salt: bytes
    n: int
    r: int
    p: int
    keys: tuple[bytes, ...] = ()


def new_header(realm: str, witness: str, now: int, keys: tuple[bytes, ...] = ()) -> Header:
    n, r, p = _COSTS
    salt = os.urandom(_SALT_BYTES)
    return Header(realm=realm, witness=witness, made_at=now, salt=salt, n=n, r=r, p=p, keys=keys)


def new_passphrase() -> str:
    """160 random bits in eight groups of four letters, none of which is mistaken for another."""
    return "-".join(recovery.from_random(os.urandom(2 * recovery.CODE_BYTES)))


def checked_passphrase(text: str) -> str:
    """The passphrase as the key is made from it; ValueError for one that is too short to keep anybody out.

    In one of ours, case, spaces, hyphens and look-alikes do not matter; any other counts as it is written (NFC).
    """
    letters = "".join(text.split()).replace("-", "")
    if len(letters) == 2 * _HALF:
        halves = recovery.clean(letters[:_HALF]), recovery.clean(letters[_HALF:])
        if halves[0] is not None and halves[1] is not None:
            return halves[0] + halves[1]
    text = unicodedata.normalize("NFC", text)
    if len(text) < LEAST_PASSPHRASE:
        raise ValueError(f"a passphrase has {LEAST_PASSPHRASE} characters or more")
    return text


class Writer:
    """Writes chunks behind what is in the file; what was not ended does not open as a whole.

    ``waiting``: what was written before and stands in no chunk yet.
    """

    def __init__(self, file: BinaryIO, chunks: Chunks, waiting: bytes = b"") -> None:
        self._file = file
        self._chunks = chunks
        self._waiting = bytearray(waiting)

    @property
    def has_chunks(self) -> bool:
        """Whether there is a whole chunk to go on from."""
        return self._chunks.number > 0

    def write(self, data: bytes) -> None:
        self._waiting += data
        # The last chunk is known as such only at the end, so one that is just full waits.
        while len(self._waiting) > CHUNK_BYTES:
            self._file.write(self._chunks.seal(bytes(self._waiting[:CHUNK_BYTES]), is_last=False))
            del self._waiting[:CHUNK_BYTES]

    def end(self) -> None:
        self._file.write(self._chunks.seal(bytes(self._waiting), is_last=True))
        self._waiting.clear()


def begin(file: BinaryIO, header: Header, passphrase: str) -> Writer:
    """Write the header; what is written comes behind it."""
    head = _head_of(header)
    chunks = Chunks(head, header, passphrase)
    file.write(head)
    return Writer(file, chunks)


def read_header(file: BinaryIO) -> Header:
    """The header, from the beginning of the file; BadFile for a file that is none of ours."""
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise BadFile("this is no file of `twofa export`, or one of a later version")
    length = file.read(_LENGTH.size)
    size = int.from_bytes(length)
    if len(length) < _LENGTH.size or size > _MOST_HEADER_BYTES:
        raise BadFile(_DAMAGED)
    try:
        header = msgspec.msgpack.decode(file.read(size), type=Header)
    except (msgspec.DecodeError, ValueError):
        raise BadFile(_DAMAGED) from None
    is_power = header.n > 1 and header.n & (header.n - 1) == 0
    if not is_power or header.r < 1 or not 1 <= header.p <= 16 or 128 * header.n * header.r > _MOST_MEMORY:
        raise BadFile(_DAMAGED)
    return header


def read_chunks(file: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """What was written, a chunk at a time; BadFile as soon as one is not just what was written in this place.

    That nothing is missing is known only when the iterator has ended.
    """
    chunks = chunks_of(file, passphrase)
    block = file.read(BLOCK_BYTES)
    while True:
        following = file.read(BLOCK_BYTES)
        yield chunks.open(block, is_last=not following)
        if not following:
            return
        block = following


def chunks_of(file: BinaryIO, passphrase: str) -> Chunks:
    """What opens the chunks of a file, which stands at the first of them afterwards."""
    header = read_header(file)
    end = file.tell()
    file.seek(0)
    return Chunks(file.read(end), header, passphrase)


class Chunks:
    """Seals and opens the chunks of one file, in their order. ``number``: of the next one, from 0 on."""

    def __init__(self, head: bytes, header: Header, passphrase: str) -> None:
        self._digest = hashlib.sha256(head).digest()
        self._cipher = _cipher(header, passphrase)
        self.go_to(0)

    def go_to(self, number: int, before: bytes = NONE_BEFORE) -> None:
        """Let this chunk be the next; ``before``: the nonce of the one before it."""
        self.number = number
        self._before = before

    def seal(self, data: bytes, *, is_last: bool) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        block = nonce + self._cipher.encrypt(nonce, data, self._bound(is_last))
        self.go_to(self.number + 1, nonce)
        return block

    def open(self, block: bytes, *, is_last: bool) -> bytes:
        """BadFile if it is not the next one, and then that is still the next."""
        from cryptography.exceptions import InvalidTag

        nonce, sealed = block[:NONCE_BYTES], block[NONCE_BYTES:]
        try:
            data = self._cipher.decrypt(nonce, sealed, self._bound(is_last))
        except (InvalidTag, ValueError):
            raise BadFile(_DAMAGED if self.number else _WRONG) from None
        self.go_to(self.number + 1, nonce)
        return data

    def _bound(self, is_last: bool) -> bytes:
        return self._digest + _PLACE.pack(self.number, is_last) + self._before


def _head_of(header: Header) -> bytes:
    body = msgspec.msgpack.encode(header)
    return MAGIC + _LENGTH.pack(len(body)) + body


def _cipher(header: Header, passphrase: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    kdf = Scrypt(salt=header.salt, length=32, n=header.n, r=header.r, p=header.p)
    return AESGCM(kdf.derive(checked_passphrase(passphrase).encode()))

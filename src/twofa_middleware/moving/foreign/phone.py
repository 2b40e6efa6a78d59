"""What a phone exports: ``otpauth-migration://offline?data=…``, a QR code in several parts, one URI a line.

The data is base64 of a Protocol Buffers message that Google Authenticator has and that others write alike:

    MigrationPayload:  1 otp_parameters (repeated)  2 version  3 batch_size  4 batch_index  5 batch_id
    OtpParameters:     1 secret  2 name  3 issuer  4 algorithm (1: SHA-1)  5 digits (1: six)  6 type (2: TOTP)  7 counter
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias
from urllib.parse import unquote

from .records import PassedOver, Record, Refused, Taken, Unusable, check_kind, sized
from .table import lines

_BEGIN = "otpauth-migration://offline?"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_Value: TypeAlias = int | bytes
_UNSAID, _SHA1, _SIX, _TOTP = 0, 1, 1, 2


@dataclass(frozen=True, slots=True)
class _Part:
    """One QR code: which of how many of its batch, and the accounts in it."""

    batch: _Value
    index: int
    size: int
    accounts: tuple[bytes, ...]


def read_phone(file: BinaryIO) -> Iterator[Record]:
    """The accounts of every part; at the end, what is refused for parts that are missing."""
    seen: dict[_Value, tuple[int, set[int]]] = {}
    for number, line in enumerate(lines(file), 1):
        place = f"line {number}"
        if line is not None and not line.strip():
            continue
        try:
            part = _part(line)
        except Unusable as error:
            yield Refused(place, str(error))
            continue
        size, indexes = seen.setdefault(part.batch, (part.size, set()))
        indexes.add(part.index)
        for count, account in enumerate(part.accounts, 1):
            yield _account(f"{place}, account {count}", account)
    for size, indexes in seen.values():
        missing = [str(index + 1) for index in range(size) if index not in indexes]
        if missing:
            yield Refused("the whole file", f"of {size} QR codes, {', '.join(missing)} are missing")


def _part(line: str | None) -> _Part:
    if line is None or not line.strip().startswith(_BEGIN):
        raise Unusable("it is no otpauth-migration URI")
    fields = dict(field.partition("=")[::2] for field in line.strip().removeprefix(_BEGIN).split("&"))
    text = unquote(fields.get("data", "")).replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unusable("its data is no base64") from None
    accounts: list[bytes] = []
    numbers: dict[int, _Value] = {}
    for field, value in _fields(data):
        if field == 1 and isinstance(value, bytes):
            accounts.append(value)
        else:
            numbers[field] = value
    size, index = numbers.get(3, 1), numbers.get(4, 0)
    if not isinstance(size, int) or not isinstance(index, int) or not 0 <= index < max(size, 1) <= 1000:
        raise Unusable("its data is damaged")
    return _Part(numbers.get(5, 0), index, max(size, 1), tuple(accounts))


def _account(place: str, data: bytes) -> Record:
    try:
        fields = dict(_fields(data))
        if fields.get(6) != _TOTP:
            return PassedOver(place, "no time-based code")
        check_kind(
            algorithm="SHA1" if fields.get(4, _UNSAID) in (_UNSAID, _SHA1) else "",
            digits=6 if fields.get(5, _UNSAID) in (_UNSAID, _SIX) else 0,
        )
        secret = fields.get(1, b"")
        name, issuer = _text(fields, 2), _text(fields, 3)
        if not isinstance(secret, bytes):
            raise Unusable("its data is damaged")
        prefix, colon, account = name.partition(":")
        shown = (account if colon else name).strip()
        return Taken(place, shown, sized(secret), shown, issuer or (prefix if colon else ""))
    except Unusable as error:
        return Refused(place, str(error))


def _text(fields: Mapping[int, _Value], number: int) -> str:
    value = fields.get(number, b"")
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except UnicodeDecodeError:
        raise Unusable("a name in it is no UTF-8") from None


def _fields(data: bytes) -> Iterator[tuple[int, _Value]]:
    """The fields of a message by their numbers, as the encoding of Protocol Buffers says."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        kind, number = tag & 7, tag >> 3
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _varint(data, place)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise Unusable("its data is damaged")
        if place + size > len(data):
            raise Unusable("its data is cut off")
        yield number, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise Unusable("its data is cut off")

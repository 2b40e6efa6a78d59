"""What Django's ``manage.py dumpdata`` writes, as JSON or JSONL: of django-otp and of django-allauth.

django-otp: ``dumpdata otp_totp otp_static``; a device has ``user``, ``key`` (hexadecimal), ``step``, ``t0``, ``digits``
and ``confirmed``. django-allauth: ``dumpdata mfa.authenticator``; one has ``user``, ``type`` and ``data``, in which
``secret`` is base32, unless the project encrypts it.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from ...errors import BadFile
from .records import PassedOver, Record, Refused, Taken, Unusable, check_kind, from_base32, from_hex

_PART_BYTES = 64 * 1024
MOST_RECORD_BYTES = 1024 * 1024
_BETWEEN = " \t\r\n,[]\ufeff"
_Fields = Mapping[str, Any]


def read_django_otp(file: BinaryIO) -> Iterator[Record]:
    return _read(file, _django_otp)


def read_allauth(file: BinaryIO) -> Iterator[Record]:
    return _read(file, _allauth)


def _django_otp(place: str, model: str, fields: _Fields) -> Record:
    match model:
        case "otp_totp.totpdevice":
            if fields.get("confirmed") is not True:
                return PassedOver(place, "the device was never confirmed")
            check_kind(digits=fields.get("digits"), step=fields.get("step"), t0=fields.get("t0"))
            return Taken(place, _name(fields), from_hex(fields.get("key")))
        case "otp_static.staticdevice" | "otp_static.statictoken":
            return PassedOver(place, "static tokens are not carried: people make recovery codes here")
        case _:
            return PassedOver(place, "no device of otp_totp")


def _allauth(place: str, model: str, fields: _Fields) -> Record:
    if model != "mfa.authenticator":
        return PassedOver(place, "no authenticator of allauth.mfa")
    match fields.get("type"):
        case "totp":
            data = fields.get("data")
            if not isinstance(data, dict):
                raise Unusable("data is no object")
            return Taken(place, _name(fields), from_base32(data.get("secret")))
        case "recovery_codes":
            return PassedOver(place, "recovery codes are not carried: people make new ones here")
        case _:
            return PassedOver(place, "no authenticator app")


def _name(fields: _Fields) -> str:
    """The user's primary key, or the name with ``--natural-foreign``."""
    user = fields.get("user")
    if isinstance(user, list) and len(user) == 1:
        (user,) = user
    if isinstance(user, str) or (isinstance(user, int) and not isinstance(user, bool)):
        return str(user)
    raise Unusable("user is no id")


def _read(file: BinaryIO, taken: Callable[[str, str, _Fields], Record]) -> Iterator[Record]:
    for number, found in enumerate(_documents(file), 1):
        place = f"record {number}"
        try:
            if not isinstance(found, dict) or not isinstance(found.get("fields"), dict):
                raise Unusable("it is no object with fields, as dumpdata writes them")
            yield taken(place, str(found.get("model")).lower(), found["fields"])
        except Unusable as error:
            yield Refused(place, str(error))


def _documents(file: BinaryIO) -> Iterator[Any]:
    """The elements of a list, or the documents one after the other, without having all of them in memory at once."""
    decoder = json.JSONDecoder()
    # What is no UTF-8 stays recognisable, and is then no user id.
    reader = codecs.getreader("utf-8")(file, "surrogateescape")
    text, place, number = "", 0, 0
    while True:
        while place < len(text) and text[place] in _BETWEEN:
            place += 1
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):  # perhaps there is only a part of it yet
            part = reader.read(_PART_BYTES)
            if (not part and place < len(text)) or len(text) - place > MOST_RECORD_BYTES:
                raise BadFile(f"what comes after record {number} is no JSON: the rest was not read") from None
            if not part:
                return
            text, place = text[place:] + part, 0
        else:
            number += 1
            yield found

"""What becomes of a record, and what a secret has to be: SHA-1, 6 digits, 30 seconds from 1970 on, 80 bits or more."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TypeAlias

from ...factors.totp import LEAST_SECRET_BYTES, MOST_SECRET_BYTES, STEP_SECONDS

DIGITS = 6
_SHA1 = ("SHA1", "SHA-1", "HMACSHA1")


class Unusable(ValueError):
    """A record cannot be taken; the message says why, without anything out of it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An account of somebody whom the other system calls ``name``. ``place``: where it stands, such as "line 3"."""

    place: str
    name: str
    secret: bytes = field(repr=False)
    label: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A record that is none of ours, such as one that was never confirmed."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is wrong, or that cannot be had here."""

    place: str
    why: str


Record: TypeAlias = Taken | PassedOver | Refused


def from_base32(text: object) -> bytes:
    """A secret as people type it (RFC 4648 §6): case, spaces, hyphens and padding do not matter."""
    if not isinstance(text, str):
        raise Unusable("the secret is no text")
    letters = "".join(text.split()).replace("-", "").rstrip("=").upper()
    try:
        return sized(base64.b32decode(letters + "=" * (-len(letters) % 8)))
    except (binascii.Error, ValueError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("the secret is no base32; where it is encrypted, decrypt it first") from None


def from_hex(text: object) -> bytes:
    if not isinstance(text, str):
        raise Unusable("the key is no text")
    try:
        return sized(bytes.fromhex(text))
    except ValueError as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("the key is not hexadecimal; where it is encrypted, decrypt it first") from None


def sized(secret: bytes) -> bytes:
    if len(secret) < LEAST_SECRET_BYTES:
        raise Unusable(f"the secret has less than {8 * LEAST_SECRET_BYTES} bits")
    if len(secret) > MOST_SECRET_BYTES:
        raise Unusable(f"the secret has more than {8 * MOST_SECRET_BYTES} bits")
    return secret


def check_kind(
    *, algorithm: object = "SHA1", digits: object = DIGITS, step: object = STEP_SECONDS, t0: object = 0
) -> None:
    """Unusable for another kind of code than the one that every authenticator app makes, and that is checked here."""
    if not isinstance(algorithm, str) or algorithm.upper() not in _SHA1:
        raise Unusable("the algorithm is not SHA-1")
    if str(digits) != str(DIGITS):
        raise Unusable(f"a code has not {DIGITS} digits")
    if str(step) != str(STEP_SECONDS):
        raise Unusable(f"a code is not for {STEP_SECONDS} seconds")
    if t0 != 0:
        raise Unusable("steps are not counted from 1970 on")

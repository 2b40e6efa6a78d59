"""Cookies that carry their facts themselves, signed by the app: three formats, all of them itsdangerous underneath.

| format | who writes it | signature |
| --- | --- | --- |
| ``flask`` | Flask's session | HMAC-SHA1, key derived by HMAC over the salt ``cookie-session`` |
| ``starlette`` | Starlette's SessionMiddleware | itsdangerous' TimestampSigner as it comes |
| ``itsdangerous`` | an app's own URLSafeTimedSerializer | as it comes, with the app's own salt |

The signature is always checked before a byte of the payload is unpacked (itsdangerous unsigns first and loads then), so
only the app itself could send what inflates: and no more than 16 KB of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

Format: TypeAlias = Literal["flask", "starlette", "itsdangerous"]
Unpack: TypeAlias = Callable[[bytes], tuple[Any, datetime]]

LONGEST_VALUE_BYTES = 16 * 1024
FLASK_SALT = "cookie-session"
# What the three formats are written in. Servers and frameworks agree on how to read these bytes and on no others: of a
# quoted value some take the quotes off and some undo backslashes, and base64 decoders skip over what they do not know.
_PLAIN = re.compile(rb"[A-Za-z0-9+/=._-]+")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a valid signature covers, and when it was made (seconds since 1970)."""

    facts: dict[str, Any] = field(repr=False)
    signed_at: int


class SignedValues:
    """Reads values of one format under the app's secrets; which of them signed makes no difference."""

    def __init__(self, format: Format, secrets: Sequence[str], salt: str) -> None:
        self._unpack = _starlette(secrets) if format == "starlette" else _serializer(format, secrets, salt)

    def read(self, value: bytes) -> Signed | None:
        """What the value says, or None if it is not signed by these secrets or cannot be unpacked.

        No clock is read: whoever asks decides what age is too old.
        """
        if len(value) > LONGEST_VALUE_BYTES or not _PLAIN.fullmatch(value):
            return None
        try:
            facts, signed_at = self._unpack(value)
        except (BadData, ValueError, OverflowError, OSError, RecursionError):
            return None  # the last four: signed, but a time beyond the calendar, no base64, no JSON, or too deep
        if not isinstance(facts, dict):
            return None
        return Signed(facts, int(signed_at.timestamp()))


def _serializer(format: Format, secrets: Sequence[str], salt: str) -> Unpack:
    serializer = (
        URLSafeTimedSerializer(
            secrets, salt=FLASK_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1}
        )
        if format == "flask"
        else URLSafeTimedSerializer(secrets, salt=salt)
    )

    def unpack(value: bytes) -> tuple[Any, datetime]:
        facts, signed_at = serializer.loads(value, return_timestamp=True)
        return facts, signed_at

    return unpack


def _starlette(secrets: Sequence[str]) -> Unpack:
    signer = TimestampSigner(secrets)

    def unpack(value: bytes) -> tuple[Any, datetime]:
        payload, signed_at = signer.unsign(value, return_timestamp=True)
        return json.loads(b64decode(payload)), signed_at

    return unpack

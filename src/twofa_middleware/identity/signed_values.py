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
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

Format: TypeAlias = Literal["flask", "starlette", "itsdangerous"]
Unpack: TypeAlias = Callable[[bytes], tuple[Any, datetime]]

LONGEST_VALUE_BYTES = 16 * 1024
FLASK_SALT = "cookie-session"


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
        if len(value) > LONGEST_VALUE_BYTES:
            return None
        try:
            if not _is_exact(value.rpartition(b".")[2]):
                return None
            facts, signed_at = self._unpack(value)
        except (BadData, ValueError, OverflowError, OSError, RecursionError):
            return None  # the last four: signed, but a time beyond the calendar, no base64, no JSON, or too deep
        if not isinstance(facts, dict):
            return None
        return Signed(facts, int(signed_at.timestamp()))


def _is_exact(signature: bytes) -> bool:
    """Whether the signature is spelt as it was written, so that there is one value for one session.

    base64 decoders skip over what they do not know (quotes, spaces), and take padding and loose last bits; where such a
    value would pass here, the app's parser may have cut it off elsewhere. The rest of the value is signed byte by byte.
    """
    return base64_encode(base64_decode(signature)) == signature


class _Signer(TimestampSigner):
    """Derives the keys once: itsdangerous does it anew for each value, which costs as much as checking it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._derived: dict[bytes, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        secret = self.secret_keys[-1] if secret_key is None else secret_key
        secret = secret if isinstance(secret, bytes) else secret.encode()
        found = self._derived.get(secret)
        if found is None:
            found = self._derived[secret] = super().derive_key(secret)
        return found


def _serializer(format: Format, secrets: Sequence[str], salt: str) -> Unpack:
    if format == "flask":
        signer = _Signer(secrets, salt=FLASK_SALT, key_derivation="hmac", digest_method=hashlib.sha1)
    else:
        signer = _Signer(secrets, salt=salt)
    serializer = URLSafeTimedSerializer(secrets)

    def unpack(value: bytes) -> tuple[Any, datetime]:
        payload, signed_at = signer.unsign(value, return_timestamp=True)
        return serializer.load_payload(payload), signed_at

    return unpack


def _starlette(secrets: Sequence[str]) -> Unpack:
    signer = _Signer(secrets)

    def unpack(value: bytes) -> tuple[Any, datetime]:
        payload, signed_at = signer.unsign(value, return_timestamp=True)
        return json.loads(b64decode(payload)), signed_at

    return unpack

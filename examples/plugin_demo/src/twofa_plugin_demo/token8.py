"""``token8``: codes of 8 digits by SHA-256 (RFC 6238), as some hardware tokens and authenticator apps make them.

    factor = { use = "token8" }

It only says what the code of a step is. Which steps count, how often somebody may try, and that a code is used once: the
core sees to that, whatever stands here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import ClassVar
from urllib.parse import quote, urlencode

import msgspec

from twofa_middleware.protocol import PluginContext


class Token8Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """None."""


class Token8:
    Options: ClassVar[type] = Token8Options
    digits = 8
    secret_bytes = 32
    variant = ""

    def __init__(self, options: Token8Options, context: PluginContext) -> None:
        pass

    def codes(self, secret: bytes) -> Callable[[int], str]:
        return lambda step: code_at(secret, step)

    def uri(self, secret: bytes, label: str, issuer: str) -> str:
        key = base64.b32encode(secret).decode().rstrip("=")
        issuer, label = issuer.replace(":", " "), label.replace(":", " ")
        facts = {"secret": key, "issuer": issuer, "algorithm": "SHA256", "digits": self.digits}
        return f"otpauth://totp/{quote(issuer)}:{quote(label)}?{urlencode(facts, quote_via=quote)}"


def code_at(secret: bytes, step: int) -> str:
    """RFC 4226 §5.3 with SHA-256: dynamic truncation, then the last 8 digits."""
    digest = hmac.new(secret, step.to_bytes(8), hashlib.sha256).digest()
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
    return f"{number % 10**8:08}"

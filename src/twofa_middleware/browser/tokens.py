"""Form tokens: proof that a form of ours was drawn for this browser, this purpose and this user, not long ago."""

from __future__ import annotations

import hashlib

import msgspec
from itsdangerous import BadSignature, Signer

from ..sealing import Sealer

FORM_SECONDS = 3600


def _signer(sealer: Sealer, purpose: str) -> Signer:
    return Signer(
        sealer.signing_keys("form"), salt=purpose, key_derivation="hmac", digest_method=hashlib.sha256, sep="."
    )


def _bound(expires: int, flow: bytes, app: str, user: str) -> bytes:
    binding = hashlib.sha256(msgspec.msgpack.encode((app, user, flow))).hexdigest()
    return f"{expires:x}-{binding}".encode()


def write(sealer: Sealer, purpose: str, flow: bytes, app: str, user: str, now: int) -> str:
    """A token for the hidden field of a form; ``flow`` is the value of the flow cookie."""
    expires = now + FORM_SECONDS
    signed = _signer(sealer, purpose).sign(_bound(expires, flow, app, user)).decode()
    return f"{expires:x}.{signed.rpartition('.')[2]}"


def is_good(sealer: Sealer, text: str, purpose: str, flow: bytes, app: str, user: str, now: int) -> bool:
    """Whether the token was written for just this, and has not expired."""
    stamp, dot, signature = text.partition(".")
    if not dot or not text.isascii() or len(text) > 200:
        return False
    try:
        expires = int(stamp, 16)
        _signer(sealer, purpose).unsign(_bound(expires, flow, app, user) + b"." + signature.encode())
    except (ValueError, BadSignature):
        return False
    return now < expires <= now + FORM_SECONDS

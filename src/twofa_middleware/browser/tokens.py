"""Form tokens: proof that a form of ours was drawn for this browser, this purpose and this user, not long ago."""

from __future__ import annotations

import hashlib

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from ..sealing import Sealer

FORM_SECONDS = 3600


def _signer(sealer: Sealer, purpose: str) -> Signer:
    return Signer(
        sealer.signing_keys("form"), salt=purpose, key_derivation="hmac", digest_method=hashlib.sha256, sep="."
    )


def _bound(stamp: str, flow: bytes, app: str, user: str) -> bytes:
    binding = hashlib.sha256(msgspec.msgpack.encode((app, user, flow))).hexdigest()
    return f"{stamp}-{binding}".encode()


def write(sealer: Sealer, purpose: str, flow: bytes, app: str, user: str, now: int, seconds: int = FORM_SECONDS) -> str:
    """A token for the hidden field of a form; ``flow`` is what the browser has to bring along, mostly the flow cookie."""
    stamp = f"{now + seconds:x}"
    signed = _signer(sealer, purpose).sign(_bound(stamp, flow, app, user)).decode()
    return f"{stamp}.{signed.rpartition('.')[2]}"


def is_good(sealer: Sealer, text: str, purpose: str, flow: bytes, app: str, user: str, now: int) -> bool:
    """Whether the token was written for just this, and has not expired."""
    stamp, dot, signature = text.partition(".")
    if not dot or not text.isascii() or len(text) > 200:
        return False
    if not _is_canonical(signature.encode()):
        return False
    signed = _bound(stamp, flow, app, user) + b"." + signature.encode()
    return _signer(sealer, purpose).validate(signed) and now < int(stamp, 16) <= now + FORM_SECONDS


def _is_canonical(signature: bytes) -> bool:
    """One token has one spelling: no padding, and the unused bits at the end are zero."""
    try:
        return base64_encode(base64_decode(signature)) == signature
    except BadData:
        return False

"""The one-time code that an administrator makes with a reset, so that the next set-up is not just anybody's.

Its keyed hash lies in the account's roster, which is authenticated: who can write to the store does not get rid of it.
"""

from __future__ import annotations

import hmac

from ..asks import Random
from ..factors import recovery
from ..keyring import KEY_ID_BYTES
from ..protocol import Flow, UserKey
from ..sealing import Sealer
from .account import Account


def new_reset_code(sealer: Sealer, user: UserKey) -> Flow[tuple[str, bytes]]:
    """A code for the user's eyes, 80 random bits, and its keyed hash for the account."""
    (code,) = recovery.from_random((yield from Random(recovery.CODE_BYTES)))
    return code, _keyed_hash(sealer, user, code.replace("-", ""))


def is_reset_code(sealer: Sealer, account: Account, text: str) -> bool:
    """Whether the account can be set up with this text: it needs no code, or this one."""
    if not account.reset:
        return True
    letters, key_id = recovery.clean(text), account.reset[:KEY_ID_BYTES]
    if letters is None or not sealer.knows(key_id):
        return False
    return hmac.compare_digest(_keyed_hash(sealer, account.user, letters, key_id), account.reset)


def _keyed_hash(sealer: Sealer, user: UserKey, letters: str, key_id: bytes = b"") -> bytes:
    return sealer.keyed_hash("reset", (user,), letters.encode(), key_id)

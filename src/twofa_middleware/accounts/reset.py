"""The one-time code that an administrator makes, with a reset or for a first set-up, so that it is not just anybody's.

Its keyed hash lies in the account's roster, which is authenticated: who can write to the store does not get rid of it.
"""

from __future__ import annotations

import hmac

from ..asks import Random
from ..factors import recovery
from ..keyring import KEY_ID_BYTES
from ..protocol import Flow, UserKey
from ..sealing import Sealer
from ..settings import Settings
from .account import Account


def new_reset_code(sealer: Sealer, user: UserKey) -> Flow[tuple[str, bytes]]:
    """A code for the user's eyes, 80 random bits, and its keyed hash for the account."""
    (code,) = recovery.from_random((yield from Random(recovery.CODE_BYTES)))
    return code, _keyed_hash(sealer, user, code.replace("-", ""))


def waits_for_code(settings: Settings, account: Account) -> bool:
    """Whether nobody can set the account up now, since it takes a code and none was made."""
    return settings.first_setup_needs_code and not account.reset


def is_reset_code(sealer: Sealer, account: Account, text: str) -> bool:
    """Whether this text is the code that was made for the account; any is where none was made."""
    if not account.reset:
        return True
    letters, key_id = recovery.clean(text), account.reset[:KEY_ID_BYTES]
    if letters is None or not sealer.knows(key_id):
        return False
    return hmac.compare_digest(_keyed_hash(sealer, account.user, letters, key_id), account.reset)


def _keyed_hash(sealer: Sealer, user: UserKey, letters: str, key_id: bytes = b"") -> bytes:
    return sealer.keyed_hash("reset", (user,), letters.encode(), key_id)

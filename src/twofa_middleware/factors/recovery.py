"""Recovery codes: ten random strings of 80 bits. What is stored is a keyed hash; no slow hash is needed for 80 bits."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from ..keyring import KEY_ID_BYTES
from ..sealing import Sealer

CODES = 10
CODE_BYTES = 10
HASH_BYTES = CODE_BYTES
"""Of the hash as many bits are stored as a code has: to hit it by chance is no easier than to guess the code."""
# Crockford's base 32: no i, l, o and u, so that nothing is read in two ways and no word appears by chance.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SAME = str.maketrans({"i": "1", "l": "1", "o": "0"})
_LETTERS = CODE_BYTES * 8 // 5


def from_random(random: bytes) -> list[str]:
    """Codes such as ``4f7k-9x2m-a0c3-w8qz``, one out of each ten random bytes."""
    return [_spell(random[start : start + CODE_BYTES]) for start in range(0, len(random), CODE_BYTES)]


def _spell(random: bytes) -> str:
    number = int.from_bytes(random)
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range((_LETTERS - 1) * 5, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, _LETTERS, 4))


def clean(text: str) -> str | None:
    """The sixteen letters of what somebody typed, look-alikes resolved; None: no recovery code."""
    if len(text) > 64 or not text.isascii():
        return None
    letters = text.replace(" ", "").replace("-", "").lower().translate(_SAME)
    return letters if len(letters) == _LETTERS and set(letters) <= set(_ALPHABET) else None


def keyed_hash(sealer: Sealer, user: str, letters: str, key_id: bytes = b"") -> bytes:
    """What the store keeps of a code of this user: the id of the key, then the hash."""
    return sealer.keyed_hash("recovery", (user,), letters.encode(), key_id, HASH_BYTES)


def usable(sealer: Sealer, stored: Iterable[bytes]) -> frozenset[bytes]:
    """Those of the stored hashes that a code can still be found by: the others died with the key that made them."""
    every = frozenset(stored)
    known = {key_id for key_id in {entry[:KEY_ID_BYTES] for entry in every} if sealer.knows(key_id)}
    return frozenset(entry for entry in every if entry[:KEY_ID_BYTES] in known)


def find(sealer: Sealer, user: str, text: str, stored: Iterable[bytes]) -> bytes | None:
    """The stored hash that the text belongs to. All are compared whole, in constant time; hashes of retired keys are dead."""
    letters = clean(text)
    mine: dict[bytes, bytes] = {}
    found = None
    for entry in usable(sealer, stored):
        key_id = entry[:KEY_ID_BYTES]
        if key_id not in mine:
            mine[key_id] = keyed_hash(sealer, user, letters or "", key_id)
        if hmac.compare_digest(mine[key_id], entry) and letters is not None:
            found = entry
    return found

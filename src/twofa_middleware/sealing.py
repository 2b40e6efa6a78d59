"""What is done with keys, and the one format in which records lie in a store.

A key ring has one ``naming`` key, which never changes (names of users and cookies), and a ring of keys for the rest. A
purpose ("totp", "pass" …) gets its own sub-key of each (HKDF, RFC 5869), so what was made for one purpose is nothing for
another. The realm, the owner and what else identifies a record go in as associated data; nobody can move a record.

    sealed record:         01 | key id (4) | nonce (12) | AES-256-GCM ciphertext and tag
    authenticated record:  02 | key id (4) | payload | HMAC-SHA-256, first 16 bytes
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import msgspec

from .errors import UnreadableRecord
from .keyring import KEY_BYTES, KEY_ID_BYTES, KeyRing
from .live_ring import LiveRing
from .protocol import UserKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
TAG_BYTES = 16
HASH_BYTES = 16
WITNESS_BYTES = 5
NAMED_USERS = 1024
_SEALED = b"\x01"
_AUTHENTICATED = b"\x02"


class _Derived:
    """A key ring and the sub-keys of its keys, each derived when it is first needed, and the ciphers under these."""

    __slots__ = ("_ciphers", "_realm", "_subkeys", "ring")

    def __init__(self, realm: str, ring: KeyRing) -> None:
        self._realm = realm
        self._ciphers: dict[bytes, AESGCM] = {}
        self._subkeys: dict[tuple[bytes, str], bytes] = {}
        self.ring = ring

    def subkey(self, key_id: bytes, purpose: str) -> bytes:
        found = self._subkeys.get((key_id, purpose))
        if found is None:
            found = self._subkeys[key_id, purpose] = _derive(self._realm, self.ring.keys[key_id], purpose)
        return found

    def cipher(self, subkey: bytes) -> AESGCM:
        found = self._ciphers.get(subkey)
        if found is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            found = self._ciphers[subkey] = AESGCM(subkey)
        return found


def _derive(realm: str, key: bytes, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = msgspec.msgpack.encode(("twofa", 1, realm, purpose))
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)


class Sealer:
    """Seals, opens, authenticates and names, for one realm. The keys of a ``LiveRing`` may change meanwhile."""

    def __init__(self, realm: str, ring: KeyRing | LiveRing) -> None:
        self._realm = realm
        self._live = ring if isinstance(ring, LiveRing) else LiveRing(ring)
        self._derived = _Derived(realm, self._live.now())

    @cached_property
    def _naming_key(self) -> bytes:
        return _derive(self._realm, self._derived.ring.naming, "naming")

    @property
    def ring(self) -> KeyRing:
        """The keys of this moment."""
        return self._keys().ring

    @property
    def live_ring(self) -> LiveRing:
        """Where the keys come from."""
        return self._live

    def name(self, kind: str, text: str, size: int = HASH_BYTES) -> str:
        """A keyed hash that never changes, as base64url without padding: names in the store and in cookies."""
        digest = hmac.digest(self._naming_key, self._context(kind, (text,)), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:size]).rstrip(b"=").decode()

    def store_id(self, name: str) -> str:
        """A store's name with a witness of the realm and the naming key behind it, as the settings repeat it.

        Under another naming key, or for another realm, nobody would be found in the store: all would seem to have no
        second factor. So the id of the store says by which of them its people are named.
        """
        digest = hmac.digest(self._naming_key, self._context("store", (name,)), hashlib.sha256)
        return f"{name}.{base64.b32encode(digest[:WITNESS_BYTES]).decode().lower()}"

    def user_key(self, user: str) -> UserKey:
        return self._user_keys(user)

    @cached_property
    def _user_keys(self) -> Callable[[str], UserKey]:
        """A form asks ten times for the name of who has sent it, and it never changes."""
        return lru_cache(maxsize=NAMED_USERS)(lambda user: UserKey(self.name("user", user)))

    def seal(self, purpose: str, context: tuple[str | int, ...], plaintext: bytes, nonce: bytes) -> bytes:
        """Encrypt under the current key. ``nonce`` is 12 fresh random bytes."""
        keys = self._keys()
        head = _SEALED + keys.ring.current
        key = keys.subkey(keys.ring.current, purpose)
        return head + nonce + keys.cipher(key).encrypt(nonce, plaintext, head + self._context(purpose, context))

    def open(self, purpose: str, context: tuple[str | int, ...], sealed: bytes) -> bytes:
        """The plaintext of ``seal``; UnreadableRecord for anything that was not sealed for just this place."""
        from cryptography.exceptions import InvalidTag

        head, body, key = self._split(sealed, _SEALED, purpose)
        nonce, ciphertext = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return self._derived.cipher(key).decrypt(nonce, ciphertext, head + self._context(purpose, context))
        except InvalidTag:
            raise UnreadableRecord(f"a sealed {purpose} record does not open") from None

    def authenticate(self, purpose: str, context: tuple[str | int, ...], payload: bytes) -> bytes:
        """The payload, readable, with a MAC over it and its context."""
        keys = self._keys()
        head = _AUTHENTICATED + keys.ring.current
        key = keys.subkey(keys.ring.current, purpose)
        return head + payload + self._mac(head, key, purpose, context, payload)

    def read(self, purpose: str, context: tuple[str | int, ...], record: bytes) -> bytes:
        """The payload of ``authenticate``; UnreadableRecord for anything that was not made for just this place."""
        head, body, key = self._split(record, _AUTHENTICATED, purpose)
        payload, mac = body[:-TAG_BYTES], body[-TAG_BYTES:]
        if not hmac.compare_digest(mac, self._mac(head, key, purpose, context, payload)):
            raise UnreadableRecord(f"a {purpose} record was not made for this place")
        return payload

    def renew(self, purpose: str, context: tuple[str | int, ...], record: bytes, nonce: bytes) -> bytes:
        """The same record under the current key; UnreadableRecord for anything that was not made for just this place.

        ``nonce`` is 12 fresh random bytes, for a record that is sealed.
        """
        if record[:1] == _SEALED:
            return self.seal(purpose, context, self.open(purpose, context, record), nonce)
        return self.authenticate(purpose, context, self.read(purpose, context, record))

    def check(self, purpose: str, context: tuple[str | int, ...], record: bytes) -> None:
        """UnreadableRecord if the record was not made, sealed or authenticated, for just this place."""
        if record[:1] == _SEALED:
            self.open(purpose, context, record)
        else:
            self.read(purpose, context, record)

    def keyed_hash(
        self, purpose: str, context: tuple[str | int, ...], value: bytes, key_id: bytes = b"", size: int = HASH_BYTES
    ) -> bytes:
        """Key id and keyed hash of a value that is looked for, never read. ``key_id``: not the current key but this."""
        keys = self._keys_with(key_id) if key_id else self._keys()
        if keys is None:
            raise UnreadableRecord(f"a {purpose} hash was made with key {key_id.hex()}, which is not in the key ring")
        key_id = key_id or keys.ring.current
        key = keys.subkey(key_id, purpose)
        return key_id + hmac.digest(key, self._context(purpose, context) + value, hashlib.sha256)[:size]

    def opens(self, sealed: bytes) -> bool:
        """Whether the key is there that a record says it was made with."""
        return self.knows(key_id_of(sealed))

    def knows(self, key_id: bytes) -> bool:
        return self._keys_with(key_id) is not None

    def signing_keys(self, purpose: str) -> list[bytes]:
        """The sub-keys for signed tokens, the current one last, as itsdangerous wants them."""
        keys = self._keys()
        others = [key_id for key_id in keys.ring.keys if key_id != keys.ring.current]
        return [keys.subkey(key_id, purpose) for key_id in (*others, keys.ring.current)]

    def _keys(self) -> _Derived:
        ring, keys = self._live.now(), self._derived
        if keys.ring is not ring:
            keys = self._derived = _Derived(self._realm, ring)
        return keys

    def _keys_with(self, key_id: bytes) -> _Derived | None:
        """The keys, if this one is among them, be it since just now."""
        keys = self._keys()
        if key_id not in keys.ring.keys:
            self._live.seek(key_id)
            keys = self._keys()
        return keys if key_id in keys.ring.keys else None

    def _mac(self, head: bytes, key: bytes, purpose: str, context: tuple[str | int, ...], payload: bytes) -> bytes:
        return hmac.digest(key, head + self._context(purpose, context) + payload, hashlib.sha256)[:TAG_BYTES]

    def _context(self, purpose: str, context: tuple[str | int, ...]) -> bytes:
        # MessagePack writes lengths, so no two lists of words have the same bytes, and its end is known.
        return msgspec.msgpack.encode((self._realm, purpose, *context))

    def _split(self, record: bytes, version: bytes, purpose: str) -> tuple[bytes, bytes, bytes]:
        """Head and body of a record, and the sub-key that its head names."""
        head, body = record[: 1 + KEY_ID_BYTES], record[1 + KEY_ID_BYTES :]
        if head[:1] != version or len(body) < TAG_BYTES:
            raise UnreadableRecord(f"a {purpose} record has no format that this version knows")
        keys = self._keys_with(head[1:])
        if keys is None:
            raise UnreadableRecord(
                f"a {purpose} record was made with key {head[1:].hex()}, which is not in the key ring"
            )
        return head, body, keys.subkey(head[1:], purpose)


def key_id_of(record: bytes) -> bytes:
    """The id of the key that a record says it was made with."""
    return record[1 : 1 + KEY_ID_BYTES]

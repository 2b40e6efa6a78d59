"""The key ring: one ``naming`` key, which never changes, and a ring of keys for the rest. Where it is read from and how it
is written down; what is done with the keys is in ``sealing``.
"""

from __future__ import annotations

import base64
import binascii
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import ConfigError, KeysError
from .references import load_callable, read_secret

KEY_BYTES = 32
KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The naming key, the id of the key that new records get, and all keys that old ones may have (id → 32 bytes).

    The keys stand in the order of their age. One that is younger than the current one is prepared: it waits to become
    the current one, and opens what a machine that is ahead has made with it.
    """

    naming: bytes = field(repr=False)
    current: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)

    @classmethod
    def new(cls) -> KeyRing:
        current = os.urandom(KEY_ID_BYTES)
        return cls(os.urandom(KEY_BYTES), current, {current: os.urandom(KEY_BYTES)})

    @classmethod
    def load(cls, reference: str, folder: Path) -> KeyRing:
        """Read ``file:path`` (relative to ``folder``), ``env:NAME``, or what ``callable:module:function`` returns: the text
        of a key ring, or the same as a dict. KeysError says what is wrong and what to do."""
        kind, _, name = reference.partition(":")
        if kind == "callable":
            return cls._called(name)
        try:
            text = read_secret(reference, folder, "keys")
        except ConfigError as error:
            missing = isinstance(error.__cause__, FileNotFoundError)
            remedy = "; `twofa init` makes a key file for a new store, so take it from a copy" if missing else ""
            raise KeysError(f"{error}{remedy}") from None
        return cls.parse(text, f"keys: {reference}")

    @classmethod
    def _called(cls, name: str) -> KeyRing:
        where = f"keys: callable:{name}"
        try:
            function = load_callable(name, "keys", asynchronous=False)
        except ConfigError as error:
            raise KeysError(f"{error}") from None
        try:
            found = function()
        except Exception as error:
            # What it says may hold what it had already read.
            raise KeysError(f"{where} raised {type(error).__name__}; call it by itself to see why") from None
        if isinstance(found, str):
            return cls.parse(found, where)
        if isinstance(found, dict):
            return cls.of(found, where)
        raise KeysError(f"{where} returned {type(found).__name__}; it returns the text of a key ring, or a dict")

    @classmethod
    def parse(cls, text: str, where: str) -> KeyRing:
        """The key ring of a text, as ``dump`` writes it."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            document = {}
        return cls.of(document, where)

    @classmethod
    def of(cls, document: Mapping[str, Any], where: str) -> KeyRing:
        """The key ring of a document with ``naming``, ``current`` and ``ring``; KeysError names ``where``, and no key."""
        document = dict(document)
        try:
            naming = _key(document.pop("naming"))
            current = bytes.fromhex(document.pop("current"))
            ring = document.pop("ring")
            keys = {bytes.fromhex(name): _key(value) for name, value in ring.items()}
        except (KeyError, ValueError, TypeError, AttributeError):
            raise KeysError(
                f"{where}: this is no key ring; it has `naming`, `current` and a table [ring], as `twofa keys new` prints"
            ) from None
        if document:
            raise KeysError(f"{where}: unknown key {next(iter(document))!r} in the key ring")
        if current not in keys:
            raise KeysError(f"{where}: `current` names a key that is not in [ring]")
        if any(len(key_id) != KEY_ID_BYTES for key_id in keys):
            raise KeysError(f"{where}: the id of a key in [ring] has 8 hexadecimal digits")
        if any(len(key) != KEY_BYTES for key in (naming, *keys.values())):
            raise KeysError(f"{where}: a key has {KEY_BYTES} bytes (base64); `twofa keys new` makes good ones")
        if len({naming, *keys.values()}) != len(ring) + 1:
            raise KeysError(f"{where}: the same key, or the same id of a key, stands there twice")
        return cls(naming, current, keys)

    @property
    def older(self) -> tuple[bytes, ...]:
        """The ids of the keys that are older than the current one."""
        ages = tuple(self.keys)
        return ages[: ages.index(self.current)]

    @property
    def prepared(self) -> bytes | None:
        """The youngest key, if it is younger than the current one."""
        youngest = tuple(self.keys)[-1]
        return youngest if youngest != self.current else None

    def with_new_key(self) -> KeyRing:
        """The ring with a prepared key more."""
        key_id = os.urandom(KEY_ID_BYTES)
        while key_id in self.keys:
            key_id = os.urandom(KEY_ID_BYTES)
        return KeyRing(self.naming, self.current, {**self.keys, key_id: os.urandom(KEY_BYTES)})

    def made_current(self, key_id: bytes) -> KeyRing:
        """The ring with another one of its keys for new records."""
        return KeyRing(self.naming, key_id, self.keys)

    def without(self, key_id: bytes) -> KeyRing:
        """The ring without one of its keys, which is not the current one."""
        return KeyRing(self.naming, self.current, {name: key for name, key in self.keys.items() if name != key_id})

    def refuses(self, new: KeyRing) -> str:
        """Why a running server does not go over to this new ring; empty if it may."""
        if new.naming != self.naming:
            return "its naming key is another one, under which nobody would be found"
        if any(new.keys.get(key_id, key) != key for key_id, key in self.keys.items()):
            return "a key in it has the id of another one"
        if self.current not in new.keys and new.current in self.older:
            return f"it is older than the keys in use: key {self.current.hex()} is not in it"
        return ""

    def dump(self) -> str:
        """The key ring as text, for the key file or the environment variable."""
        lines = [
            "# The key ring of a twofa realm. Keep it secret, keep a copy, keep it apart from the store.",
            f'naming = "{base64.b64encode(self.naming).decode()}"',
            f'current = "{self.current.hex()}"',
            "",
            "[ring]",
        ]
        lines += [f'{name.hex()} = "{base64.b64encode(key).decode()}"' for name, key in self.keys.items()]
        return "\n".join(lines) + "\n"


def _key(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error

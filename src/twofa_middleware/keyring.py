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

from .errors import ConfigError, KeysError
from .references import read_secret

KEY_BYTES = 32
KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The naming key, the id of the key that new records get, and all keys that old ones may have (id → 32 bytes)."""

    naming: bytes = field(repr=False)
    current: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)

    @classmethod
    def new(cls) -> KeyRing:
        current = os.urandom(KEY_ID_BYTES)
        return cls(os.urandom(KEY_BYTES), current, {current: os.urandom(KEY_BYTES)})

    @classmethod
    def load(cls, reference: str, folder: Path) -> KeyRing:
        """Read ``file:path`` (relative to ``folder``) or ``env:NAME``; KeysError says what is wrong and what to do."""
        try:
            text = read_secret(reference, folder, "keys")
        except ConfigError as error:
            missing = isinstance(error.__cause__, FileNotFoundError)
            remedy = "; `twofa init` makes a key file for a new store, so take it from a copy" if missing else ""
            raise KeysError(f"{error}{remedy}") from None
        return cls.parse(text, f"keys: {reference}")

    @classmethod
    def parse(cls, text: str, where: str) -> KeyRing:
        try:
            document = tomllib.loads(text)
            naming = _key(document.pop("naming"))
            current = bytes.fromhex(document.pop("current"))
            ring = document.pop("ring")
            keys = {bytes.fromhex(name): _key(value) for name, value in ring.items()}
        except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, AttributeError):
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

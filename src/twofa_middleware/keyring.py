"""The key ring: one ``naming`` key, which never changes, and a ring of keys for the rest. Where it is read from and how it
is written down; what is done with the keys is in ``sealing``.
"""

from __future__ import annotations

import base64
import binascii
import os
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .errors import ConfigError, KeysError
from .references import load_callable, read_secret

KEY_BYTES = 32
KEY_ID_BYTES = 4
_OF_THE_STORE = "; `twofa init` makes a key file for a new store, so take it from a copy"
_OF_NO_STORE = "; run `twofa init`, which makes the key file and the store"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The naming key, the id of the key that new records get, and all keys that old ones may have (id → 32 bytes).

    The keys stand in the order of their age. One that is younger than the current one is prepared: it waits to become
    the current one, and opens what a machine that is ahead has made with it. ``retired`` has the ids of the keys that
    were taken out and do not come back, so that a ring that lacks a key is not taken for an older one.
    """

    naming: bytes = field(repr=False)
    current: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)
    retired: tuple[bytes, ...] = ()

    @classmethod
    def new(cls) -> KeyRing:
        current = os.urandom(KEY_ID_BYTES)
        return cls(os.urandom(KEY_BYTES), current, {current: os.urandom(KEY_BYTES)})

    @classmethod
    def load(cls, reference: str, folder: Path, *, has_store: bool = True) -> KeyRing:
        """Read ``file:path`` (relative to ``folder``), ``env:NAME``, or what ``callable:module:function`` returns: the text
        of a key ring, or the same as a dict. KeysError says what is wrong and what to do; it need not be a copy that is
        put there where the settings name no store yet."""
        kind, _, name = reference.partition(":")
        if kind == "callable":
            return cls._called(name)
        try:
            text = read_secret(reference, folder, "keys")
        except ConfigError as error:
            missing = isinstance(error.__cause__, FileNotFoundError)
            remedy = _OF_THE_STORE if has_store else _OF_NO_STORE
            raise KeysError(f"{error}{remedy if missing else ''}") from None
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
        """The key ring of a document with ``naming``, ``current``, ``ring`` and perhaps ``retired``; KeysError names
        ``where``, and no key."""
        document = dict(document)
        try:
            naming = _key(document.pop("naming"))
            current = bytes.fromhex(document.pop("current"))
            ring = document.pop("ring")
            keys = {bytes.fromhex(name): _key(value) for name, value in ring.items()}
            retired = tuple(bytes.fromhex(name) for name in document.pop("retired", ()))
        except (KeyError, ValueError, TypeError, AttributeError):
            raise KeysError(
                f"{where}: this is no key ring; it has `naming`, `current` and a table [ring], as `twofa keys new` prints"
            ) from None
        if document:
            raise KeysError(f"{where}: unknown key {next(iter(document))!r} in the key ring")
        if current not in keys:
            raise KeysError(f"{where}: `current` names a key that is not in [ring]")
        if any(len(key_id) != KEY_ID_BYTES for key_id in (*keys, *retired)):
            raise KeysError(f"{where}: the id of a key in [ring] has 8 hexadecimal digits, and so in `retired`")
        if any(len(key) != KEY_BYTES for key in (naming, *keys.values())):
            raise KeysError(f"{where}: a key has {KEY_BYTES} bytes (base64); `twofa keys new` makes good ones")
        if len({naming, *keys.values()}) != len(ring) + 1:
            raise KeysError(f"{where}: the same key, or the same id of a key, stands there twice")
        for key_id in retired:
            if key_id in keys:
                raise KeysError(
                    f"{where}: key {key_id.hex()} stands in [ring], and `retired` says that it was taken out; remove it "
                    "from [ring], or from `retired` if what was made with it shall open again"
                )
        return cls(naming, current, keys, retired)

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
        while key_id in self.keys or key_id in self.retired:
            key_id = os.urandom(KEY_ID_BYTES)
        return replace(self, keys={**self.keys, key_id: os.urandom(KEY_BYTES)})

    def made_current(self, key_id: bytes) -> KeyRing:
        """The ring with another one of its keys for new records."""
        return replace(self, current=key_id)

    def without(self, key_id: bytes) -> KeyRing:
        """The ring with one of its keys retired, which is not the current one."""
        keys = {name: key for name, key in self.keys.items() if name != key_id}
        return replace(self, keys=keys, retired=(*self.retired, key_id))

    def refuses(self, new: KeyRing, older: Set[bytes], retired: Set[bytes]) -> str:
        """Why a running server does not go over to this new ring, and what to do; empty if it may.

        It never goes back. ``older`` and ``retired``: the ids of all that it has known as such while it ran.
        """
        if new.naming != self.naming:
            return "its naming key is another one, under which nobody would be found; put the right one back"
        if any(new.keys.get(key_id, key) != key for key_id, key in self.keys.items()):
            return "a key in it has the id of another one; put the right one back"
        why = ""
        if lacking := [key_id for key_id in self.keys if key_id not in new.keys and key_id not in new.retired]:
            why = f"key {lacking[-1].hex()} is not in it, and its `retired` does not name it"
        elif back := [key_id for key_id in new.keys if key_id in retired]:
            why = f"key {back[-1].hex()} is in it, which was retired"
        elif new.current in older:
            why = f"its current key is {new.current.hex()}, which is older than {self.current.hex()}"
        return (
            why and f"{why}, so it may be an older copy; put the newest ring there, or start the apps anew to take it"
        )

    def dump(self) -> str:
        """The key ring as text, for the key file or the environment variable."""
        lines = [
            "# The key ring of a twofa realm. Keep it secret, keep a copy, keep it apart from the store.",
            f'naming = "{base64.b64encode(self.naming).decode()}"',
            f'current = "{self.current.hex()}"',
        ]
        if self.retired:
            names = ", ".join(f'"{name.hex()}"' for name in self.retired)
            lines.append(f"retired = [{names}]")
        lines += ["", "[ring]"]
        lines += [f'{name.hex()} = "{base64.b64encode(key).decode()}"' for name, key in self.keys.items()]
        return "\n".join(lines) + "\n"


def _key(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error

"""Whose the app's cookies are, as ``watch`` keeps it in the store: sealed, and under keyed hashes of the cookies."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import msgspec

from ..asks import Random, ReadBinding
from ..errors import UnreadableRecord
from ..protocol import Flow, Seals, UserKey
from .answers import unquoted

NONCE_BYTES = 12


class Binding(msgspec.Struct, frozen=True, array_like=True):
    """Whose a cookie is; sealed for the app and the cookie that it is bound to. ``value``: a keyed hash of the cookie as it
    was spelt; ``session``: random, one a log-in."""

    value: str
    user: str
    session: str
    label: str
    email: str
    expires_at: int


class Bindings:
    """Those of one app's cookie."""

    def __init__(self, seals: Seals, app: str, cookie: str) -> None:
        self._seals = seals
        self._app = app
        self._cookie = cookie

    def key(self, value: bytes) -> UserKey:
        """What a cookie is bound under: one key for all spellings that an app may take for the same. Under which of them
        somebody is logged in is in the record, so two that an app tells apart are never bound at once."""
        plain = unquote_to_bytes(unquoted(value)).strip().lower()
        return UserKey(self._name("binding", plain))

    def spelling(self, value: bytes) -> str:
        """The keyed hash of a cookie as it was sent, to the byte."""
        return self._name("bound cookie", value)

    def _name(self, purpose: str, value: bytes) -> str:
        return self._seals.name(purpose, "\x00".join((self._app, self._cookie, value.decode("latin-1"))))

    def sealed(self, key: UserKey, binding: Binding) -> Flow[bytes]:
        """The record of a binding, which opens under its own key alone."""
        nonce = yield from Random(NONCE_BYTES)
        return self._seals.seal("binding", (self._app, key), msgspec.json.encode(binding), nonce)

    def read(self, value: bytes, now: int) -> Flow[Binding | None]:
        """Whose the cookie is, in just this spelling; UnreadableRecord where it cannot be told."""
        key = self.key(value)
        record = yield from ReadBinding(key, now)
        if record is None or not self._seals.opens(record):
            return None  # a key that was retired takes the log-ins of its time with it
        try:
            bound = msgspec.json.decode(self._seals.open("binding", (self._app, key), record), type=Binding)
        except msgspec.MsgspecError:
            raise UnreadableRecord("a binding is not as this version writes it") from None
        return bound if bound.expires_at > now and bound.value == self.spelling(value) else None

"""Which store a Redis holds: the key ``2fa:<realm>:id``, "schema-version id", written by ``twofa init`` alone.

A Redis that was emptied, or is another one, would say of everybody that he has no second factor. The id lies in another
slot than a user's keys, so no script can look at it; each connection asks for it when it is new, and then again before
any question that comes more than ``ID_SECONDS`` after.
"""

from __future__ import annotations

from ..errors import StoreUnavailable
from .base import SCHEMA_VERSION, check_meta, new_store_id
from .redis_talks import Conversation

ID_SECONDS = 1.0
"""Half of what the design allows, for what is on its way while the id goes."""


class Identity:
    """What a Redis has to say of itself before it is believed. ``where``: what messages call it."""

    def __init__(self, where: str, realm: str) -> None:
        self._where = f"{where}, realm {realm}"
        self._key = f"2fa:{realm}:id"

    def check(self, store_id: str) -> Conversation:
        """StoreMismatch unless it is the store ``store_id``; StoreUnavailable if it is a replica, which may be behind."""
        self._read((yield ("GET", self._key)), store_id)
        role = _role((yield ("HELLO",)))
        if role != b"master":
            what = "a replica, which may be behind: name the primary in `store`" if role else "no Redis of ours"
            raise StoreUnavailable(f"{self._where} is {what}")

    def create(self) -> Conversation:
        """Make the store's id, or find the one that is there. Whoever comes first makes it for all."""
        yield ("SET", self._key, f"{SCHEMA_VERSION} {new_store_id()}", "NX")
        return self._read((yield ("GET", self._key)), None)

    def _read(self, value: object, store_id: str | None) -> str:
        text = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
        version, _, found = text.partition(" ")
        return check_meta({"schema_version": version, "store_id": found}, self._where, store_id)


def _role(hello: object) -> object:
    """What the server says that it is, in a list of names and values (https://redis.io/docs/latest/commands/hello/)."""
    facts = hello if isinstance(hello, list) else []
    for name, value in zip(facts[::2], facts[1::2], strict=False):
        if name == b"role":
            return value
    return None

"""The remembered browser: it may skip the prompt for a while. A row in the store, listed and revocable."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ..asks import BrowserRow, Random
from ..browser.cookies import TOKEN_BYTES, digest, token
from ..errors import UnreadableRecord
from ..protocol import Flow, UserKey
from ..site import Site

NAME_BYTES = 20
"""So many bytes of a name are kept: with them, a row fits into 64 bytes, as Redis's small hashes want it."""


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    opened_at: int
    expires_at: int
    name: str


@dataclass(frozen=True, slots=True)
class Browser:
    """``name`` is for its owner's eyes, such as "Firefox on Android"."""

    digest: bytes
    name: str
    opened_at: int
    expires_at: int
    used_at: int


def new_browser(site: Site, user: UserKey, generation: int, name: str, now: int) -> Flow[tuple[BrowserRow, bytes]]:
    """The row for the store, and the token for the browser's cookie."""
    value = token((yield from Random(TOKEN_BYTES)))
    key = digest(value)
    expires_at = now + site.settings.remembered_days * 86400
    payload = msgspec.msgpack.encode(_Payload(now, expires_at, _short(name)))
    record = site.sealer.authenticate("browser", (user, generation, key.hex()), payload)
    return BrowserRow(key, record, now, expires_at, now), value


def read_browser(site: Site, user: UserKey, generation: int, row: BrowserRow | None, now: int) -> Browser | None:
    """The browser, if it is remembered for this user under this generation now."""
    if row is None or not site.settings.remembered_days:
        return None
    try:
        payload = site.sealer.read("browser", (user, generation, row.digest.hex()), row.record)
        found = msgspec.msgpack.decode(payload, type=_Payload)
    except (UnreadableRecord, msgspec.DecodeError):
        return None
    if not found.opened_at <= now + 60 or not now < found.expires_at:
        return None
    return Browser(row.digest, found.name, found.opened_at, found.expires_at, row.used_at)


def _short(name: str) -> str:
    if len(name.encode()) > NAME_BYTES:
        name = name.partition(" on ")[0]
    return name.encode()[:NAME_BYTES].decode(errors="ignore")

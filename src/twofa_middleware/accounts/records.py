"""Where each record of a user stands, and for which place it was made: what has to be known to seal it anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..asks import Records, RoleRow
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import UserKey
from .account import TOTP

Kind: TypeAlias = Literal["roster", "authenticator", "pass", "browser", "person", "roles", "flag"]
Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as ``Swap`` names it, the purpose that it was made for, and the places for which it may have been."""

    kind: Kind
    name: bytes
    record: bytes = field(repr=False)
    purpose: str
    places: tuple[Place, ...]


def records_of(desk: Desk, user: UserKey, records: Records, now: int) -> Iterator[Stored]:
    """What of a user's records can be sealed anew: not hashes, which nobody can open, and not events, of which there may
    be many, and which nobody needs to get in. What has expired is left out."""
    generation = 0
    if records.account is not None:
        generation = records.account.generation
        yield Stored("roster", b"", records.account.roster, "roster", ((user, generation),))
        for name, record in records.account.authenticators.items():
            yield Stored("authenticator", name.encode(), record, TOTP, ((user, name),))
    # A pass does not say which app it is of.
    apps = tuple(desk.settings.apps)
    for one in records.passes:
        if now < one.expires_at:
            places = tuple((user, app, generation, one.digest.hex()) for app in apps)
            yield Stored("pass", one.digest, one.record, "pass", places)
    for browser in records.browsers:
        if now < browser.expires_at:
            place = (user, generation, browser.digest.hex())
            yield Stored("browser", browser.digest, browser.record, "browser", (place,))
    if records.person is not None:
        yield Stored("person", b"", records.person, "person", ((user,),))
    if records.roles is not None:
        yield Stored("roles", b"", records.roles, "roles", ((user,),))


def flag_of(row: RoleRow) -> Stored:
    """The flag on a role."""
    return Stored("flag", row.key.encode(), row.record, "role", ((row.key, row.version),))


def renewed(desk: Desk, stored: Stored, nonce: bytes) -> bytes | None:
    """The record under the current key; None if it was made for none of its places. ``nonce``: 12 random bytes."""
    for place in stored.places:
        try:
            return desk.sealer.renew(stored.purpose, place, stored.record, nonce)
        except UnreadableRecord:
            continue
    return None


def opens(desk: Desk, stored: Stored) -> bool:
    """Whether the record was made for one of its places."""
    for place in stored.places:
        try:
            desk.sealer.check(stored.purpose, place, stored.record)
        except UnreadableRecord:
            continue
        return True
    return False

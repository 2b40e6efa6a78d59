"""Records under older keys, sealed anew under the current one while the apps go on.

Whatever is done is done: who is interrupted begins again at the first user, and finds nothing left to do for those that
he had got through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..asks import REALM, Done, Random, ReadRecords, ReadRoles, Reseal, Swap
from ..desk import Desk
from ..protocol import Flow, UserKey
from ..sealing import NONCE_BYTES, key_id_of
from .records import Stored, flag_of, records_of, renewed

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Resealed:
    """``count`` records got the current key; so many do not open and stay as they are. ``is_done``: the user did not
    change so often meanwhile that some are left to be sealed anew."""

    count: int = 0
    unreadable: int = 0
    is_done: bool = True


def reseal_user(desk: Desk, user: UserKey, now: int) -> Flow[Resealed]:
    """Seal anew what there is of a user under other keys than the current one, all of it in one change."""
    unreadable = 0
    for _ in range(_TRIES):
        records = yield from ReadRecords(user)
        swaps, unreadable = yield from _swaps(desk, records_of(desk, user, records, now))
        if not swaps or (yield from Reseal(user, swaps, now)) == Done():
            return Resealed(len(swaps), unreadable)
    return Resealed(0, unreadable, is_done=False)


def reseal_flags(desk: Desk, now: int) -> Flow[Resealed]:
    """Seal the flags on roles anew."""
    unreadable = 0
    for _ in range(_TRIES):
        rows = yield from ReadRoles()
        swaps, unreadable = yield from _swaps(desk, map(flag_of, rows))
        if not swaps or (yield from Reseal(REALM, swaps, now)) == Done():
            return Resealed(len(swaps), unreadable)
    return Resealed(0, unreadable, is_done=False)


def _swaps(desk: Desk, found: Iterable[Stored]) -> Flow[tuple[tuple[Swap, ...], int]]:
    """What is to be put in the place of what, and how many records do not open."""
    current = desk.sealer.ring.current
    older = [stored for stored in found if key_id_of(stored.record) != current]
    random = (yield from Random(NONCE_BYTES * len(older))) if older else b""
    swaps = []
    for number, stored in enumerate(older):
        new = renewed(desk, stored, random[number * NONCE_BYTES : (number + 1) * NONCE_BYTES])
        if new is not None:
            swaps.append(Swap(stored.kind, stored.name, stored.record, new))
    return tuple(swaps), len(older) - len(swaps)

"""Which keys made what lies in the store: so it is known what would die with a key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..asks import REALM, EventRow, FollowEvents, ReadRecords, ReadRoles, ReadUsers
from ..desk import Desk
from ..errors import UnreadableRecord
from ..keyring import KEY_ID_BYTES
from ..protocol import Flow, UserKey
from ..sealing import key_id_of
from .account import open_account
from .records import Stored, flag_of, opens, records_of

USERS_AT_A_TIME = 500
EVENTS_AT_A_TIME = 500
KINDS = ("roster", "authenticator", "pass", "browser", "person", "roles", "flag")
"""What can be sealed anew. Beside them are "event", "recovery code" and "reset code", which cannot."""
UNREADABLE = "unreadable"


@dataclass(slots=True)
class Census:
    """How many records of each kind each key made, and to how many users its recovery codes belong.

    Of what can be sealed anew, only what opens counts under its kind; the rest, such as records of an account that has
    been changed since, is "unreadable". What has expired is left out. ``shut``: of the unreadable, how many stand where
    records of each kind do. ``factors``: how many users have an authenticator by each factor (``Codes.kind``).
    """

    made: Counter[tuple[bytes, str]] = field(default_factory=Counter)
    shut: Counter[tuple[bytes, str]] = field(default_factory=Counter)
    users_with_codes: Counter[bytes] = field(default_factory=Counter)
    factors: Counter[str] = field(default_factory=Counter)

    def of(self, key_id: bytes) -> dict[str, int]:
        """The kinds that a key made, and how many."""
        return {kind: count for (by, kind), count in sorted(self.made.items()) if by == key_id}

    def renewable(self, key_id: bytes) -> int:
        """How many records of a key can be sealed anew."""
        return sum(count for kind, count in self.of(key_id).items() if kind in KINDS)

    @property
    def key_ids(self) -> set[bytes]:
        return {key_id for key_id, _ in self.made}

    def count(self, desk: Desk, stored: Stored) -> None:
        key_id, is_open = key_id_of(stored.record), opens(desk, stored)
        self.made[key_id, stored.kind if is_open else UNREADABLE] += 1
        if not is_open:
            self.shut[key_id, stored.kind] += 1


def users_after(place: UserKey | None) -> Flow[tuple[UserKey, ...]]:
    """The next page of users; an empty one comes last."""
    return (yield from ReadUsers(place, USERS_AT_A_TIME))


def count_user(desk: Desk, census: Census, user: UserKey, now: int) -> Flow[None]:
    """Add what there is of a user."""
    records = yield from ReadRecords(user)
    for stored in records_of(desk, user, records, now):
        census.count(desk, stored)
    for row in records.log:
        census.made[key_id_of(row.record), "event"] += 1
    if records.account is None:
        return
    for code in records.account.codes:
        census.made[code[:KEY_ID_BYTES], "recovery code"] += 1
    census.users_with_codes.update({code[:KEY_ID_BYTES] for code in records.account.codes})
    try:
        account = open_account(desk.sealer, user, records.account)
    except UnreadableRecord:
        return
    census.factors.update(set(account.kinds.values()))
    if account.reset:
        census.made[account.reset[:KEY_ID_BYTES], "reset code"] += 1


def count_realm(desk: Desk, census: Census) -> Flow[None]:
    """Add the flags on roles, and the events that wait in the realm's own log."""
    for row in (yield from ReadRoles()):
        census.count(desk, flag_of(row))
    for waiting in (yield from ReadRecords(REALM)).log:
        census.made[key_id_of(waiting.record), "event"] += 1


def count_events(census: Census, after: str | None) -> Flow[tuple[EventRow, ...]]:
    """Add the next page of the realm's list of events, and answer it; an empty one comes last."""
    page = yield from FollowEvents(after, EVENTS_AT_A_TIME)
    for row in page:
        census.made[key_id_of(row.record), "event"] += 1
    return page

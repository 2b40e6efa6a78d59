"""A store that ``twofa init`` has found, or thought new: how many people are in it, and whether our keys know them.

Under other keys nobody is found in a store: everybody would seem to have no second factor, and get in by password alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..accounts.audit import read_event
from ..accounts.people import read_person
from ..accounts.records import flag_of, opens, records_of
from ..asks import FollowEvents, PersonRow, ReadRecords, ReadRoles, ReadUsers
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Store

MOST_COUNTED = 1000
MOST_OPENED = 100
"""So many users, and so many events, are tried. Users stand in the order of keyed hashes, so the first are as good as
any others."""


@dataclass(slots=True)
class Found:
    """How many ``users`` there are, counted up to ``MOST_COUNTED`` and one more; how many records of a sample are ``ours``,
    and how many ``strange``: they do not open, or are of somebody whom our keys give another name."""

    users: int
    ours: int = 0
    strange: int = 0

    @property
    def people(self) -> str:
        """In words."""
        if self.users > MOST_COUNTED:
            return f"more than {MOST_COUNTED} people"
        return {0: "nobody", 1: "1 person"}.get(self.users, f"{self.users} people")

    @property
    def is_of_other_keys(self) -> bool:
        return bool(self.strange) and not self.ours


def look_into(store: Store) -> Found:
    """What can be told without keys."""
    return Found(len(store.answer(ReadUsers(None, MOST_COUNTED + 1))))


def look_through(desk: Desk, store: Store) -> Found:
    """The same, with a sample of the records opened."""
    found, now = look_into(store), int(time.time())
    tried: list[bool] = []
    is_named = None
    for user in store.answer(ReadUsers(None, MOST_OPENED)):
        records = store.answer(ReadRecords(user))
        tried += [opens(desk, stored) for stored in records_of(desk, user, records, now)]
        person = read_person(desk.sealer, PersonRow(user, records.person, None)) if records.person else None
        if person is not None:
            is_named = is_named or desk.user_key(person.user) == user
    tried += [opens(desk, flag_of(row)) for row in store.answer(ReadRoles())]
    for row in store.answer(FollowEvents(None, MOST_OPENED)):
        try:
            read_event(desk.sealer, row)
        except UnreadableRecord:
            tried.append(False)
        else:
            tried.append(True)
    if is_named is False:  # a ring with the right keys, but the `naming` of another one
        tried = [False] * len(tried)
    found.ours, found.strange = tried.count(True), tried.count(False)
    return found

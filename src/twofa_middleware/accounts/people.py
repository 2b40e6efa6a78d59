"""Who the people are, for administrators: from the directory, or as they were last seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from ..asks import PersonRow, ReadPeople, ReadSummary
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Flow, Login, Member, Person, UserKey
from ..sealing import Sealer

MOST_LOOKED_AT = 2000
"""So many people who were seen are looked through for one page."""
_BATCH = 200


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    user: str
    label: str
    email: str


class _Roles(msgspec.Struct, array_like=True, frozen=True):
    roles: list[str]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of people; ``after`` is where the next one begins, empty for the last page."""

    people: tuple[Person, ...]
    after: str


def person_record(sealer: Sealer, login: Login, nonce: bytes) -> bytes:
    """Who a login is, sealed."""
    payload = msgspec.msgpack.encode(_Payload(login.user, login.label, login.email))
    return sealer.seal("person", (sealer.user_key(login.user),), payload, nonce)


def roles_record(sealer: Sealer, login: Login, roles: Iterable[str], nonce: bytes) -> bytes:
    """Which roles a login had, sealed."""
    return sealer.seal("roles", (sealer.user_key(login.user),), msgspec.msgpack.encode(_Roles(sorted(roles))), nonce)


def read_person(sealer: Sealer, row: PersonRow) -> Person | None:
    """Who it is; None for a record that does not open: nobody is let in or kept out by it."""
    try:
        found = msgspec.msgpack.decode(sealer.open("person", (row.user,), row.person), type=_Payload)
    except (UnreadableRecord, msgspec.DecodeError):
        return None
    return Person(found.user, found.label, email=found.email)


def read_roles(sealer: Sealer, row: PersonRow) -> frozenset[str]:
    """The roles that somebody was last seen with."""
    if row.roles is None:
        return frozenset()
    try:
        return frozenset(msgspec.msgpack.decode(sealer.open("roles", (row.user,), row.roles), type=_Roles).roles)
    except (UnreadableRecord, msgspec.DecodeError):
        return frozenset()


def find_people(desk: Desk, pattern: str, after: str, limit: int) -> Flow[Found]:
    """A page of the people whose names fit the pattern (``matcher``). Without a directory, of those last seen."""
    if desk.directory is not None:
        offset = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else 0
        found = tuple((yield from desk.directory.find(pattern, offset, limit + 1)))
        return Found(found[:limit], str(offset + limit) if len(found) > limit else "")
    fits = matcher(pattern)
    people: list[Person] = []
    place = UserKey(after) if after else None
    for _ in range(MOST_LOOKED_AT // _BATCH):
        rows = yield from ReadPeople(place, _BATCH)
        for row in rows:
            place = row.user
            person = read_person(desk.sealer, row)
            if person is not None and any(map(fits, (person.label, person.email, person.user))):
                people.append(person)
                if len(people) == limit:
                    return Found(tuple(people), place)
        if len(rows) < _BATCH:
            return Found(tuple(people), "")
    return Found(tuple(people), place or "")


def find_person(desk: Desk, user: str) -> Flow[Person | None]:
    """Who a user id is; None if neither the directory nor the store knows."""
    if desk.directory is not None:
        found: Person | None = yield from desk.directory.person(user)
        if found is not None:
            return found
    summary = yield from ReadSummary(desk.user_key(user), 0)
    person = read_person(desk.sealer, summary.person) if summary.person else None
    if person is None and summary.account is not None:
        return Person(user)
    return person


def seen_members(desk: Desk) -> Flow[Mapping[str, tuple[Member, ...]]]:
    """By role, those who were last seen with it, as far as ``MOST_LOOKED_AT`` goes."""
    found: dict[str, list[Member]] = {}
    for row in (yield from _everybody(desk)):
        person = read_person(desk.sealer, row)
        if person is not None:
            for role in read_roles(desk.sealer, row):
                found.setdefault(role, []).append(Member(person))
    return {role: tuple(members) for role, members in found.items()}


def _everybody(desk: Desk) -> Flow[list[PersonRow]]:
    found: list[PersonRow] = []
    place = None
    while len(found) < MOST_LOOKED_AT:
        rows = yield from ReadPeople(place, _BATCH)
        found.extend(rows)
        if len(rows) < _BATCH:
            break
        place = rows[-1].user
    return found


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a name fits: ``%`` stands for any run of characters; without one the name has to begin with the text.

    Each part is looked for once, from left to right: a regular expression could take for ever over a name of its choice.
    """
    first, *between, last = (pattern if "%" in pattern else pattern + "%").casefold().split("%")

    def fits(name: str) -> bool:
        folded = name.casefold()
        place, end = len(first), len(folded) - len(last)
        if place > end or not folded.startswith(first) or not folded.endswith(last):
            return False
        for part in between:
            found = folded.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return fits

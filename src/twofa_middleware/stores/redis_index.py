"""The questions that go through the whole realm by its index: the sweeper's, and the lists of people and users.

Each is a conversation of many small scripts, as every user's keys lie in a slot of their own. It may be broken off after
any of them.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from .. import asks
from ..protocol import UserKey
from .redis_keys import LETTERS, index_keys, keys_of, letter_of, realm_keys
from .redis_scripts import MARK_SECONDS
from .redis_steps import Conversation
from .redis_talks import run

ROWS_AT_ONCE = 1000
"""So many events are carried by one script: others wait as long as it runs."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """Of a user in the index; ``is_old``: what has marked him is not on its way any more."""

    score: bytes
    user: UserKey
    is_old: bool


def sweep(realm: str, ask: asks.Sweep) -> Conversation:
    """Carry what is ready, the oldest marks first. Users who have nothing ready do not count, so they hold up nobody."""
    limit = max(1, ask.limit)
    carried, users, looked_at = 0, 0, set()
    ends = dict.fromkeys(LETTERS, (b"-inf", 0))
    while ends:
        marks: list[_Mark] = []
        for letter, (score, ties) in list(ends.items()):
            page = yield from _dirty(realm, letter, score, most=limit + ties)
            marks += page
            if len(page) < limit + ties:
                del ends[letter]
            else:  # the next page begins at this score again: others may have it too
                ends[letter] = page[-1].score, sum(mark.score == page[-1].score for mark in page)
        for mark in sorted(marks, key=lambda mark: int(mark.score)):
            if mark.user in looked_at:
                continue
            if users == limit:
                return carried, False
            looked_at.add(mark.user)
            found = yield from _carry(realm, mark, ask.now)
            carried, users = carried + found, users + (found > 0)
    return carried, True


def _dirty(realm: str, letter: str, score: bytes, most: int) -> Generator[tuple[Any, ...], Any, list[_Mark]]:
    now, found = yield from run("read_dirty", index_keys(realm, letter), {"score": score, "most": most})
    return [
        _Mark(score, UserKey(user.decode()), is_old=int(now) - int(score) >= MARK_SECONDS * 1000)
        for user, score in zip(found[::2], found[1::2], strict=True)
    ]


def _carry(realm: str, mark: _Mark, now: int) -> Generator[tuple[Any, ...], Any, int]:
    """Carry what is ready of one user; answers how many events. They go only when they are in the list.

    The mark goes too if it was old before the log was looked at, nothing is left in the log, and nobody has marked since.
    """
    keys, carried = keys_of(realm, mark.user), 0
    while True:
        left, rows = yield from run("read_log", keys, {"now": now, "most": ROWS_AT_ONCE})
        if rows:
            ids, times, records = rows[::3], map(int, rows[1::3]), rows[2::3]
            events = (asks.EventRow("", mark.user, *row) for row in zip(ids, times, records, strict=True))
            yield from run("AddEvents", realm_keys(realm), asks.AddEvents(tuple(events)))
            left = yield from run("drop_log", keys, {"ids": ids})
            carried += len(ids)
        if len(rows) < ROWS_AT_ONCE * 3:
            break
    if mark.is_old and int(left) == 0:
        yield from run("unmark", index_keys(realm, letter_of(mark.user)), {"user": mark.user, "score": mark.score})
    return carried


def read_people(realm: str, ask: asks.ReadPeople) -> Conversation:
    """Who stands in the index and has a person's record, letter after letter."""
    found: list[tuple[bytes, bytes, bytes | None]] = []
    after = (ask.after or "").encode()
    for letter in LETTERS[LETTERS.index(letter_of(ask.after or "")) :]:
        users = None
        while users is None or len(users) == ask.limit:
            users = yield from run("read_known", index_keys(realm, letter), {"after": after, "most": ask.limit})
            for user in users:
                after = user
                person, roles = yield from run("read_person", keys_of(realm, UserKey(user.decode())), {})
                if person is not None:
                    found.append((user, person, roles))
                if len(found) == ask.limit:
                    return found
    return found


def read_users(realm: str, ask: asks.ReadUsers) -> Conversation:
    """Who stands in the index, letter after letter: whoever has anything was put there before he had it."""
    found: list[bytes] = []
    after = (ask.after or "").encode()
    for letter in LETTERS[LETTERS.index(letter_of(ask.after or "")) :]:
        found += yield from run(
            "read_known", index_keys(realm, letter), {"after": after, "most": ask.limit - len(found)}
        )
        if len(found) == ask.limit:
            break
    return found

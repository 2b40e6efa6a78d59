"""Reads back what a flow has the store write: the events beside each change, and who was seen.

``left(stepped)`` is what is in the logs when all is done, as a store would have it: rows by the outcome that it answered,
without those that were taken back.
"""

from __future__ import annotations

from typing import Any

from core.flows.people import SITE, USER
from core.flows.stepping import Stepped
from twofa_middleware.accounts.audit import read_event
from twofa_middleware.accounts.people import read_person, read_roles
from twofa_middleware.asks import EventRow, LogRow, Notes, PersonRow, outcome_of
from twofa_middleware.protocol import Event, Person, UserKey


def opened(row: LogRow, owner: UserKey = USER) -> Event:
    """The event of a row of somebody's log."""
    return read_event(SITE.sealer, EventRow("1", owner, row.id, row.at, row.record))


def names(notes: Notes | None, owner: UserKey = USER) -> dict[str, list[str]]:
    """The names of the events by the outcome that they belong to."""
    assert notes is not None
    return {outcome: [opened(row, owner).name for row in rows] for outcome, rows in notes.rows.items()}


def seen(notes: Notes | None, user: UserKey = USER) -> Person | None:
    """Who is written down as seen, None for nobody."""
    assert notes is not None
    return None if notes.person is None else read_person(SITE.sealer, PersonRow(user, notes.person, None))


def seen_roles(notes: Notes | None, user: UserKey = USER) -> frozenset[str] | None:
    """The roles that are written down as seen, None where none are."""
    assert notes is not None
    return None if notes.roles is None else read_roles(SITE.sealer, PersonRow(user, b"", notes.roles))


def left(stepped: Stepped[Any], owner: UserKey = USER) -> list[Event]:
    """The events that the store has in the end, in their order."""
    log: dict[bytes, LogRow] = {}
    for ask, reply in zip(stepped.asked, stepped.replies, strict=True):
        notes = getattr(ask, "notes", None)
        if notes is not None and not isinstance(reply, BaseException):
            log.pop(notes.takes_back, None)
            log |= {row.id: row for row in notes.rows.get(outcome_of(reply), ())}
    return [opened(row, owner) for row in log.values()]

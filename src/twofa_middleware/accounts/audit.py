"""What is written down: each event in the change that it tells of, so that neither is there without the other.

The store keeps events sealed, in the log of the user whom they are about; a sweeper carries them to the realm's list.
Names and what they mean stand in ``EVENTS``; nothing else is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from ..asks import REALM, Emit, EventRow, LogRow, Notes, Random, outcome_of
from ..desk import Desk
from ..errors import UnreadableRecord
from ..protocol import Ask, Event, Flow, Login, Reply, UserKey
from ..sealing import NONCE_BYTES, Sealer
from .people import person_record, roles_record

EVENTS: Mapping[str, str] = {
    "verify demanded": "Was asked for a code",
    "setup demanded": "Was asked to set up, since a role enforces it",
    "set-up put off": "Put the set-up off, within the grace of a role",
    "code accepted": "Passed",
    "code wrong": "Wrong code",
    "code used before": "A code that had been used was refused",
    "code refused while waiting": "Tried while codes were paused",
    "code refused, stopped": "Tried while codes were switched off",
    "code refused, account changed": "Tried while the account was being changed",
    "unlocked by an administrator": "Unlocked by an administrator",
    "recovery codes low": "Few recovery codes are left",
    "recovery codes renewed": "Made new recovery codes",
    "set-up begun": "Opened the set-up",
    "set-up code wrong": "Wrong code at the set-up",
    "set-up reset code wrong": "Wrong one-time code of an administrator at the set-up",
    "enrolled": "Turned two-factor authentication on",
    "disabled by the user": "Turned two-factor authentication off",
    "disabled by an administrator": "Switched off by an administrator",
    "set-up without a code": "Came to the set-up, and no one-time code was made for them",
    "set-up code made": "An administrator made a one-time code for the set-up",
    "imported from elsewhere": "Two-factor authentication was brought in from another system",
    "restored from a backup": "Brought back from a file; sessions and browsers ended",
    "browser remembered": "A browser was remembered",
    "remembered browser used": "A remembered browser spared the code",
    "browser forgotten": "Forgot a browser",
    "all browsers forgotten": "Forgot all browsers",
    "ended by an administrator": "Sessions and browsers ended by an administrator",
    "pass ended": "A session’s verification ended",
    "logged out": "Logged out by our button",
    "log-out of the app failed": "Logged out by our button, but the app’s session could not be ended on the server",
    "role enforced": "A role was enforced",
    "role no longer enforced": "A role is no longer enforced",
    "key made current": "New records are sealed with another key",
    "key retired": "A key was taken out of the key ring",
    "store upgraded": "The store was brought up to a new layout, or older versions were shut out",
    "realm exported": "All that the realm holds was written to a file",
    "realm imported": "A realm was brought in from a file",
    "service account passed": "A service account passed without a factor",
    "log-in appeared while a body was read": "Somebody logged in during a request",
    "websocket of a foreign page refused": "A connection from another site was refused",
    "websocket of nobody refused": "A connection of somebody who is not logged in was refused",
    "open connection ended": "An open connection was closed, as its log-in may not pass any more",
    "identities ambiguous": "A request named two people",
    "unread credential refused": "A credential that nobody reads was refused",
    "a control has no place in its page": "A control found no place in a page of the app",
    "a control could not be drawn": "A control could not be drawn into a page of the app",
    "a control was not carried out": "A form was saved, and what it asked for was not done",
    "own form refused": "A form of ours could not be taken",
    "refused, our fault": "Refused, since something could not be told",
    "let by in report": "Let by, in mode report",
    "events lost": "Events were lost before they could be kept",
    "events unreadable": "Events could not be read, and were not delivered",
    "mode is not enforce": "The gate runs in another mode than enforce",
    "session cookie could not be read": "A session cookie could not be read",
    "header of a peer that is not listed": "A header that says who somebody is came from elsewhere, and was taken out",
    "form of another origin refused": "A form from another address was refused",
    "no resolver sees a login after a log-in": "A log-in that nobody sees: check the settings",
    "a session layer stands outside of the gate": "A session layer stands outside of the gate: add the gate last",
    "a log-in set a cookie that no resolver reads": "A log-in cookie that nobody reads: check the settings",
}

MINOR = frozenset(
    {
        "verify demanded",
        "setup demanded",
        "set-up begun",
        "set-up without a code",
        "code refused while waiting",
        "code refused, stopped",
        "remembered browser used",
        "let by in report",
        "pass ended",
        "own form refused",
        "logged out",
        "log-out of the app failed",
        "identities ambiguous",
        "unread credential refused",
        "websocket of a foreign page refused",
        "websocket of nobody refused",
        "open connection ended",
        "form of another origin refused",
        "session cookie could not be read",
        "header of a peer that is not listed",
        "refused, our fault",
        "service account passed",
        "set-up put off",
    }
)
"""Events that change no factor, which somebody can make without end: so many of them are kept, and no more."""


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    name: str
    app: str
    user: str
    label: str
    severity: Literal["info", "warning", "error"]
    facts: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Telling:
    """The events of a change by its outcome: as notes for the store, and to be told when the outcome is known."""

    events: Mapping[str, tuple[Event, ...]]
    notes: Notes

    @property
    def first_id(self) -> bytes:
        """The name of the row that is to be taken back when the outcome is another one after all."""
        return self.notes.rows["attempt"][0].id

    def tell(self, answer: object) -> Flow[None]:
        """Tell the log what the store has written already."""
        for event in self.events.get(outcome_of(answer), ()):
            yield from tell(event)


def tell(event: Event) -> Flow[None]:
    """Tell the log of an event that the store has."""
    yield from Emit(event, is_kept=True)


def noted(
    desk: Desk,
    events: Mapping[str, Sequence[Event]],
    ask: Callable[[Notes], Ask[Reply]],
    *,
    login: Login | None = None,
    owner: UserKey | None = None,
    roles: Iterable[str] | None = None,
    takes_back: bytes | None = None,
) -> Flow[Reply]:
    """Ask what changes something, with the events of its outcomes as notes, and tell of those that have happened."""
    telling = yield from telling_of(desk, events, login=login, owner=owner, roles=roles, takes_back=takes_back)
    answer = yield from ask(telling.notes)
    yield from telling.tell(answer)
    return answer


def telling_of(
    desk: Desk,
    events: Mapping[str, Sequence[Event]],
    *,
    login: Login | None = None,
    owner: UserKey | None = None,
    roles: Iterable[str] | None = None,
    settles_in: int = 0,
    takes_back: bytes | None = None,
) -> Flow[Telling]:
    """What to write by outcome. ``login``: whose record is brought up to date with it, and with ``roles`` those too.

    ``owner``: whose events they are, if the id of that user is not known. ``settles_in``: seconds for which the events
    may still be taken back.
    """
    every = [event for several in events.values() for event in several]
    sealed = len(every) + (login is not None) + (roles is not None)
    nonces = _cut((yield from Random(NONCE_BYTES * sealed))) if sealed else []
    rows = {
        outcome: tuple(row_of(desk.sealer, event, nonces.pop(), owner, settles_in) for event in several)
        for outcome, several in events.items()
    }
    person = person_record(desk.sealer, login, nonces.pop()) if login else None
    seen = roles_record(desk.sealer, login, roles, nonces.pop()) if login and roles is not None else None
    told = {outcome: tuple(several) for outcome, several in events.items()}
    return Telling(told, Notes(rows, person, seen, takes_back))


def row_of(sealer: Sealer, event: Event, nonce: bytes, owner: UserKey | None = None, settles_in: int = 0) -> LogRow:
    """The event as the store keeps it; KeyError for a name that ``EVENTS`` does not have."""
    EVENTS[event.name]
    payload = _Payload(event.name, event.app, event.user, event.label, event.severity, dict(event.facts))
    user = owner or owner_of(sealer, event)
    record = sealer.seal("event", (user, event.at), msgspec.msgpack.encode(payload), nonce)
    return LogRow(nonce, event.at, event.at + settles_in, record, event.name in MINOR)


def read_event(sealer: Sealer, row: EventRow) -> Event:
    """The event of a row; UnreadableRecord if it was not written by us, for just this user and time."""
    sealed = sealer.open("event", (row.user, row.at), row.record)
    try:
        found = msgspec.msgpack.decode(sealed, type=_Payload)
    except msgspec.DecodeError:
        raise UnreadableRecord("an event has no format that this version knows") from None
    return Event(found.name, row.at, found.app, found.user, found.facts, None, found.severity, found.label)


def owner_of(sealer: Sealer, event: Event) -> UserKey:
    """In whose log the event lies."""
    return sealer.user_key(event.user) if event.user else REALM


def _cut(random: bytes) -> list[bytes]:
    return [random[start : start + NONCE_BYTES] for start in range(0, len(random), NONCE_BYTES)]

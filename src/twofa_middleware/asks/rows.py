"""What is stored: opaque records beside the plain integers and digests that a transaction compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..protocol import UserKey


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What the store holds for one user. Generation 0 is never stored: it means that there is no account.

    Integers fit 64 bits with a sign; a generation may be over 2**53, so stores with doubles compare it as text.

    ``roster`` is the authenticated list of authenticators; ``authenticators`` are their sealed records by id; ``codes``
    are the keyed hashes of the recovery codes that are left. ``last_step`` is the last TOTP step that was accepted.
    """

    generation: int
    last_step: int
    roster: bytes
    authenticators: Mapping[str, bytes] = field(repr=False)
    codes: frozenset[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PassRow:
    """A pass, found by the SHA-256 of its cookie. ``proven``: a factor was shown for it."""

    digest: bytes
    record: bytes
    proven: bool
    opened_at: int
    expires_at: int
    used_at: int


@dataclass(frozen=True, slots=True)
class BrowserRow:
    """A remembered browser, found by the SHA-256 of its cookie."""

    digest: bytes
    record: bytes
    opened_at: int
    expires_at: int
    used_at: int


@dataclass(frozen=True, slots=True)
class SetupRow:
    """A set-up that was begun: a sealed secret, found by the SHA-256 of the flow cookie."""

    digest: bytes
    record: bytes = field(repr=False)
    opened_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """What the account is after a change of its factors. Its passes, remembered browsers and set-ups end with it."""

    generation: int
    roster: bytes
    authenticators: Mapping[str, bytes] = field(repr=False)
    codes: frozenset[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Who a user is, for administrators: two sealed records, each the last that was written.

    ``roles``: those that were last seen, None where nobody has asked for them yet.
    """

    user: UserKey
    person: bytes = field(repr=False)
    roles: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """The flag on a role, found by the keyed hash of its name. ``version`` grows by one with each change, from 1."""

    key: str
    version: int
    record: bytes


@dataclass(frozen=True, slots=True)
class LogRow:
    """An event in a user's log: its sealed record, and its name, 12 random bytes.

    No sweeper carries it before ``ready_at``. ``is_minor``: it is left out while the log holds ``MOST_MINOR_ROWS`` rows
    or more, minor or not, and when ``MOST_MINOR_AN_HOUR`` minor ones of this user have been written in its hour.
    """

    id: bytes
    at: int
    ready_at: int
    record: bytes = field(repr=False)
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in the realm's list. ``position`` orders it: the store's own word, as a text.

    A sweeper that was interrupted may have carried an event twice: the same ``id``, at two positions.
    """

    position: str
    user: UserKey
    id: bytes
    at: int
    record: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notes:
    """What is written in the same transaction as a change, so that nobody sees the one without the other.

    ``takes_back``: the id of a row of the user's log that goes, whatever the outcome, if it is still there: a failure
    that was counted before the code was looked at. It goes before ``rows`` are written. ``rows``: the events of each
    outcome by its word (``answers.outcome_of``), appended in their order; an outcome without any writes none, and one
    that changes nothing writes its own all the same. ``person``, ``roles``: replace those records of the user, whatever
    the outcome; None leaves the one that is there.
    """

    rows: Mapping[str, tuple[LogRow, ...]]
    person: bytes | None = field(default=None, repr=False)
    roles: bytes | None = field(default=None, repr=False)
    takes_back: bytes | None = None

"""Questions about bindings: whose a cookie of the app's is that a log-in of the app has brought (``identity/watch.py``).

A binding stands under the keyed hash of the cookie's value. So do the log-ins that are on their way with that cookie: from
before the app is called until it has answered. While two of them are on their way for different people, nobody can say
which of the two the app has served last, so neither is bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..protocol import UserKey
from .answers import Done, Moved
from .base import StoreAsk


@dataclass(frozen=True, slots=True)
class BeginLogin(StoreAsk[Done]):
    """A log-in with this cookie is about to reach the app: what is bound ends.

    ``who``: a digest of the name that it is for. Until ``until`` it counts as on its way, unless ``Bind`` or ``Unbind``
    says that it is over.
    """

    key: UserKey
    who: bytes
    until: int
    now: int


@dataclass(frozen=True, slots=True)
class Bind(StoreAsk[Done | Moved]):
    """Keep the record until ``expires_at``, in the place of the one that is there.

    ``who``: the log-in that brought the cookie was begun under it, for this name, and is over; Moved if it is not on its
    way any more, or if one for another name was, too. None: it brought a new cookie; Moved if any log-in is on its way
    with that one. After Moved nothing is bound.
    """

    key: UserKey
    who: bytes | None
    record: bytes = field(repr=False)
    expires_at: int
    now: int


@dataclass(frozen=True, slots=True)
class Unbind(StoreAsk[Done]):
    """End what is bound. ``who``: the log-in that was begun for this name is over, and has bound nothing here."""

    key: UserKey
    who: bytes | None
    now: int


@dataclass(frozen=True, slots=True)
class ReadBinding(StoreAsk[bytes | None]):
    """The record that is bound, if it has not expired."""

    key: UserKey
    now: int

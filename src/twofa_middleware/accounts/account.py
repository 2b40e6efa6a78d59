"""The account of a user as the core reads it, and the records in which it lies in the store.

The roster is an authenticated list of the authenticators under one generation. Who can write to the store can neither
plant an authenticator nor take one away unseen: the rows have to be those of the roster, or the record is unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ..asks import AccountRow, Change
from ..errors import UnreadableRecord
from ..factors import recovery
from ..protocol import UserKey
from ..sealing import Sealer

BIRTH_BYTES = 5
_COUNTER_BITS = 20
_JUMP = 2**10
TOTP = "totp"


class _Roster(msgspec.Struct, array_like=True, frozen=True):
    since: int
    authenticators: tuple[tuple[str, str], ...]
    reset: bytes = b""


@dataclass(frozen=True, slots=True)
class Account:
    """``since``: when the present authenticators were turned on, 0 for none. ``kinds``: id → kind of authenticator.

    ``codes``: the keyed hashes of all recovery codes that were not used. ``reset``: the keyed hash of the one-time code without which nothing can be set up, empty where none is needed.
    """

    user: UserKey
    generation: int
    since: int
    kinds: Mapping[str, str]
    sealed: Mapping[str, bytes] = field(repr=False)
    codes: frozenset[bytes] = field(repr=False)
    reset: bytes = field(default=b"", repr=False)

    @property
    def is_enrolled(self) -> bool:
        return bool(self.kinds)

    def codes_left(self, sealer: Sealer) -> int:
        """How many recovery codes can be used. Those whose key is retired are in ``codes``, and are dead."""
        return len(recovery.usable(sealer, self.codes))

    def authenticator(self, sealer: Sealer, kind: str = TOTP) -> tuple[str, bytes] | None:
        """Id and secret of the authenticator; None if there is none. UnreadableRecord if it does not open, or was made by
        another factor than ``kind``: by this one it would be checked wrongly, and it is there."""
        for name, made_by in self.kinds.items():
            if made_by == kind:
                return name, self._secret(sealer, name)
        if self.kinds:
            others = ", ".join(sorted(set(self.kinds.values())))
            raise UnreadableRecord(f"an authenticator was made by the factor {others}, and this one is {kind}")
        return None

    def check(self, sealer: Sealer) -> None:
        """UnreadableRecord if an authenticator does not open, whichever factor made it."""
        for name in self.kinds:
            self._secret(sealer, name)

    def _secret(self, sealer: Sealer, name: str) -> bytes:
        return sealer.open(TOTP, (self.user, name), self.sealed[name])


def open_account(sealer: Sealer, user: UserKey, row: AccountRow | None) -> Account:
    """The account out of its row; no row is an account of generation 0. UnreadableRecord is never "not enrolled"."""
    if row is None:
        return Account(user, 0, 0, {}, {}, frozenset())
    payload = sealer.read("roster", (user, row.generation), row.roster)
    try:
        roster = msgspec.msgpack.decode(payload, type=_Roster)
    except msgspec.DecodeError:
        raise UnreadableRecord("a roster has no format that this version knows") from None
    kinds = dict(roster.authenticators)
    if kinds.keys() != row.authenticators.keys():
        raise UnreadableRecord("the authenticators in the store are not those of the roster")
    return Account(user, row.generation, roster.since, kinds, row.authenticators, row.codes, roster.reset)


def new_generation(generation: int, birth: bytes) -> int:
    """The next generation. The first one carries random bits, so that an account made anew is another account."""
    return generation + 1 if generation else int.from_bytes(birth) << _COUNTER_BITS | 1


def are_born_alike(generation: int, other: int) -> bool:
    """Whether they are generations of one account, of which the higher one came later."""
    return generation >> _COUNTER_BITS == other >> _COUNTER_BITS


def raised_generation(generation: int, there: int = 0) -> int:
    """A generation above both, that an account which was lost since ``generation`` has not reached before.

    What was issued under a generation, such as a pass, may still lie in a copy of the lost store, and must not come to
    life when the account gets there again. Each change raises it by one, and one needs a fresh code or an administrator:
    1024 of them do not happen between two backups. A counter that overflows runs into the random bits above it, which is
    higher all the same.
    """
    return max(generation, there) + _JUMP


def changed(
    sealer: Sealer,
    user: UserKey,
    generation: int,
    *,
    since: int,
    kinds: Mapping[str, str],
    sealed: Mapping[str, bytes],
    codes: frozenset[bytes],
    reset: bytes = b"",
) -> Change:
    """What the store shall hold after a change, under its new generation."""
    payload = msgspec.msgpack.encode(_Roster(since, tuple(kinds.items()), reset))
    return Change(generation, sealer.authenticate("roster", (user, generation), payload), sealed, codes)

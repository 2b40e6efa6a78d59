"""The keys of a realm in a Redis. What stands in one pair of braces lies in one slot, and a script works in one slot.

Of one user; the name there is a keyed hash, so nothing in it can end the braces:

    2fa:<realm>:{<user>}:account     generation, last step, roster, authenticators, recovery codes
                        :rows        p<digest of the cookie> → times and record of a pass; b<digest>: of a browser
                        :pending     s<digest>: the same of set-ups that were begun
    2fu:<realm>:{<user>}:seen        tries, waits, last uses, rules that were met
                        :log         events that wait for the sweeper
                        :long        who the user is, for administrators, in parts of 56 bytes; the minor events of an hour

Of the realm as a whole, whose user is ``REALM``:

    2fa:<realm>:{*}:roles            flags on roles
    2fu:<realm>:{*}:log, :long       as those of a user
                   :events           the realm's list of events
                   :counts           counters of decisions
                   :marks            leases, and the positions of sinks
    2fa:<realm>:{*}:fence            what no server accepts any more, by the id under which it writes
    2fa:<realm>:id                   which store this is; in a Cluster also 2fa:<realm>:{0}:id to {1023}:id, and
    2fa:<realm>:making               while these are made

Of the users whose names begin with one letter, an index that is written before what it points to:

    2fu:<realm>:{users:<letter>}:dirty   whose log may hold events
                                :known   of whom there may be anything

Of a cookie of the app's, by the keyed hash of its value:

    2fa:<realm>:{<hash>}:bound           whose it is, and the log-ins that are on their way with it

Near caches keep what stands under 2fa; under 2fu stands what changes without changing any of that.
"""

from __future__ import annotations

import string
from bisect import bisect_right

from ..asks import REALM
from ..protocol import UserKey

LETTERS = "".join(sorted(REALM + string.ascii_letters + string.digits + "-_"))
"""What a user's key begins with (base64url, or ``REALM``), in the order of the keys."""


def letter_of(user: str) -> str:
    """The index in which a user stands. Any other name is put where it keeps that order."""
    return LETTERS[max(0, bisect_right(LETTERS, user[:1]) - 1)]


def keys_of(realm: str, user: UserKey) -> tuple[str, ...]:
    """The keys of a user, in the order in which the scripts know them."""
    kept, seen = f"2fa:{realm}:{{{user}}}", f"2fu:{realm}:{{{user}}}"
    return (
        *(f"{kept}:{name}" for name in ("account", "rows", "pending")),
        *(f"{seen}:{name}" for name in ("seen", "log", "long")),
    )


def binding_keys(realm: str, key: UserKey) -> tuple[str, ...]:
    """The key of what is bound to a cookie."""
    return (f"2fa:{realm}:{{{key}}}:bound",)


def realm_keys(realm: str) -> tuple[str, ...]:
    """The keys of the realm as a whole."""
    seen = f"2fu:{realm}:{{{REALM}}}"
    names = ("log", "long", "events", "counts", "marks")
    return (f"2fa:{realm}:{{{REALM}}}:roles", *(f"{seen}:{name}" for name in names))


def index_keys(realm: str, letter: str) -> tuple[str, ...]:
    """The keys of the index of a letter."""
    index = f"2fu:{realm}:{{users:{letter}}}"
    return (f"{index}:dirty", f"{index}:known")

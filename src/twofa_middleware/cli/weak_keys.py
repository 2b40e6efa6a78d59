"""What ``twofa doctor`` says of the keys, and of the factor, against what lies in the store. It looks at the first users,
and at every flag."""

from __future__ import annotations

from collections.abc import Iterator

from ..accounts.census import KINDS, USERS_AT_A_TIME, Census, count_realm, count_user, users_after
from ..asks import CheckStore
from ..errors import ConfigError, StoreError, UnreadableRecord
from ..moving.carrying import one
from ..plugging import factor_of
from ..plugins import offers
from ..protocol import Finding, PluginContext
from ..settings import Settings
from .asking import Caller

MOST_USERS = 1000
CLOSES = ("roster", "authenticator", "flag")
"""Kinds of which one that does not open is 503 for its user, or for everybody. A pass or a browser is only asked for anew."""


def weak_keys(caller: Caller) -> Iterator[Finding]:
    """Records whose key is not in the ring, that do not open though it is, and that wait for a rotation to end; people
    whose authenticator was made by another factor."""
    ring = caller.desk.sealer.ring
    census, damaged = _census(caller)
    yield from _changed_factor(caller.settings, census)
    among = f"among the flags and the first {MOST_USERS} users"
    shut = {key_id: 0 for key_id, kind in census.shut if kind in CLOSES}
    for (key_id, kind), count in census.shut.items():
        if kind in CLOSES:
            shut[key_id] += count
    opening = sum(count for (_, kind), count in census.made.items() if kind in KINDS)
    is_another = bool(shut) and not opening and not shut.keys() & ring.keys.keys()
    if is_another:
        yield Finding(
            "store of another key ring",
            "problem",
            f"the store was made under another key ring: not one of {_counted(sum(shut.values()))} {among} opens",
            "if the naming key is another one, too, nobody is found in it, so nobody has a second factor here; else "
            "everybody who has one gets 503",
            "bring the key ring of this store back from its copy, with the `store_id` that goes with it",
        )
    for key_id, count in () if is_another else sorted(shut.items()):
        if key_id not in ring.keys:
            yield Finding(
                "records under a missing key",
                "problem",
                f"{_counted(count)} {among} made with key {key_id.hex()}, which is not in the key ring",
                "whose they are gets 503; for a flag on a role, everybody who is not let by already",
                "put the key back into the ring from its copy; `twofa keys list` counts all that it made",
            )
        else:
            yield Finding(
                "records that do not open",
                "problem",
                f"{_counted(count)} {among} that do not open, though their key {key_id.hex()} is in the key ring",
                "whose they are gets 503: they were damaged, or put there by somebody else",
                "find out who writes to the store; `twofa disable` lets a person begin anew, `twofa restore` all of them",
            )
    if damaged:
        yield Finding(
            "records without a known form",
            "problem",
            f"{_counted(damaged, 'user')} of the first {MOST_USERS} with records that no version known here has written",
            "these users get 503",
            "find out who writes to the store, and bring it back by `twofa restore`",
        )
    for key_id in ring.older:
        if count := census.renewable(key_id):
            yield Finding(
                "records under an old key",
                "note",
                f"{_counted(count)} {among} made with key {key_id.hex()}, which is not the current one",
                "that key cannot be retired yet",
                "run `twofa keys rotate --resume`, which makes no new key",
            )


def _changed_factor(settings: Settings, census: Census) -> Iterator[Finding]:
    """A factor's plugin that is gone is also told as an app that cannot start, if the settings still name it."""
    use, variant = settings.factor.get("use"), ""
    try:
        context = PluginContext(settings.realm, "", settings.folder, asynchronous=True)
        variant = factor_of(settings, context).kind.partition(":")[2]
    except ConfigError:
        pass
    kind = f"{use}:{variant}" if variant else use
    for other, count in sorted(census.factors.items()):
        if other == kind:
            continue
        name = other.partition(":")[0]
        is_there = any(offer.kind == "factor" and offer.name == name and not offer.error for offer in offers())
        gone = "" if is_there else f", and no working plugin here is called {name}"
        yield Finding(
            "authenticators of another factor",
            "problem",
            f"{_counted(count, 'user')} of the first {MOST_USERS} with an authenticator by the factor {other}, and the "
            f"settings name {kind}{gone}",
            "whoever of them is asked for a code gets 503",
            f"name {other} in `factor` again{'' if is_there else ', and install its plugin'}; or `twofa disable` each of "
            "them, who then set up anew",
        )


def _counted(count: int, what: str = "record") -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _census(caller: Caller) -> tuple[Census, int]:
    """What there is, and of how many users it cannot be told."""
    census, damaged, place, seen = Census(), 0, None, 0
    caller.ask(count_realm(caller.desk, census))
    while seen < MOST_USERS and (page := caller.ask(users_after(place))):
        for place in page[: MOST_USERS - seen]:
            try:
                caller.ask(count_user(caller.desk, census, place, caller.now))
            except (StoreError, UnreadableRecord):
                caller.ask(
                    one(CheckStore())
                )  # whatever is wrong with the whole store is no fault of this user's records
                damaged += 1
        seen += len(page)
        if len(page) < USERS_AT_A_TIME:
            break
    return census, damaged

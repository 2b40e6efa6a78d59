"""From a question to the command that asks Redis, and from Redis's reply to the answer: once for both clients.

Keys, all of one user in one slot; the user's name there is a keyed hash, so nothing in it can end the braces:

    2fa:<realm>:{<user>}:account     generation, last step, roster, authenticators, recovery codes
                        :passes      digest of the cookie → times and record
                        :browsers    the same
                        :pending     the same, of set-ups that were begun
    2fu:<realm>:{<user>}:seen        tries, waits and last uses: what changes without changing what near caches keep

The fields of each stand in ``lua/account.lua``, ``lua/rows.lua`` and ``lua/attempts.lua``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

import msgspec

from .. import asks
from ..errors import UnreadableRecord
from ..protocol import Ask, UserKey

Reply: TypeAlias = Any
"""What redis-py makes of a reply without decoding it: bytes, None, and lists of these."""

UNREADABLE = (IndexError, KeyError, TypeError, ValueError)
_IN_THE_KEYS = "user"


def keys_of(realm: str, user: UserKey) -> tuple[str, ...]:
    """The keys of a user, in the order in which the scripts know them."""
    kept, seen = f"2fa:{realm}:{{{user}}}", f"2fu:{realm}:{{{user}}}"
    return (f"{kept}:account", f"{kept}:passes", f"{kept}:browsers", f"{kept}:pending", f"{seen}:seen")


def encode(ask: Ask[Any]) -> bytes:
    """The fields of a question as MessagePack, which Lua reads into a table; what is None is left out."""
    return msgspec.msgpack.encode(_plain(ask))


def decode(ask: Ask[Any], reply: Reply) -> Any:
    """The answer; UnreadableRecord if there is something that no script of ours wrote."""
    try:
        return ANSWERS[type(ask)](reply)
    except UNREADABLE as error:
        raise UnreadableRecord(f"the store holds something unreadable: {type(error).__name__}") from error


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        found = {one.name: getattr(value, one.name) for one in fields(value) if one.name != _IN_THE_KEYS}
        if "generation" in found:
            found["generation"] = str(found["generation"])  # a double would round it
        return {name: _plain(part) for name, part in found.items() if part is not None}
    if isinstance(value, bytes):
        return msgspec.Raw(b"\xdb" + len(value).to_bytes(4) + value)  # as a text: Redis's cmsgpack knows no other bytes
    if isinstance(value, frozenset):
        return [_plain(one) for one in sorted(value)]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value


# ---- replies --------------------------------------------------------------------------------------------------------


def _account(reply: Reply) -> asks.AccountRow | None:
    if not reply:
        return None
    found: dict[bytes, bytes] = dict(zip(reply[::2], reply[1::2], strict=True))
    return asks.AccountRow(
        generation=int(found[b"g"]),
        last_step=int(found[b"s"]),
        roster=found[b"r"],
        authenticators={name[1:].decode(): record for name, record in found.items() if name[:1] == b"a"},
        codes=frozenset(name[1:] for name in found if name[:1] == b"c"),
    )


def _row(reply: Reply) -> tuple[bytes, bytes, bool, int, int, int] | None:
    if reply is None:
        return None
    digest, proven, opened_at, expires_at, used_at, record = reply
    if record is None:
        raise ValueError
    return digest, record, proven == b"1", int(opened_at), int(expires_at), int(used_at)


def _pass(reply: Reply) -> asks.PassRow | None:
    row = _row(reply)
    return None if row is None else asks.PassRow(*row)


def _browser(reply: Reply) -> asks.BrowserRow | None:
    row = _row(reply)
    if row is None:
        return None
    digest, record, _, opened_at, expires_at, used_at = row
    return asks.BrowserRow(digest, record, opened_at, expires_at, used_at)


def _setup(reply: Reply) -> asks.SetupRow | None:
    row = _row(reply)
    if row is None:
        return None
    digest, record, _, opened_at, expires_at, _ = row
    return asks.SetupRow(digest, record, opened_at, expires_at)


def _present(row: asks.SetupRow | None) -> asks.SetupRow:
    if row is None:
        raise ValueError
    return row


def _seen(reply: Reply) -> asks.Seen:
    account, pass_row, browser = reply
    return asks.Seen(_account(account), _pass(pass_row), _browser(browser))


def _browsers(reply: Reply) -> tuple[asks.BrowserRow, ...]:
    found = [row for row in map(_browser, reply) if row is not None]
    return tuple(sorted(found, key=lambda row: (-row.opened_at, row.digest)))


def _outcome(reply: Reply) -> Any:
    """A script that decides answers with the name of its outcome first."""
    match reply:
        case [b"attempt", at, left, waits_until, account, setup]:
            return asks.Attempt(int(at), int(left), int(waits_until), _account(account), _setup(setup))
        case [b"ready", left]:
            return asks.Ready(int(left))
        case [b"waiting", until]:
            return asks.Waiting(int(until))
        case [b"stopped"]:
            return asks.Stopped()
        case [b"spent", codes_left]:
            return asks.Spent(int(codes_left))
        case [b"spent before"]:
            return asks.SpentBefore()
        case [b"moved"]:
            return asks.Moved()
        case [b"begun", setup]:
            return asks.Begun(_present(_setup(setup)), is_new=True)
        case [b"found", setup]:
            return asks.Begun(_present(_setup(setup)), is_new=False)
        case [b"done"]:
            return asks.Done()
        case [b"absent"]:
            return asks.Absent()
        case _:
            raise ValueError


ANSWERS: Mapping[type[Ask[Any]], Callable[[Reply], Any]] = {
    asks.Look: _seen,
    asks.ReadAttempts: _outcome,
    asks.TakeAttempt: _outcome,
    asks.TakeRecoveryAttempt: _outcome,
    asks.SpendStep: _outcome,
    asks.SpendCode: _outcome,
    asks.TurnOn: _outcome,
    asks.BeginSetup: _outcome,
    asks.ReadSetup: _setup,
    asks.OpenPass: _outcome,
    asks.EndPass: _outcome,
    asks.TouchPass: _outcome,
    asks.ReadBrowsers: _browsers,
    asks.ForgetBrowsers: _outcome,
}

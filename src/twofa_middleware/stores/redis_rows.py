"""From Redis's reply to the rows of one user. IndexError, KeyError, TypeError or ValueError for what no script of ours wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from .. import asks
from ..protocol import UserKey

Reply: TypeAlias = Any
"""What redis-py makes of a reply without decoding it: bytes, whole numbers, None, and lists of these."""


def account_of(reply: Reply) -> asks.AccountRow | None:
    if not reply:
        return None
    found = pairs(reply)
    return asks.AccountRow(
        generation=int(found[b"g"]),
        last_step=int(found[b"s"]),
        roster=found[b"r"],
        authenticators={name[1:].decode(): record for name, record in found.items() if name[:1] == b"a"},
        codes=frozenset(code for name, tails in found.items() if name[:1] == b"c" for code in _codes(name, tails)),
    )


def _codes(name: bytes, tails: bytes) -> Iterator[bytes]:
    """The codes of a part: its name has the length of the tails and what comes before each of them."""
    size, head = int.from_bytes(name[1:3]), name[4:]
    if size == 0 or len(tails) % size:
        raise ValueError
    return (head + tails[start : start + size] for start in range(0, len(tails), size))


def pairs(reply: Reply) -> dict[bytes, bytes]:
    """Names and values, one after the other."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _row(reply: Reply) -> tuple[bytes, bytes, bool, int, int, int] | None:
    if reply is None:
        return None
    digest, proven, opened_at, expires_at, used_at, record = reply
    if record is None:
        raise ValueError
    return digest, record, proven == b"1", int(opened_at), int(expires_at), int(used_at)


def pass_row(reply: Reply) -> asks.PassRow | None:
    row = _row(reply)
    return None if row is None else asks.PassRow(*row)


def browser_row(reply: Reply) -> asks.BrowserRow | None:
    row = _row(reply)
    if row is None:
        return None
    digest, record, _, opened_at, expires_at, used_at = row
    return asks.BrowserRow(digest, record, opened_at, expires_at, used_at)


def setup_row(reply: Reply) -> asks.SetupRow | None:
    row = _row(reply)
    if row is None:
        return None
    digest, record, _, opened_at, expires_at, _ = row
    return asks.SetupRow(digest, record, opened_at, expires_at)


def present(row: asks.SetupRow | None) -> asks.SetupRow:
    if row is None:
        raise ValueError
    return row


def browser_rows(reply: Reply) -> tuple[asks.BrowserRow, ...]:
    found = [row for row in map(browser_row, reply) if row is not None]
    return tuple(sorted(found, key=lambda row: (-row.opened_at, row.digest)))


def met_of(reply: Reply) -> dict[str, int]:
    return {rule.decode(): int(first) for rule, first in pairs(reply).items()}


def tries_of(reply: Reply) -> dict[int, int]:
    return {int(at): int(times) for at, times in pairs(reply).items()}


def person_row(reply: Reply) -> asks.PersonRow | None:
    user, person, roles = reply
    return None if person is None else asks.PersonRow(UserKey(user.decode()), person, roles)

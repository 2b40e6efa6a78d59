"""The one read of a decision, ``asks.Look``, said to Redis and read with as little ado as can be, since it is said most.

What ``lua/rows.lua`` writes is taken apart here: that costs the server a third of what it costs there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .. import asks
from .redis_keys import keys_of
from .redis_scripts import script_of
from .redis_steps import Conversation

TIMES_BYTES = 11
"""Before the record of a row: whether it is proven, and when it was opened and expires, of 5 bytes each."""


def ask_of_a_decision(realm: str, ask: asks.Look) -> Conversation:
    """The same as ``packed`` in steps, as all else is said."""
    from redis.exceptions import NoScriptError

    keys = keys_of(realm, ask.user)
    script, arguments = script_of("Look"), (len(keys), *keys, *_names(ask))
    try:
        return (yield ("EVALSHA", script.sha, *arguments))
    except NoScriptError:  # then nothing has run
        return (yield ("EVAL", script.text, *arguments))


def packed(keys: tuple[str, ...], ask: asks.Look) -> bytes:
    """The command as it goes over the wire (https://redis.io/docs/latest/develop/reference/protocol-spec/); UnicodeError
    if a key is no text. ``keys``: those of the user."""
    return _head(len(keys)) + b"".join(
        [b"$%d\r\n%b\r\n" % (len(part), part) for part in (*map(str.encode, keys), *_names(ask))]
    )


@cache
def _head(keys: int) -> bytes:
    said = b"*%d\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n$1\r\n%d\r\n"
    return said % (5 + keys, script_of("Look").sha.encode(), keys)


def _names(ask: asks.Look) -> tuple[bytes, bytes]:
    return (
        b"" if ask.pass_digest is None else b"p" + ask.pass_digest,
        b"" if ask.browser_digest is None else b"b" + ask.browser_digest,
    )


def pass_of(ask: asks.Look, row: Any, used_at: Any) -> asks.PassRow | None:
    """ValueError or its like for what no script of ours wrote."""
    if row is None or ask.pass_digest is None:
        return None
    proven, opened_at, expires_at, record = _parts(row)
    if expires_at <= ask.now:
        return None
    return asks.PassRow(
        ask.pass_digest, record, proven, opened_at, expires_at, opened_at if used_at is None else int(used_at)
    )


def browser_of(ask: asks.Look, row: Any, used_at: Any) -> asks.BrowserRow | None:
    """The same for a remembered browser."""
    if row is None or ask.browser_digest is None:
        return None
    _, opened_at, expires_at, record = _parts(row)
    if expires_at <= ask.now:
        return None
    return asks.BrowserRow(
        ask.browser_digest, record, opened_at, expires_at, opened_at if used_at is None else int(used_at)
    )


def _parts(row: bytes) -> tuple[bool, int, int, bytes]:
    if len(row) <= TIMES_BYTES or row[0] > 1:
        raise ValueError
    opened_at = int.from_bytes(row[1:6], "big", signed=True)
    return row[0] == 1, opened_at, int.from_bytes(row[6:11], "big", signed=True), row[11:]

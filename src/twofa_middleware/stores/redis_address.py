"""Where a Redis is: ``redis://[[user]:password@]host[:port][/db]``, or ``unix:///path/to/socket[?db=0]``.

Its text may hold a password, so no message repeats it; ``where`` is what messages call it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import ConfigError

PORT = 6379
SHAPES = {
    "redis": "redis://user:password@host:6379/0",
    "unix": "unix://user:password@/path/to/socket?db=0",
}


@dataclass(frozen=True, slots=True)
class Address:
    """``options`` are what a connection of redis-py is made with, in either colour."""

    where: str
    is_socket: bool
    options: Mapping[str, Any] = field(repr=False)


def address_of(url: str) -> Address:
    """The address that a URL names; ConfigError, without the URL, for anything else."""
    scheme = url.partition(":")[0]
    if scheme not in SHAPES:
        raise ConfigError("the Redis store is named by redis://… or unix://…")
    try:
        found = _socket(urlsplit(url)) if scheme == "unix" else _network(urlsplit(url))
    except ValueError:  # a port that is none, a bracket too many
        found = None
    if found is None:
        raise ConfigError(
            f"this is no address of a Redis; write {SHAPES[scheme]}, with user, password and db or without"
        )
    return found


def _network(parts: SplitResult) -> Address | None:
    db = _number(parts.path.removeprefix("/") or "0")
    if not parts.hostname or db is None or parts.query or parts.fragment:
        return None
    port = PORT if parts.port is None else parts.port
    shown = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        where=f"Redis at {shown}:{port}/{db}",
        is_socket=False,
        options={"host": parts.hostname, "port": port, "db": db} | _credentials(parts),
    )


def _socket(parts: SplitResult) -> Address | None:
    path = unquote(parts.path)
    db = _number(parts.query.removeprefix("db=")) if parts.query else 0
    if parts.hostname or not path.strip("/") or "\0" in path or db is None or parts.fragment:
        return None
    return Address(
        where=f"Redis at {path} (db {db})", is_socket=True, options={"path": path, "db": db} | _credentials(parts)
    )


def _credentials(parts: SplitResult) -> dict[str, str]:
    named = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in named.items() if value}


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None

"""The keys of the store: where the state lives, and what has to be true of a change."""

from __future__ import annotations

from msgspec import Struct


class Acknowledge(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What has to be true of a change that matters before it counts as made: Redis and Valkey only.

    ``replicas``: so many of them have it (WAIT). ``fsync``: the primary, and those replicas, have it on their disks
    (WAITAOF; Redis 7.2 or Valkey, with ``appendonly yes``). ``milliseconds``: how long that is waited for; then the
    request is refused with 503.
    """

    replicas: int = 0
    fsync: bool = False
    milliseconds: int = 200


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the state lives. A text in its place is the ``url``."""

    url: str = "sqlite:///var/twofa.db"
    """``sqlite:///``, ``redis://``, ``rediss://``, ``unix://``, ``redis+sentinel://``, ``redis+cluster://``; with an ``s``
    after ``redis`` over TLS. ``docs/stores.md`` shows each."""
    password: str = ""
    """Where the password is, so that it need not stand in ``url``: ``env:NAME`` or ``file:path``."""
    ca: str = ""
    """For TLS: the file of the authorities that are believed. Not set: those of the system."""
    certificate: str = ""
    """For TLS: the file of the client's certificate, if the server wants one."""
    certificate_key: str = ""
    """For TLS: the file of its key, which only its owner can read."""
    acknowledge: Acknowledge | None = None
    """Not set: as the profile says (one replica in strict, if the store is Redis; else nothing)."""
    stale_seconds: int = 0
    """So long, 60 at most, passes that this process has seen go on while the store does not answer; all else is refused.
    Within it nobody can end a pass: not a log-out elsewhere, not an administrator."""
    witness: str = ""
    """A file in which servers remember how far the store had come, so that an older copy of it is refused also after they
    were restarted. Keep it where no backup puts it back. Not set: only running servers notice; see docs/stores.md."""

    def __repr__(self) -> str:
        """Without the address, which may hold a password."""
        return f"StoreSettings({self.scheme!r})"

    @property
    def scheme(self) -> str:
        """The kind of store; empty for an address of none, which may be a password that was put in its place."""
        scheme, is_one, _ = self.url.partition("://")
        return scheme if is_one else ""

    @property
    def is_redis(self) -> bool:
        return self.scheme == "unix" or self.scheme.startswith("redis")

"""What is to be said of a Redis by what it says of itself, in INFO and CONFIG GET. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..protocol import Finding, StoreOptions
from .redis_address import Node

OLDEST = 6


def of_the_server(node: Node, info: Mapping[str, str], options: StoreOptions) -> Iterator[Finding]:
    """``info``: the lines of INFO."""
    version = info.get("redis_version", "")
    if is_too_old(version):
        yield Finding(
            "redis too old",
            "problem",
            f"{node} is Redis {version}",
            "it has no ACL and lacks commands that the store asks for",
            f"upgrade it to Redis {OLDEST} or later, or Valkey",
        )
    if info.get("role") == "slave":
        yield Finding(
            "redis is a replica",
            "problem",
            f"{node} follows {info.get('master_host', 'another one')}",
            "it may be behind, so every question is refused",
            "name the primary in `store`, or the Sentinels",
        )
    yield from _of_eviction(node, info.get("maxmemory_policy", ""), info.get("maxmemory", "0"))
    if options.fsync and info.get("aof_enabled") == "0":
        yield Finding(
            "acknowledge not possible",
            "problem",
            f"[store] acknowledge has fsync = true, and {node} has appendonly no",
            "every change that matters is refused",
            "set appendonly yes: first by CONFIG SET, then in redis.conf; or take fsync out of the settings",
        )
    connected = info.get("connected_slaves", "")
    if connected.isdecimal() and int(connected) < options.replicas:
        yield Finding(
            "acknowledge without replicas",
            "problem",
            f"[store] acknowledge wants {options.replicas} replicas, and {node} has {connected}",
            "every change that matters is refused",
            "start the replicas that are missing, want fewer, or the disk in their place: acknowledge = { fsync = true }",
        )


def is_too_old(version: str) -> bool:
    """Whether this ``redis_version`` comes before the first with an ACL. Valkey says 7.2 or later there."""
    major = version.partition(".")[0]
    return major.isascii() and major.isdecimal() and int(major) < OLDEST


def _of_eviction(node: Node, policy: str, most: str) -> Iterator[Finding]:
    """Without a ``maxmemory`` nothing is evicted, whatever the policy is. Passes and remembered browsers have an expiry,
    and nothing else has."""
    if policy.startswith("allkeys-") and most != "0":
        yield Finding(
            "redis evicts accounts",
            "problem",
            f"{node}: maxmemory {most}, maxmemory-policy {policy}",
            "the store refuses such a server, so everybody who is logged in gets 503: who was evicted would seem to have "
            "no second factor",
            "set maxmemory-policy noeviction: by CONFIG SET now, and in redis.conf",
        )
    elif policy.startswith("allkeys-"):
        yield Finding(
            "redis would evict accounts",
            "warning",
            f"{node}: maxmemory-policy {policy}, and no maxmemory yet",
            "from the moment on in which it gets a maxmemory, the store refuses it, and everybody gets 503",
            "set maxmemory-policy noeviction: by CONFIG SET now, and in redis.conf",
        )
    elif policy.startswith("volatile-") and most != "0":
        yield Finding(
            "redis evicts passes",
            "warning",
            f"{node}: maxmemory {most}, maxmemory-policy {policy}",
            "when memory is short it drops passes and remembered browsers, whose people have to verify again; accounts stay",
            "set maxmemory-policy noeviction: by CONFIG SET now, and in redis.conf",
        )


def of_the_config(node: Node, config: Mapping[str, str]) -> Iterator[Finding]:
    """What of its data outlives a restart. ``config``: names and values of CONFIG GET."""
    appends = config.get("appendonly") == "yes"
    if not appends and not config.get("save"):
        yield Finding(
            "redis keeps nothing",
            "problem",
            f'{node}: appendonly no, save ""',
            "at its next start the store is gone, and everybody gets 503 until it is restored",
            "set appendonly yes: first by CONFIG SET, then in redis.conf (a start with the file alone begins empty)",
        )
    elif not appends:
        yield Finding(
            "redis keeps snapshots only",
            "warning",
            f"{node}: appendonly no, save {config['save']}",
            "a crash takes minutes back: recovery codes used since are good again, new accounts are gone",
            "set appendonly yes: first by CONFIG SET, then in redis.conf (a start with the file alone begins empty)",
        )
    elif config.get("appendfsync") == "no":
        yield Finding(
            "redis leaves writing to the system",
            "warning",
            f"{node}: appendfsync no",
            "a power cut takes up to half a minute back",
            "set appendfsync everysec, or always: by CONFIG SET now, and in redis.conf",
        )


def of_the_snapshots(node: Node, info: Mapping[str, str], now: float) -> Iterator[Finding]:
    """The same by INFO alone, for a server whose CONFIG may not be asked. ``now``: seconds since 1970.

    It says whether changes are appended, and of snapshots only what there was of them.
    """
    if info.get("aof_enabled") != "0":
        return
    last, changes = info.get("rdb_last_save_time", ""), info.get("rdb_changes_since_last_save", "?")
    # A server that has saved nothing names the time of its start.
    age = f"{max(0, now - int(last)) / 3600:.1f} hours" if last.isdecimal() else "an unknown time"
    yield Finding(
        "redis keeps snapshots at most",
        "warning",
        f"{node}: appendonly no; its last snapshot or its start is {age} ago, with {changes} changes since",
        "a crash takes these changes back; if it makes no snapshots, the store is gone, and everybody gets 503",
        "set appendonly yes: first by CONFIG SET, then in redis.conf (a start with the file alone begins empty)",
    )

"""What ``twofa doctor`` finds about a Redis: what it forgets, who may ask it, and whose clock it has.

Each primary is asked. A question that the user of the ACL may not ask is a note, since that user should be allowed little.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Mapping
from typing import Any

from redis.exceptions import RedisError, ResponseError

from ..protocol import Finding, StoreOptions
from .redis_address import Address, Node
from .redis_steps import Say, Steps, Take
from .redis_topology import topology_of

MOST_APART_SECONDS = 2
OLDEST = 6


def inspect(address: Address, options: StoreOptions) -> Steps[list[Finding]]:
    """All that is to be said of the servers that hold the store."""
    found = list(_of_the_way(address))
    if address.kind == "sentinel":
        for sentinel in address.nodes:
            found += yield from _of_a_sentinel(sentinel, address.service)
    for number, node in enumerate((yield from topology_of(address).primaries())):
        yield Take(node)
        if address.kind == "cluster" and number == 0:
            found += yield from _of_the_cluster(node)
        info = _lines((yield from _asked("INFO")))
        config = yield from _config()
        found += _of_the_server(node, info)
        found += _of_the_config(node, config, options)
        found += _of_replicas(node, info, options)
        found += yield from _of_the_clock(node)
        found += yield from _of_the_user(node)
    return found


def _of_the_way(address: Address) -> Iterator[Finding]:
    if address.tls is None:
        for node in address.nodes:
            if node.port and not _is_here(node.host):
                yield Finding(
                    "redis without TLS",
                    "problem",
                    f"{node} is another machine, and is asked in clear text",
                    "who sees the network reads the password, and changes what the store answers",
                    "name it by rediss:// (rediss+sentinel://, rediss+cluster://)",
                )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_a_sentinel(sentinel: Node, service: str) -> Steps[list[Finding]]:
    try:
        yield Take(sentinel)
        yield Say(("SENTINEL", "CKQUORUM", service))
    except (RedisError, OSError) as error:
        return [
            Finding(
                "sentinel in trouble",
                "problem",
                f"{sentinel}: {error}",
                "if the primary goes, nobody takes its place, and the apps stay closed",
                "start it, or take it out of `store`; `SENTINEL CKQUORUM` says what is missing",
            )
        ]
    return []


def _of_the_cluster(node: Node) -> Steps[list[Finding]]:
    info = _lines((yield from _asked("CLUSTER", "INFO")))
    if not info:
        return [_could_not_look(node, "CLUSTER INFO")]
    if info.get("cluster_state") == "ok" and info.get("cluster_slots_ok") == "16384":
        return []
    return [
        Finding(
            "cluster not whole",
            "problem",
            f"{node}: cluster_state {info.get('cluster_state')}, {info.get('cluster_slots_ok')} of 16384 slots in order",
            "whoever's slot is missing gets 503",
            "bring the missing node back, or give its slots to another one",
        )
    ]


def _of_the_server(node: Node, info: Mapping[str, str]) -> Iterator[Finding]:
    if not info:
        yield _could_not_look(node, "INFO")
        return
    version = info.get("redis_version", "")
    if version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) < OLDEST:
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


def _config() -> Steps[dict[str, str] | None]:
    """The settings that matter; None where they may not be read."""
    config: dict[str, str] = {}
    for name in ("maxmemory-policy", "save", "appendonly", "appendfsync"):
        reply = yield from _asked("CONFIG", "GET", name)
        if reply is None:
            return None
        config |= _pairs(reply)
    return config


def _of_the_config(node: Node, config: Mapping[str, str] | None, options: StoreOptions) -> Iterator[Finding]:
    if config is None:
        yield _could_not_look(node, "CONFIG GET")
        return
    policy, appends = config.get("maxmemory-policy", ""), config.get("appendonly") == "yes"
    if policy != "noeviction":
        yield Finding(
            "redis evicts",
            "problem",
            f"{node}: maxmemory-policy {policy}",
            "when memory is short it drops accounts: whoever is dropped has no second factor any more",
            "set maxmemory-policy noeviction in redis.conf",
        )
    if not appends and not config.get("save"):
        yield Finding(
            "redis keeps nothing",
            "problem",
            f'{node}: appendonly no, save ""',
            "at its next start the store is gone, and everybody gets 503 until it is restored",
            "set appendonly yes in redis.conf",
        )
    elif not appends:
        yield Finding(
            "redis keeps snapshots only",
            "warning",
            f"{node}: appendonly no, save {config['save']}",
            "a crash takes minutes back: recovery codes used since are good again, new accounts are gone",
            "set appendonly yes in redis.conf",
        )
    elif config.get("appendfsync") == "no":
        yield Finding(
            "redis leaves writing to the system",
            "warning",
            f"{node}: appendfsync no",
            "a power cut takes up to half a minute back",
            "set appendfsync everysec, or always",
        )
    if options.fsync and not appends:
        yield Finding(
            "acknowledge not possible",
            "problem",
            f"[store] acknowledge has fsync = true, and {node} has appendonly no",
            "every change that matters is refused",
            "set appendonly yes in redis.conf, or take fsync out of the settings",
        )


def _of_replicas(node: Node, info: Mapping[str, str], options: StoreOptions) -> Iterator[Finding]:
    connected = info.get("connected_slaves", "")
    if connected.isdecimal() and int(connected) < options.replicas:
        yield Finding(
            "acknowledge without replicas",
            "problem",
            f"[store] acknowledge wants {options.replicas} replicas, and {node} has {connected}",
            "every change that matters is refused",
            "start the replicas that are missing, or want fewer",
        )


def _of_the_clock(node: Node) -> Steps[list[Finding]]:
    before = time.time()
    reply = yield from _asked("TIME")
    if not isinstance(reply, list):
        return [_could_not_look(node, "TIME")]
    there = int(reply[0]) + int(reply[1]) / 1_000_000
    apart = there - min(max(there, before), time.time())
    if abs(apart) <= MOST_APART_SECONDS:
        return []
    return [
        Finding(
            "clocks apart",
            "problem",
            f"{node} is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} this machine",
            "one of them is wrong: right codes are refused, or waits end early",
            "let both machines keep time by NTP",
        )
    ]


def _of_the_user(node: Node) -> Steps[list[Finding]]:
    name = yield from _asked("ACL", "WHOAMI")
    told = None if name is None else (yield from _asked("ACL", "GETUSER", name.decode()))
    if told is None:
        return [_could_not_look(node, "ACL GETUSER")]
    user, who = _pairs(told), name.decode()
    found = []
    if "nopass" in user.get("flags", ""):
        found.append(
            Finding(
                "redis without a password",
                "warning",
                f'{node}: the user "{who}" needs no password',
                "whoever reaches the port can end passes, delete accounts and roll them back",
                "make a user with a password by ACL SETUSER, as docs/stores.md shows, and switch that one off",
            )
        )
    if "+@all" in user.get("commands", "").split():
        found.append(
            Finding(
                "redis user may do all",
                "warning",
                f'{node}: the user "{who}" has +@all',
                "whoever gets the gate's password can empty the server and change how it is set up",
                "allow the commands and keys that docs/stores.md lists, and no others",
            )
        )
    return found


def _could_not_look(node: Node, command: str) -> Finding:
    return Finding(
        "could not look",
        "note",
        f"{node} does not answer {command} to the gate's user",
        "this part is not checked",
        f"nothing, if it is meant so; else ask {command} as an administrator of the server",
    )


def _asked(*words: str) -> Steps[Any]:
    """The reply; None where the server refuses the command."""
    try:
        return (yield Say(words))
    except ResponseError:
        return None


def _lines(reply: object) -> dict[str, str]:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else ""
    return {name: value for name, colon, value in (line.partition(":") for line in text.splitlines()) if colon}


def _pairs(reply: object) -> dict[str, str]:
    """A map, as the second version of the protocol has it: names and values in turn."""
    if isinstance(reply, Mapping):
        return {_text(name): _text(value) for name, value in reply.items()}
    flat = reply if isinstance(reply, list) else []
    return {_text(name): _text(value) for name, value in zip(flat[::2], flat[1::2], strict=False)}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return " ".join(map(_text, value)) if isinstance(value, list | tuple | set) else str(value)

"""What ``twofa doctor`` finds about a Redis: what it forgets, who may ask it, and whose clock it has.

Each primary is asked, and what one does not answer keeps nothing back that others say. A question that the user of the
ACL may not ask is a note, since that user should be allowed little.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from ..errors import StoreUnavailable
from ..protocol import Finding, StoreOptions
from .redis_acl import judged, user_of
from .redis_address import Address, Node
from .redis_set_up import of_the_config, of_the_server, of_the_snapshots
from .redis_steps import Say, Steps, Take
from .redis_topology import topology_of

MOST_APART_SECONDS = 2
CONFIG = ("save", "appendonly", "appendfsync")


def inspect(address: Address, realm: str, options: StoreOptions) -> Steps[list[Finding]]:
    """All that is to be said of the servers that hold the store."""
    found = list(of_the_way(address, address.nodes))
    if address.kind == "sentinel":
        for sentinel in address.nodes:
            found += yield from _of_a_sentinel(sentinel, address.service)
    try:
        nodes = yield from topology_of(address).primaries()
    except (StoreUnavailable, RedisError, OSError) as error:
        return [*found, _silent(address.where, error)]
    found += of_the_way(address, (node for node in nodes if node not in address.nodes))
    tells_of_all = address.kind != "cluster"
    for node in nodes:
        try:
            yield Take(node)
            if not tells_of_all:
                found += yield from _of_the_cluster(node)
                tells_of_all = True
            found += yield from _of_a_primary(node, realm, options)
        except (RedisError, OSError) as error:
            found.append(_silent(str(node), error))
    return found


def of_the_way(address: Address, nodes: Iterable[Node]) -> Iterator[Finding]:
    """Whether the network sees what is said to these servers."""
    if address.tls is None:
        for node in nodes:
            if node.port and not _is_here(node.host):
                yield Finding(
                    "redis without TLS",
                    "problem",
                    f"{node} is another machine, and is asked in clear text",
                    "who sees the network reads the password, and changes what the store answers",
                    "let it speak TLS, and name it by rediss:// (rediss+sentinel://, rediss+cluster://)",
                )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _silent(where: str, error: Exception) -> Finding:
    return Finding(
        "redis does not answer",
        "problem",
        f"{where}: {str(error) or type(error).__name__}",
        "whoever's account lies there gets 503",
        _remedy(str(error)),
    )


def _remedy(said: str) -> str:
    if re.match(r"NOAUTH|WRONGPASS", said) or "invalid username-password" in said:
        return (
            "correct user and password in `store`, or make that user, as docs/stores.md shows under User and password"
        )
    if "refused" in said:
        return "start it; if it runs, check host and port in `store`"
    return "start it, or correct `store`; where it does run, look at its log"


def _of_a_sentinel(sentinel: Node, service: str) -> Steps[list[Finding]]:
    try:
        yield Take(sentinel)
        yield Say(("SENTINEL", "CKQUORUM", service))
    except NoPermissionError:
        return [
            _could_not_look(sentinel, "SENTINEL CKQUORUM", "whether enough Sentinels are there to name another primary")
        ]
    except (RedisError, OSError) as error:
        return [
            Finding(
                "sentinel in trouble",
                "problem",
                f"{sentinel}: {str(error) or type(error).__name__}",
                "if the primary goes, nobody may take its place, and the apps stay closed",
                f"start the Sentinels that are missing, or take them out of `store`; `SENTINEL CKQUORUM {service}` says more",
            )
        ]
    return []


def _of_the_cluster(node: Node) -> Steps[list[Finding]]:
    info = _lines((yield from _asked("CLUSTER", "INFO")))
    if not info:
        return [_could_not_look(node, "CLUSTER INFO", "whether every slot is served")]
    if info.get("cluster_state") == "ok" and info.get("cluster_slots_ok") == "16384":
        return []
    return [
        Finding(
            "cluster not whole",
            "problem",
            f"{node}: cluster_state {info.get('cluster_state')}, {info.get('cluster_slots_ok')} of 16384 slots in order",
            "whoever's slot is missing gets 503; in most clusters, everybody",
            "bring the missing node back, or give its slots to another one",
        )
    ]


def _of_a_primary(node: Node, realm: str, options: StoreOptions) -> Steps[list[Finding]]:
    info = _lines((yield from _asked("INFO")))
    unseen = "version, role, eviction and replicas"
    found = list(of_the_server(node, info, options)) if info else [_could_not_look(node, "INFO", unseen)]
    config = yield from _config()
    if config is not None:
        found += of_the_config(node, config)
    else:
        found += of_the_snapshots(node, info, time.time())
        found.append(_could_not_look(node, "CONFIG GET", _unseen_without_config(info)))
    found += yield from _of_the_clock(node)
    found += yield from _of_the_user(node, realm)
    return found


def _config() -> Steps[dict[str, str] | None]:
    """The settings that matter; None where they may not be read."""
    config: dict[str, str] = {}
    for name in CONFIG:
        reply = yield from _asked("CONFIG", "GET", name)
        if reply is None:
            return None
        config |= _pairs(reply)
    return config


def _of_the_clock(node: Node) -> Steps[list[Finding]]:
    before = time.time()
    reply = yield from _asked("TIME")
    if not isinstance(reply, list):
        return [_could_not_look(node, "TIME", "whether its clock is right")]
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


def _of_the_user(node: Node, realm: str) -> Steps[list[Finding]]:
    name = yield from _asked("ACL", "WHOAMI")
    told = None if name is None else (yield from _asked("ACL", "GETUSER", name))
    if told is None:
        unseen = "whether there is a user without a password, and what the gate's user may do beyond its needs"
        return [_could_not_look(node, "ACL GETUSER", unseen)]
    who = name.decode("utf-8", "replace")
    user, found = user_of(told), list[Finding]()
    if who != "default":
        other = yield from _asked("ACL", "GETUSER", "default")
        if other is not None and user_of(other).needs_no_password:
            found.append(_no_password(node, "default"))
    if user.needs_no_password:  # what else it may do needs another user, too
        return [*found, _no_password(node, who)]
    return [*found, *judged(user, f'{node}: the user "{who}"', realm)]


def _no_password(node: Node, who: str) -> Finding:
    return Finding(
        "redis without a password",
        "problem",
        f'{node}: the user "{who}" needs no password',
        "whoever reaches the port can delete accounts, whose owners then have no second factor, and roll them back",
        "make users with a password, and switch this one off, as docs/stores.md shows under User and password",
    )


def _unseen_without_config(info: Mapping[str, str]) -> str:
    return {
        "1": "appendfsync, so how much a power cut takes back",
        "0": "save, so whether snapshots are made at all",
    }.get(info.get("aof_enabled", ""), "appendonly, appendfsync and save, so what outlives a restart")


def _could_not_look(node: Node, command: str, unseen: str) -> Finding:
    return Finding(
        "could not look",
        "note",
        f"{node} does not answer {command} to the gate's user; not checked: {unseen}",
        "what is named here may be as it should not be, and nothing says so",
        f"nothing, if it is meant so; else ask {command} as an administrator of the server",
    )


def _asked(*words: Any) -> Steps[Any]:
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
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

"""What a user of a Redis may do beyond what the gate needs, by the answer to ACL GETUSER of Redis 6, 7 and 8 and of Valkey.

The commands stand there as rules, of which the last that fits decides; what a selector allows is allowed besides. Redis 6
lists patterns of keys without the sign that Redis 7 writes before them, and has no selectors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..protocol import Finding

NEEDED = frozenset(
    {
        "evalsha",
        "eval",
        "get",
        "info",
        "select",
        "wait",
        "waitaof",
        "asking",
        "cluster|slots",
        "client|tracking",
        "del",
        "exists",
        "expire",
        "hdel",
        "hexists",
        "hget",
        "hgetall",
        "hincrby",
        "hkeys",
        "hlen",
        "hmget",
        "hset",
        "time",
        "xadd",
        "xrange",
        "xrevrange",
        "xtrim",
        "zadd",
        "zrangebylex",
        "zrangebyscore",
        "zrem",
        "zscore",
    }
)
"""What the gate asks for, as ``docs/stores.md`` lists it."""
ALLOWED = NEEDED | {"set", "acl|getuser", "acl|whoami", "cluster|info", "config|get", "ping", "sentinel|ckquorum"}
"""That, and what ``twofa init`` and ``twofa doctor`` ask for."""
_ADMIN = frozenset({"@admin", "@dangerous", "@slow"})
_WHOLE = frozenset({"@keyspace", "@write", "@dangerous", "@slow"})
_NAMES = frozenset({"@keyspace", "@read", "@slow"})
HARMFUL: Mapping[str, frozenset[str]] = {
    "flushall": _WHOLE,
    "config|set": _ADMIN,
    "debug": _ADMIN,
    "keys": _NAMES | {"@dangerous"},
    "acl|setuser": _ADMIN,
    "module|load": _ADMIN,
    "shutdown": _ADMIN,
    "replicaof": _ADMIN,
    "slaveof": _ADMIN,
    "monitor": _ADMIN,
    "migrate": _WHOLE,
    "flushdb": _WHOLE,
    "swapdb": frozenset({"@keyspace", "@write", "@dangerous", "@fast"}),
    "scan": _NAMES,
    "randomkey": _NAMES,
    "config|rewrite": _ADMIN,
    "acl|deluser": _ADMIN,
    "acl|load": _ADMIN,
    "failover": _ADMIN,
    "sync": _ADMIN,
    "psync": _ADMIN,
    "save": _ADMIN,
    "bgsave": _ADMIN,
    "bgrewriteaof": _ADMIN,
    "client|kill": _ADMIN | {"@connection"},
    "client|pause": _ADMIN | {"@connection"},
    "cluster|reset": _ADMIN,
    "cluster|setslot": _ADMIN,
    "cluster|flushslots": _ADMIN,
    "cluster|failover": _ADMIN,
    "slowlog|get": _ADMIN,
    "function|load": frozenset({"@scripting", "@write", "@slow"}),
    "function|flush": frozenset({"@scripting", "@write", "@slow"}),
}
"""Commands that patterns of keys do not hold back, or that change the server, with their categories in Redis 8 and Valkey 9."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rights:
    """What one set of rules allows: ``commands`` in their order, and patterns of keys such as ``~2fa:*`` or ``%R~*``."""

    commands: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def allows_something(self) -> bool:
        return any(rule.startswith("+") for rule in self.commands)

    def allows(self, command: str, categories: frozenset[str]) -> bool:
        """Whether the command, or a subcommand such as ``config|set``, may be asked for."""
        names = {command, command.partition("|")[0], "@all", *categories}
        fitting = [rule for rule in self.commands if rule[1:] in names]
        return bool(fitting) and fitting[-1].startswith("+")


@dataclass(frozen=True, slots=True)
class User:
    """A user as the server describes it."""

    flags: frozenset[str]
    rights: tuple[Rights, ...]

    @property
    def needs_no_password(self) -> bool:
        return {"on", "nopass"} <= self.flags


def user_of(reply: object) -> User:
    """The answer to ACL GETUSER in either version of the protocol."""
    facts = _facts(reply)
    selectors = facts.get("selectors") or []
    rights = tuple(_rights(_facts(one)) for one in (facts, *selectors))
    return User(frozenset(_words(facts.get("flags"))), rights)


def judged(user: User, who: str, realm: str) -> Iterator[Finding]:
    """``who``: what a finding calls the user; ``realm``: whose keys it needs."""
    rights = [one for one in user.rights if one.allows_something]
    harmful = [name for name, categories in HARMFUL.items() if any(one.allows(name, categories) for one in rights)]
    if harmful:
        yield Finding(
            "redis user may do harm",
            "warning",
            f"{who} may ask for {_some([name.replace('|', ' ').upper() for name in harmful])}",
            "whoever gets the gate's password can empty the server, change how it is set up, or see what else is there",
            "allow the commands that docs/stores.md lists, and no others: -@all before them takes away what is there",
        )
    else:
        more = sorted({rule for one in rights for rule in one.commands if rule[0] == "+" and rule[1:] not in ALLOWED})
        if more:
            yield Finding(
                "redis user may do more than needed",
                "note",
                f"{who} has {_some(more)}",
                "whoever gets the gate's password may do that, too",
                "take away what docs/stores.md does not list, unless it is meant so",
            )
    own = (f"2fa:{realm}:", f"2fu:{realm}:")
    wide = sorted({key for one in rights for key in one.keys if not key.partition("~")[2].startswith(own)})
    if wide:
        yield Finding(
            "redis user may touch other keys",
            "warning",
            f"{who} has the keys {_some(wide)}",
            "whoever gets the gate's password can read and change what other programs or realms keep there",
            f"allow ~{own[0]}* and ~{own[1]}*, and no others (resetkeys takes away what is there)",
        )


def _some(words: list[str]) -> str:
    rest = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _rights(facts: Mapping[str, Any]) -> Rights:
    keys = _words(facts.get("keys"))
    # Redis 6 lists patterns as they are; later ones write ~, or %R~ and the like.
    signed = tuple(key if re.match(r"~|%[RW]+~", key) else f"~{key}" for key in keys)
    return Rights(tuple(rule for rule in _words(facts.get("commands")) if rule[0] in "+-"), signed)


def _facts(reply: object) -> dict[str, Any]:
    if isinstance(reply, Mapping):
        return {_text(name): value for name, value in reply.items()}
    flat = reply if isinstance(reply, list) else []
    return {_text(name): value for name, value in zip(flat[::2], flat[1::2], strict=False)}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(map(_text, value))
    return () if value is None else tuple(_text(value).split())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

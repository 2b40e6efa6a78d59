"""What a user of a Redis may do, as the server describes it, against what the server then does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import redis

from support.redis_servers import Server, new_realm, shared_redis, shared_valkey
from twofa_middleware.stores.redis_acl import HARMFUL, judged, user_of

RULES = [
    "+@all",
    "+@all -@dangerous",
    "+@all -@admin +config|set",
    "+@all -config|set -@keyspace",
    "-@all",
    "-@all +@read +@write",
    "-@all +config -config|set",
    "-@all +config|get +cluster|slots",
    "+@all -@all +@scripting -function|flush",
    "-@all +@connection +client +slowlog",
    "-@all +@fast -swapdb",
]


@pytest.mark.parametrize("started", [shared_redis, shared_valkey], ids=["redis", "valkey"])
@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("rules", RULES)
def test_what_is_read_from_the_rules_is_what_the_server_says(
    started: Callable[[], Server], protocol: int, rules: str
) -> None:
    name = new_realm()
    with closing(redis.Redis(port=started().port, protocol=protocol)) as client:
        client.response_callbacks.clear()
        client.execute_command("ACL", "SETUSER", name, "on", ">x", "~*", *rules.split())
        (rights,) = user_of(client.execute_command("ACL", "GETUSER", name)).rights
        for command, categories in HARMFUL.items():
            assert rights.allows(command, categories) is is_allowed(client, name, command), command


def is_allowed(client: Any, name: str, command: str) -> bool:
    """By ACL DRYRUN, with as many arguments as the command wants."""
    (facts,) = client.execute_command("COMMAND", "INFO", command)
    words = command.split("|")
    words += ["1"] * (abs(facts[1]) - len(words))
    if command == "migrate":
        words[3] = "key"
    return bool(client.execute_command("ACL", "DRYRUN", name, *words) in (b"OK", "OK"))


def test_redis_6_lists_keys_without_their_sign() -> None:
    def found(*keys: bytes) -> set[str]:
        reply = [b"flags", [b"on"], b"passwords", [b"00"], b"commands", b"-@all +get", b"keys", list(keys)]
        return {finding.name for finding in judged(user_of(reply), "the user", "main")}

    assert found(b"2fa:main:*", b"2fu:main:*") == set()
    assert found(b"*") == {"redis user may touch other keys"}
    assert found(b"2fa:main:*", b"2fa:mainly:*") == {"redis user may touch other keys"}


def test_a_user_that_is_off_opens_no_door() -> None:
    assert user_of([b"flags", [b"on", b"nopass"]]).needs_no_password
    assert not user_of([b"flags", [b"off", b"nopass"]]).needs_no_password

"""What ``twofa doctor`` finds about the servers of a Redis store, each on a real one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from support.redis_clusters import a_cluster_of_three, shared_cluster
from support.redis_sentinels import SERVICE, a_sentinel
from support.redis_servers import ADDRESS, Server, new_realm, wait_until
from support.stores import acl_rules
from twofa_middleware.protocol import Finding, StoreOptions
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_address import address_of
from twofa_middleware.stores.redis_inspect import of_the_way
from twofa_middleware.stores.redis_set_up import is_too_old

LOOKS = ("+config|get", "+acl|whoami", "+acl|getuser", "+cluster|info")


@pytest.fixture(autouse=True)
def _patience(patience: None) -> None:
    """What is found is shown, not how fast."""


def found_at(url: str, realm: str = "", **options: Any) -> list[Finding]:
    with closing(RedisStore(url, "", realm or new_realm(), StoreOptions(**options))) as store:
        return store.inspect()


def names(found: list[Finding]) -> set[str]:
    return {finding.name for finding in found}


# ---- the way there --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("redis://redis.example", 1),
        ("redis://192.0.2.7:6380/1", 1),
        ("redis://[2001:db8::1]", 1),
        ("redis+sentinel://192.0.2.7,127.0.0.1,192.0.2.8/twofa", 2),
        ("redis+cluster://192.0.2.7,192.0.2.8", 2),
        ("rediss://redis.example", 0),
        ("rediss+cluster://192.0.2.7", 0),
        ("redis://localhost", 0),
        ("redis://127.0.0.2", 0),
        ("redis://[::1]", 0),
        ("unix:///run/redis.sock", 0),
    ],
)
def test_clear_text_to_another_machine_is_found(url: str, count: int) -> None:
    address = address_of(url)
    assert [finding.name for finding in of_the_way(address, address.nodes)] == ["redis without TLS"] * count


def test_an_address_of_this_machine_that_is_not_loopback_is_found(server: Server) -> None:
    assert "redis without TLS" not in names(found_at(server.url))
    assert "redis without TLS" in names(found_at(server.url.replace(ADDRESS, "0.0.0.0")))


def test_another_machine_that_only_the_cluster_names_is_found() -> None:
    with a_cluster_of_three() as cluster:
        node = cluster.primaries[0]
        url = f"redis+cluster://{ADDRESS}:{node.port}"
        assert "redis without TLS" not in names(found_at(url))
        node.say("CONFIG", "SET", "cluster-announce-ip", "0.0.0.0")
        wait_until(lambda: b"0.0.0.0" in node.say("CLUSTER", "SLOTS"), "it names itself so")
        assert "redis without TLS" in names(found_at(url))


# ---- Sentinels and clusters -----------------------------------------------------------------------------------------


def test_a_quorum_that_is_lost_is_found_and_hides_nothing_else() -> None:
    with a_sentinel() as watched:
        assert "sentinel in trouble" not in names(found_at(watched.url))
        left, *others = watched.watchers
        for other in others:
            other.kill()
        wait_until(lambda: b"NOQUORUM" in left.say("SENTINEL", "CKQUORUM", SERVICE), "the quorum is lost")
        found = found_at(watched.url)
        troubles = [finding.found for finding in found if finding.name == "sentinel in trouble"]
        assert len(troubles) == 3
        assert any(f":{left.port}: " in trouble and "quorum" in trouble.lower() for trouble in troubles)
        assert "redis keeps nothing" in names(found)


def test_a_sentinel_that_may_not_be_asked_is_a_note() -> None:
    with a_sentinel(lines=["user default on nopass ~* &* +@all -sentinel|ckquorum"]) as watched:
        found = [one for one in found_at(watched.url) if "CKQUORUM" in one.found]
        assert [finding.name for finding in found] == ["could not look"] * 3


def test_sentinels_of_which_none_answers_are_found() -> None:
    with a_sentinel() as watched:
        for watcher in watched.watchers:
            watcher.kill()
        assert names(found_at(watched.url)) == {"sentinel in trouble", "redis does not answer"}


def test_a_cluster_that_is_whole_is_not_told_of() -> None:
    assert not names(found_at(shared_cluster().url)) & {"cluster not whole", "redis does not answer"}


def test_a_node_that_is_down_is_found_and_hides_nothing_that_others_say() -> None:
    with a_cluster_of_three() as cluster:
        down, *others = cluster.primaries
        down.kill()
        wait_until(
            lambda: all(b"cluster_state:fail" in node.say("CLUSTER", "INFO") for node in others), "the others know"
        )
        found = found_at(cluster.url)
        assert names(found) >= {"cluster not whole", "redis does not answer"}
        assert len([finding for finding in found if finding.name == "redis keeps nothing"]) == len(others)


def test_slots_that_lie_nowhere_are_found() -> None:
    with a_cluster_of_three() as cluster:
        for node in cluster.primaries:
            node.say("CLUSTER", "DELSLOTS", "0")
        wait_until(lambda: b"cluster_state:fail" in cluster.primaries[0].say("CLUSTER", "INFO"), "it is known")
        (finding,) = [one for one in found_at(cluster.url) if one.name == "cluster not whole"]
        assert "16383 of 16384" in finding.found


# ---- what a server is, and keeps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "is_it"),
    [("2.8.24", True), ("5.0.14", True), ("6.0.0", False), ("7.2.4", False), ("10.0.1", False), ("", False)],
)
def test_a_version_before_the_first_with_an_acl_is_too_old(version: str, is_it: bool) -> None:
    assert is_too_old(version) is is_it


@pytest.mark.parametrize(
    ("policy", "most", "name"),
    [
        ("allkeys-lru", "100mb", "redis evicts accounts"),
        ("allkeys-random", "0", "redis would evict accounts"),
        ("volatile-ttl", "100mb", "redis evicts passes"),
        ("volatile-lru", "0", ""),
        ("noeviction", "100mb", ""),
    ],
)
def test_eviction_is_told_by_what_it_does(server: Server, policy: str, most: str, name: str) -> None:
    server.say("CONFIG", "SET", "maxmemory", most)
    server.say("CONFIG", "SET", "maxmemory-policy", policy)
    assert {one for one in names(found_at(server.url)) if "evict" in one} == ({name} if name else set())


# ---- who may ask ----------------------------------------------------------------------------------------------------


@pytest.fixture
def as_a_user(server: Server) -> Callable[..., set[str]]:
    """What is found where the gate asks as a user with these rules, besides those that the docs list."""
    server.say("CONFIG", "SET", "appendonly", "yes")
    server.say("ACL", "SETUSER", "default", "resetpass", ">canary")

    def found(*rules: str, look: bool = True) -> set[str]:
        realm = new_realm()
        _say(server, "AUTH default canary", "ACL", "SETUSER", realm, ">canary", *acl_rules(realm))
        _say(server, "AUTH default canary", "ACL", "SETUSER", realm, *(LOOKS if look else ()), *rules)
        return names(found_at(server.url.replace("//", f"//{realm}@"), realm, password="canary"))

    return found


def _say(server: Server, login: str, *words: str) -> None:
    import redis

    _, user, password = login.split()
    with closing(redis.Redis(port=server.port, username=user, password=password)) as client:
        client.execute_command(*words)


def test_the_user_of_the_docs_is_not_told_of(as_a_user: Callable[..., set[str]]) -> None:
    assert as_a_user() == set()
    assert as_a_user(look=False) == {"could not look"}


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (("appendonly", "no"), "redis keeps snapshots at most"),
        (("maxmemory-policy", "allkeys-lru"), "redis would evict accounts"),
        (("maxmemory-policy", "volatile-lru", "maxmemory", "1gb"), "redis evicts passes"),
    ],
)
def test_the_user_of_the_docs_sees_by_info_what_config_would_say(
    server: Server, as_a_user: Callable[..., set[str]], config: tuple[str, ...], name: str
) -> None:
    _say(server, "AUTH default canary", "CONFIG", "SET", *config)
    assert as_a_user(look=False) == {"could not look", name}


@pytest.mark.parametrize(("appends", "unseen"), [("yes", "appendfsync"), ("no", "save")])
def test_a_note_names_what_is_not_checked(server: Server, appends: str, unseen: str) -> None:
    realm = new_realm()
    server.say("CONFIG", "SET", "appendonly", appends)
    server.say("ACL", "SETUSER", realm, ">canary", *acl_rules(realm))
    found = found_at(server.url.replace("//", f"//{realm}@"), realm, password="canary")
    notes = [finding.found.partition("; not checked: ")[2] for finding in found if finding.name == "could not look"]
    assert [note.split(",")[0] for note in notes] == [
        unseen,
        "whether there is a user without a password",
    ]


@pytest.mark.parametrize(
    ("rules", "name"),
    [
        (["+@all"], "redis user may do harm"),
        (["+@all", "-@dangerous", *LOOKS], "redis user may do harm"),  # SCAN, FUNCTION LOAD
        (["+flushall"], "redis user may do harm"),
        (["+config"], "redis user may do harm"),
        (["(+keys ~2fa:*)"], "redis user may do harm"),
        (["+lpush"], "redis user may do more than needed"),
        (["~*"], "redis user may touch other keys"),
        (["~2fa:*"], "redis user may touch other keys"),
        (["%R~other:*"], "redis user may touch other keys"),
        (["(+get ~other:*)"], "redis user may touch other keys"),
        (["nopass"], "redis without a password"),
    ],
)
def test_a_user_who_may_do_more_is_found(as_a_user: Callable[..., set[str]], rules: list[str], name: str) -> None:
    assert name in as_a_user(*rules)


def test_a_user_whom_a_selector_lets_do_nothing_is_not_told_of(as_a_user: Callable[..., set[str]]) -> None:
    assert as_a_user("(-@all ~*)") == set()


def test_another_door_without_a_password_is_found(server: Server) -> None:
    realm = new_realm()
    server.say("ACL", "SETUSER", realm, ">canary", *acl_rules(realm), *LOOKS)
    found = found_at(server.url.replace("//", f"//{realm}@"), realm, password="canary")
    (finding,) = [one for one in found if one.name == "redis without a password"]
    assert 'the user "default"' in finding.found

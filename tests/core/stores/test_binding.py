"""Contract: whose a cookie of the app's is, and log-ins that are on their way with it. Attacks 26, 80, 81, 109."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import redis

from support.redis_servers import new_realm, shared_redis
from support.stores import DAY, NOW, ask, redis_at
from twofa_middleware import asks
from twofa_middleware.asks import Done, Moved
from twofa_middleware.protocol import Store, UserKey
from twofa_middleware.stores.sqlite import SQLiteStore

COOKIE = UserKey("cookie")
OTHER = UserKey("other")
MINUTES = 120


def begin(store: Store, who: str, key: UserKey = COOKIE, at: int = NOW) -> None:
    assert ask(store, asks.BeginLogin(key, who.encode(), at + MINUTES, at)) == Done()


def bind(store: Store, who: str | None, record: str, key: UserKey = COOKIE, at: int = NOW) -> Done | Moved:
    question = asks.Bind(key, who.encode() if who else None, record.encode(), at + DAY, at)
    return ask(store, question)


def unbind(store: Store, who: str | None = None, key: UserKey = COOKIE, at: int = NOW) -> None:
    assert ask(store, asks.Unbind(key, who.encode() if who else None, at)) == Done()


def bound(store: Store, key: UserKey = COOKIE, at: int = NOW) -> bytes | None:
    return ask(store, asks.ReadBinding(key, at))


def test_nothing_is_bound_to_a_cookie_that_nobody_knows(store: Store) -> None:
    assert bound(store) is None
    unbind(store)
    unbind(store, "bob")
    assert bound(store) is None


def test_a_new_cookie_is_bound_until_its_time_is_over(store: Store) -> None:
    assert bind(store, None, "of bob") == Done()
    assert bound(store, at=NOW + DAY - 1) == b"of bob"
    assert bound(store, at=NOW + DAY) is None
    assert bound(store, OTHER) is None


def test_a_record_takes_the_place_of_the_one_before(store: Store) -> None:
    bind(store, None, "of alice")
    assert bind(store, None, "of bob") == Done()
    assert bound(store) == b"of bob"


def test_what_is_bound_ends_and_stays_ended(store: Store) -> None:
    bind(store, None, "of bob")
    bind(store, None, "of alice", OTHER)
    unbind(store)
    assert bound(store) is None
    assert bound(store, OTHER) == b"of alice"


def test_a080_what_is_bound_ends_when_a_log_in_begins_and_not_when_it_is_over(store: Store) -> None:
    bind(store, None, "of alice")
    begin(store, "bob")
    assert bound(store) is None
    assert bind(store, "bob", "of bob") == Done()
    assert bound(store) == b"of bob"


def test_a_log_in_that_nobody_began_binds_nothing_and_ends_what_is_bound(store: Store) -> None:
    bind(store, None, "of alice")
    assert bind(store, "bob", "of bob") == Moved()
    assert bound(store) is None


def test_a_log_in_that_began_for_another_name_binds_nothing(store: Store) -> None:
    begin(store, "alice")
    assert bind(store, "bob", "of bob") == Moved()
    assert bound(store) is None
    assert bind(store, "alice", "of alice") == Done()


@pytest.mark.parametrize("order", list(itertools.permutations(["alice", "bob"])))
def test_a080_two_log_ins_at_once_for_different_people_bind_neither(store: Store, order: tuple[str, str]) -> None:
    begin(store, "alice")
    begin(store, "bob")
    for who in order:
        assert bind(store, who, f"of {who}") == Moved()
        assert bound(store) is None


@pytest.mark.parametrize("order", list(itertools.permutations(["alice", "bob"])))
def test_a080_of_two_log_ins_at_once_one_that_fails_makes_no_room_for_the_other(
    store: Store, order: tuple[str, str]
) -> None:
    begin(store, "alice")
    begin(store, "bob")
    unbind(store, order[0])
    assert bind(store, order[1], f"of {order[1]}") == Moved()
    assert bound(store) is None


def test_a_third_log_in_while_two_are_on_their_way_binds_nothing(store: Store) -> None:
    begin(store, "alice")
    begin(store, "bob")
    bind(store, "bob", "of bob")
    begin(store, "bob")
    assert bind(store, "bob", "of bob") == Moved()


def test_after_two_log_ins_at_once_the_next_one_counts_again(store: Store) -> None:
    begin(store, "alice")
    begin(store, "bob")
    unbind(store, "alice")
    unbind(store, "bob")
    begin(store, "bob")
    assert bind(store, "bob", "of bob") == Done()
    assert bound(store) == b"of bob"


def test_who_sends_the_same_log_in_twice_at_once_is_bound(store: Store) -> None:
    begin(store, "bob")
    begin(store, "bob")
    assert bind(store, "bob", "first") == Done()
    assert bind(store, "bob", "second") == Done()
    assert bound(store) == b"second"
    assert bind(store, "bob", "third") == Moved()


def test_a_new_cookie_with_which_a_log_in_is_on_its_way_is_not_bound(store: Store) -> None:
    begin(store, "alice")
    assert bind(store, None, "of bob") == Moved()
    assert bound(store) is None
    assert bind(store, "alice", "of alice") == Done()


def test_a_log_out_does_not_make_a_log_in_forgotten_that_is_on_its_way(store: Store) -> None:
    begin(store, "alice")
    unbind(store)
    begin(store, "bob")
    assert bind(store, "bob", "of bob") == Moved()


def test_a_log_in_that_never_answers_holds_nobody_up_for_longer_than_its_time(store: Store) -> None:
    begin(store, "alice")
    later = NOW + MINUTES
    begin(store, "bob", at=later)
    assert bind(store, "bob", "of bob", at=later) == Done()


def test_a080_a_log_in_that_answers_after_its_time_binds_nothing_and_ends_what_was_bound_since(store: Store) -> None:
    begin(store, "bob")
    later = NOW + MINUTES
    begin(store, "alice", at=later)
    assert bind(store, "alice", "of alice", at=later) == Done()
    assert bind(store, "bob", "of bob", at=later) == Moved()
    assert bound(store, at=later) is None


def test_a_log_in_that_fails_after_its_time_ends_what_was_bound_since(store: Store) -> None:
    begin(store, "bob")
    later = NOW + MINUTES
    bind(store, None, "of alice", at=later)
    unbind(store, "bob", at=later)
    assert bound(store, at=later) is None


def test_a_file_is_rid_of_what_has_ended_with_the_next_log_in(sqlite_store: SQLiteStore, file: Path) -> None:
    for number in range(5):
        bind(sqlite_store, None, "of bob", UserKey(f"cookie-{number}"))
        begin(sqlite_store, "bob", UserKey(f"begun-{number}"))
    bind(sqlite_store, None, "of bob", at=NOW + 2 * DAY)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT key FROM bindings").fetchall() == [(COOKIE,)]


def test_a_redis_is_rid_of_what_has_ended_by_itself() -> None:
    realm = new_realm()
    with redis_at(shared_redis().url, realm) as store, redis.Redis(port=shared_redis().port) as client:
        bind(store, None, "of bob")
        assert DAY - 60 < client.ttl(f"2fa:{realm}:{{{COOKIE}}}:bound") <= DAY
        begin(store, "bob")
        assert MINUTES - 60 < client.ttl(f"2fa:{realm}:{{{COOKIE}}}:bound") <= MINUTES
        unbind(store, "bob")
        assert not client.exists(f"2fa:{realm}:{{{COOKIE}}}:bound")

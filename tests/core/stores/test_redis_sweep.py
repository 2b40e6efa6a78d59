"""The sweeper of a Redis, step by step: it may be killed after each command, and changes may come in between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from support.redis_servers import shared_redis
from support.stores import (
    ALICE,
    BOB,
    NOW,
    a_pass,
    a_row,
    all_events,
    ask,
    carry,
    note,
    notes_of,
    redis_at,
    spend_step,
)
from twofa_middleware import asks
from twofa_middleware.protocol import UserKey
from twofa_middleware.stores import redis_index, redis_scripts
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import LETTERS, index_keys, keys_of, letter_of
from twofa_middleware.stores.redis_steps import Conversation
from twofa_middleware.stores.redis_talks import ask_of_a_user

REALM = "sweep"
LIFETIME = redis_scripts.MARK_SECONDS * 1000


@pytest.fixture
def client() -> Iterator[Any]:
    """A database that only this module uses."""
    with redis.Redis(port=shared_redis().port, db=8, protocol=2) as made:
        made.flushdb()
        yield made


@pytest.fixture
def store(client: Any) -> Iterator[RedisStore]:
    with redis_at(f"{shared_redis().url}/8", REALM) as made:
        yield made


def hold(client: Any, talk: Conversation, between: Callable[[int], object] = lambda _: None, first: Any = None) -> Any:
    """Hold a conversation. ``between`` is called before each command with its number, and may break it off."""
    number = 0
    try:
        command = first or next(talk)
        while True:
            between(number)
            try:
                reply = client.execute_command(*command)
            except redis.ResponseError as error:
                command = talk.throw(error)
            else:
                command = talk.send(reply)
            number += 1
    except StopIteration as end:
        return end.value


def sweeping(now: int = NOW) -> Conversation:
    return redis_index.sweep(REALM, asks.Sweep(now, 10))


def dirty_key(user: UserKey) -> str:
    return index_keys(REALM, letter_of(user))[0]


def dirty(client: Any) -> set[str]:
    """Whoever stands in the index."""
    keys = [index_keys(REALM, letter)[0] for letter in LETTERS]
    return {name.decode() for key in keys for name in client.zrange(key, 0, -1)}


def grow_old(client: Any) -> None:
    """As if more time had passed since every mark than a change may take."""
    for user in dirty(client):
        client.zincrby(dirty_key(UserKey(user)), -LIFETIME, user)


def carried_ids(store: RedisStore, user: UserKey = ALICE) -> list[str]:
    """The events of a user, each where it was carried first."""
    ids = [event.id.decode().rstrip(".") for event in all_events(store) if event.user == user]
    return list(dict.fromkeys(ids))


def prepare(store: RedisStore, client: Any) -> None:
    """Two users with events, one of them not ready, all marked long ago."""
    note(store, "one", "two", a_row("later", ready_at=NOW + 10))
    note(store, "other", user=BOB)
    grow_old(client)


class Killed(BaseException):
    """The sweeper's process is gone."""


def test_a_sweeper_that_is_killed_after_any_command_loses_nothing(store: RedisStore, client: Any) -> None:
    store_id = client.get(f"2fa:{REALM}:id")
    deaths = 0
    for killed_at in itertools.count():

        def kill(number: int, killed_at: int = killed_at) -> None:
            if number == killed_at:
                raise Killed

        client.flushdb()
        client.set(f"2fa:{REALM}:id", store_id)
        prepare(store, client)
        try:
            hold(client, sweeping(), kill)
        except Killed:
            deaths += 1
        else:
            break
        carry(store)
        assert (carried_ids(store), carried_ids(store, BOB)) == (["one", "two"], ["other"])
        assert carry(store, at=NOW + 10) == 1
        grow_old(client)
        carry(store, at=NOW + 10)
        assert dirty(client) == set()
    assert deaths > len(LETTERS) + 6


def test_a_change_between_any_two_commands_of_a_sweeper_is_carried(store: RedisStore, client: Any) -> None:
    prepare(store, client)
    written = ["one", "two"]

    def change(number: int) -> None:
        if number >= len(LETTERS) - 1:
            written.append(f"event-{number}")
            note(store, written[-1])

    hold(client, sweeping(), change)
    assert len(written) > 6
    carry(store)
    assert carried_ids(store) == written
    grow_old(client)
    carry(store, at=NOW + 10)
    assert carried_ids(store) == [*written, "later"]
    assert dirty(client) == set()


@pytest.mark.parametrize("marked_at", range(len(LETTERS) - 2, len(LETTERS) + 5))
def test_a_change_that_is_on_its_way_while_a_sweeper_goes_by_is_carried(
    store: RedisStore, client: Any, marked_at: int
) -> None:
    prepare(store, client)
    change = ask_of_a_user(REALM, asks.Note(ALICE, NOW, notes_of("slow")))
    commands: list[Any] = []

    def mark(number: int) -> None:
        if number == marked_at:
            commands.append(change.send(client.execute_command(*next(change))))

    hold(client, sweeping(NOW + 10), mark)
    carry(store, at=NOW + 10)
    assert carried_ids(store) == ["one", "two", "later"]
    hold(client, change, first=commands[0])
    carry(store, at=NOW + 10)
    assert carried_ids(store) == ["one", "two", "later", "slow"]


def test_a_change_that_comes_too_late_after_its_mark_is_refused_and_changes_nothing(
    store: RedisStore, client: Any
) -> None:
    ask(store, asks.TakeAttempt(ALICE, NOW))
    before = client.hgetall(keys_of(REALM, ALICE)[3])
    for question in (
        asks.Unlock(ALICE, NOW, notes_of("unlocked", person=b"who")),
        asks.TakeAttempt(ALICE, NOW, notes=notes_of("failed", outcome="attempt")),
    ):
        change = ask_of_a_user(REALM, question)
        marked_at = int(client.execute_command(*next(change)))
        late = change.send(str(marked_at - LIFETIME).encode())
        with pytest.raises(redis.ResponseError, match="too late after its mark"):
            hold(client, change, first=late)
        assert client.hgetall(keys_of(REALM, ALICE)[3]) == before
    carry(store)
    assert all_events(store) == []
    assert client.exists(*keys_of(REALM, ALICE)[4:]) == 0


def test_a_mark_goes_when_it_is_old_and_the_log_empty_and_not_before(store: RedisStore, client: Any) -> None:
    note(store, "one", a_row("later", ready_at=NOW + 10))
    carry(store)
    assert dirty(client) == {ALICE}
    grow_old(client)
    carry(store)
    assert dirty(client) == {ALICE}  # something is left, though it is not ready
    carry(store, at=NOW + 10)
    assert dirty(client) == set()
    note(store, "next")
    carry(store)
    assert dirty(client) == {ALICE}  # the mark is young: a change may be on its way
    assert client.exists(*keys_of(REALM, ALICE)[4:]) == 0


def test_users_with_nothing_ready_hold_up_nobody(store: RedisStore, client: Any) -> None:
    early = [UserKey(f"a{number}") for number in range(30)]
    for user in early:
        note(store, a_row("later", ready_at=NOW + 10), user=user)
    grow_old(client)
    note(store, "ready", user=UserKey("aa"))
    note(store, "ready", user=BOB)
    assert ask(store, asks.Sweep(NOW, 1)) == asks.Swept(1, is_done=False)
    assert ask(store, asks.Sweep(NOW, 1)) == asks.Swept(1, is_done=True)
    assert carry(store, at=NOW + 10, limit=1) == 30


def test_users_who_were_marked_in_one_moment_are_all_found(store: RedisStore, client: Any) -> None:
    users = [UserKey(f"a{number}") for number in range(30)]
    for number, user in enumerate(users):
        note(store, a_row("event", ready_at=NOW + number % 2), user=user)
        client.zadd(dirty_key(user), {user: 1})
    assert carry(store, limit=2) == 15
    assert carry(store, at=NOW + 1, limit=2) == 15
    assert dirty(client) == set()


def test_a_long_log_is_carried_in_parts_and_in_order(
    store: RedisStore, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_index, "ROWS_AT_ONCE", 3)
    names = [f"event-{number}" for number in range(9)]
    note(store, *names)
    assert ask(store, asks.Sweep(NOW, 1)) == asks.Swept(9, is_done=True)
    assert carried_ids(store) == names


def test_events_keep_their_order_when_the_servers_clock_is_put_back(store: RedisStore, client: Any) -> None:
    note(store, "one")
    log = keys_of(REALM, ALICE)[4]
    client.hset(log, "o", 2**52)  # the last one was written in the far future
    note(store, "two", "three")
    note(store, "four")
    orders = [int(value.split()[0]) for field, value in client.hgetall(log).items() if field != b"o"]
    assert sorted(orders)[1:] == [2**52 + 1, 2**52 + 2, 2**52 + 3]
    carry(store)
    assert carried_ids(store) == ["one", "two", "three", "four"]


def test_nobody_is_marked_for_what_writes_no_events(store: RedisStore, client: Any) -> None:
    ask(store, asks.Unlock(ALICE, NOW))
    ask(store, asks.Unlock(ALICE, NOW, asks.Notes({"done": ()}, takes_back=b"id")))
    assert client.keys("*users*") == []
    note(store, person=b"who")
    note(store, person=b"nobody", roles=b"none", user=asks.REALM)
    assert [key.decode() for key in client.keys("*users*")] == [index_keys(REALM, "a")[1]]


@pytest.mark.parametrize(
    "question",
    [
        asks.TouchPass(ALICE, b"pass", NOW),
        asks.OpenPass(ALICE, 1, a_pass(), None, None, NOW),
        asks.EndPass(ALICE, b"pass", NOW),
        spend_step(),
        asks.ReadRecords(ALICE),
    ],
    ids=lambda question: type(question).__name__,
)
def test_what_begins_nobody_is_asked_at_once(question: Any) -> None:
    _, sha, *_ = next(ask_of_a_user(REALM, question))
    assert sha == redis_scripts.script_of(type(question).__name__).sha


def test_whoever_is_written_of_stands_in_the_index_before(store: RedisStore, client: Any) -> None:
    change = ask_of_a_user(REALM, asks.TakeAttempt(ALICE, NOW))
    client.execute_command(*next(change))
    assert ask(store, asks.ReadRecords(ALICE)) == asks.Records()
    assert ask(store, asks.ReadUsers(None, 10)) == (ALICE,)
    assert dirty(client) == set()

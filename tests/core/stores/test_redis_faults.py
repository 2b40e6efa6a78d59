"""Redis in trouble: closed, in bounded time, and nothing asked twice. Attack 111."""

from __future__ import annotations

import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from time import sleep

import pytest

from support.lossy_wire import Wire, a_stranger, a_wire
from support.redis_servers import ADDRESS, Server, new_realm, shared_redis
from support.stores import (
    ALICE,
    NOW,
    STEP,
    account_of,
    all_events,
    ask,
    carry,
    enrol,
    fail,
    look,
    names_of,
    note,
    notes_of,
    redis_at,
    row_id,
    spend_code,
    spend_step,
    within_a_second,
)
from twofa_middleware import asks
from twofa_middleware.errors import StoreError, StoreMismatch, StoreUnavailable
from twofa_middleware.protocol import Store
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import index_keys, letter_of
from twofa_middleware.stores.redis_scripts import script_of

OpenRedis = Callable[..., AbstractContextManager[Store]]
QUESTIONS = [look(), asks.TakeAttempt(ALICE, NOW), spend_step()]


def attempts_left(store: Store) -> int:
    state = ask(store, asks.ReadAttempts(ALICE, NOW))
    assert isinstance(state, asks.Ready)
    return state.left


def test_a_server_that_was_killed_is_unavailable_and_found_again(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store:
        enrol(store)
        server.kill()
        for question in QUESTIONS:
            with (
                within_a_second(),
                pytest.raises(StoreUnavailable, match=r"^Redis at 127\.0\.0\.1:\d+/0 did not answer"),
            ):
                ask(store, question)
        server.start()
        with pytest.raises(StoreMismatch, match=r"holds no store of twofa_middleware: it is gone or empty"):
            ask(store, look())  # it came back empty


def test_a_server_that_hangs_is_unavailable_in_time_and_found_again(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store, open_redis(server.url) as fresh:
        enrol(store)
        server.signal(signal.SIGSTOP)
        for one, question in [(one, question) for one in (store, fresh) for question in QUESTIONS]:
            with within_a_second(), pytest.raises(StoreUnavailable, match="did not answer: Timeout"):
                ask(one, question)
        server.signal(signal.SIGCONT)
        assert account_of(store).last_step in (STEP, STEP + 1)  # what it was asked in the meantime may have happened
        assert fail(fresh, 2, at=NOW + 60) == NOW + 60


class SlowWire(Wire):
    """Carries every answer, and once it is slow none at once: each takes ``seconds``."""

    seconds = 0.0

    def _back(self, server: socket.socket, client: socket.socket, lossy: threading.Event) -> None:
        while data := server.recv(1 << 16):
            sleep(self.seconds)
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)


def test_a_server_whose_answers_take_too_long_together_is_unavailable_in_time(open_redis: OpenRedis) -> None:
    realm = new_realm()
    with redis_at(shared_redis().url, realm) as near, closing(SlowWire(shared_redis().port)) as wire:
        enrol(near)
        for question in (asks.Unlock(ALICE, NOW, notes_of("unlocked")), spend_step()):
            wire.seconds = 0.0
            with open_redis(wire.url, realm) as store:
                shared_redis().say("SCRIPT", "FLUSH")  # so that there is more to say
                wire.seconds = 0.15  # less than one answer may take
                with within_a_second(), pytest.raises(StoreUnavailable, match="Timeout"):
                    ask(store, question)


def test_a_server_that_forgot_the_scripts_is_told_them_again(open_redis: OpenRedis) -> None:
    with open_redis(shared_redis().url, new_realm()) as store:
        enrol(store)
        shared_redis().say("SCRIPT", "FLUSH")
        fail(store, 1)
        assert attempts_left(store) == 4
        shared_redis().say("SCRIPT", "FLUSH")
        assert ask(store, spend_step()) == asks.Spent(codes_left=3)


def test_a_server_without_memory_changes_nothing_and_can_still_be_read(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store:
        enrol(store)
        server.say("CONFIG", "SET", "maxmemory", "1")
        for question in (
            asks.TakeAttempt(ALICE, NOW),
            asks.TakeRecoveryAttempt(ALICE, NOW),
            spend_step(),
            spend_code(notes=notes_of("spent", outcome="spent")),
            asks.Unlock(ALICE, NOW, notes_of("unlocked")),
            asks.Note(ALICE, NOW, notes_of(person=b"who")),
            asks.WriteRole(asks.RoleRow("role", 1, b"flag"), NOW),
        ):
            with pytest.raises(StoreUnavailable, match="used memory > 'maxmemory'"):
                ask(store, question)
        assert account_of(store).last_step == STEP
        server.say("CONFIG", "SET", "maxmemory", "0")
        assert attempts_left(store) == 5
        assert isinstance(ask(store, spend_step()), asks.Spent)


def test_a_code_is_not_taken_away_without_memory_for_all_that_goes_with_it(server: Server) -> None:
    with redis_at(server.url) as store:
        enrol(store)
        fail(store, 3)
        server.say("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="maxmemory"):
            ask(store, spend_code())
        server.say("CONFIG", "SET", "maxmemory", "0")
        assert (len(account_of(store).codes), attempts_left(store)) == (3, 2)
        assert ask(store, spend_code()) == asks.Spent(codes_left=2)
        assert attempts_left(store) == 5


def test_a_replica_is_not_believed(server: Server, open_redis: OpenRedis) -> None:
    with open_redis(server.url) as store, open_redis(server.url) as fresh:
        enrol(store)
        server.say("REPLICAOF", ADDRESS, "1")
        with pytest.raises(StoreUnavailable, match=r"read only replica|is a replica"):
            ask(store, spend_step())
        for question in QUESTIONS:
            with pytest.raises(StoreUnavailable, match="is a replica, which may be behind"):
                ask(fresh, question)
        server.say("REPLICAOF", "NO", "ONE")
        assert ask(store, spend_step()) == asks.SpentBefore()  # as long as it was one, another may have taken codes
        assert isinstance(ask(store, spend_step(step=STEP + 2)), asks.Spent)


def test_a_wrong_password_is_unavailable_and_never_shown(server: Server, open_redis: OpenRedis) -> None:
    server.say("ACL", "SETUSER", "gate", "on", ">pass@word", "~2f?:*", "+@all")
    server.say("CONFIG", "SET", "requirepass", "canary")
    right = server.url.replace("//", "//gate:pass%40word@")
    with open_redis(right) as store:
        enrol(store)
        store_id = RedisStore.create(right, "test")
    with open_redis(server.url.replace("//", "//:canary@")) as store:
        assert ask(store, look()).account is not None
    for credentials in (":wrong-canary@", "gate:wrong-canary@", "nobody:wrong-canary@", ""):
        refused = RedisStore(server.url.replace("//", f"//{credentials}"), store_id, "test")
        with pytest.raises(StoreUnavailable, match=r"password|Authentication required") as error:
            ask(refused, look())
        refused.close()
        assert "canary" not in "".join(traceback.format_exception(error.value))
        assert "canary" not in repr(refused)


def reset(data: bytes) -> None:
    return None


def stall(data: bytes) -> bytes:
    return b""


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("lose", [reset, stall, half])
@pytest.mark.parametrize("is_known", [True, False], ids=["EVALSHA", "EVAL"])
def test_a_question_whose_reply_is_lost_was_asked_once(
    open_redis: OpenRedis, is_known: bool, lose: Callable[[bytes], bytes | None]
) -> None:
    realm = new_realm()
    with redis_at(shared_redis().url, realm) as near, a_wire(shared_redis().port) as wire:
        enrol(near)
        fail(near, 1)
        if not is_known:
            shared_redis().say("SCRIPT", "FLUSH")
        with open_redis(wire.url, realm) as store:
            ask(store, look())
            wire.break_after(sha("TakeAttempt") if is_known else b"ARGV: asks.TakeAttempt", lose)
            with within_a_second(), pytest.raises(StoreUnavailable, match="did not answer"):
                ask(store, asks.TakeAttempt(ALICE, NOW))
            wire.wait_until_lost()
            assert attempts_left(near) == 3
            wire.break_after(sha("SpendStep"), lose)
            with pytest.raises(StoreUnavailable):
                ask(store, spend_step())
            assert ask(near, spend_step()) in (asks.SpentBefore(), asks.Spent(codes_left=3))
            wire.mend()
            assert ask(store, asks.Look(ALICE, b"first", None, NOW)).pass_row is not None  # no reply of before


@pytest.mark.parametrize("lose", [reset, stall, half])
def test_a_change_whose_mark_is_lost_does_not_happen_and_can_be_asked_for_again(
    open_redis: OpenRedis, lose: Callable[[bytes], bytes | None]
) -> None:
    with a_pair(open_redis) as (near, wire, store):
        unlock = asks.Unlock(ALICE, NOW, notes_of("unlocked"))
        fail(near, 3)
        wire.break_after(sha("mark"), lose)
        with within_a_second(), pytest.raises(StoreUnavailable, match="did not answer"):
            ask(store, unlock)
        wire.wait_until_lost()
        assert attempts_left(near) == 2
        assert names_of(near) == []  # the mark points to nothing
        wire.mend()
        assert ask(store, unlock) == asks.Done()
        assert (attempts_left(near), names_of(near)) == (5, ["unlocked"])


@pytest.mark.parametrize("lose", [reset, stall, half])
def test_a_change_whose_own_reply_is_lost_has_happened_with_its_event(
    open_redis: OpenRedis, lose: Callable[[bytes], bytes | None]
) -> None:
    with a_pair(open_redis) as (near, wire, store):
        fail(near, 3)
        wire.break_after(sha("Unlock"), lose)
        with within_a_second(), pytest.raises(StoreUnavailable, match="did not answer"):
            ask(store, asks.Unlock(ALICE, NOW, notes_of("unlocked")))
        wire.wait_until_lost()
        assert (attempts_left(near), names_of(near)) == (5, ["unlocked"])


@pytest.mark.parametrize("lose", [reset, stall])
@pytest.mark.parametrize("script", ["read_dirty", "read_log", "AddEvents", "drop_log", "unmark"])
def test_a_sweep_that_loses_a_reply_loses_no_event(
    open_redis: OpenRedis, script: str, lose: Callable[[bytes], bytes | None]
) -> None:
    with a_pair(open_redis) as (near, wire, store):
        note(near, "one", "two")
        forget_when_it_was_marked(near)
        wire.break_after(sha(script), lose)
        with within_a_second(), pytest.raises(StoreUnavailable, match="did not answer"):
            ask(store, asks.Sweep(NOW, 10))
        wire.wait_until_lost()
        note(near, "three")
        carry(near)
        assert list(dict.fromkeys(event.id for event in all_events(near))) == list(map(row_id, ("one", "two", "three")))
        wire.mend()
        assert ask(store, asks.Sweep(NOW, 10)) == asks.Swept(0, is_done=True)


@contextmanager
def a_pair(open_redis: OpenRedis) -> Iterator[tuple[RedisStore, Wire, Store]]:
    """A store, and another one behind a wire, on a server that knows the scripts of a change and of a sweep."""
    with redis_at(shared_redis().url) as other:
        note(other, "event")
        ask(other, asks.Unlock(ALICE, NOW))
        forget_when_it_was_marked(other)
        carry(other)
    realm = new_realm()
    with (
        redis_at(shared_redis().url, realm) as near,
        a_wire(shared_redis().port) as wire,
        open_redis(wire.url, realm) as store,
    ):
        ask(store, look())
        yield near, wire, store


def sha(script: str) -> bytes:
    return script_of(script).sha.encode()


def forget_when_it_was_marked(store: RedisStore) -> None:
    """As if it had been long ago."""
    dirty, _ = index_keys(store._realm, letter_of(ALICE))
    shared_redis().say("ZADD", dirty, "1", ALICE)


@pytest.mark.parametrize(
    "answer",
    [
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk\r\n",
        b"-ERR unknown command 'HELLO'\r\n",
        b"-NOPERM this user has no permissions to run the 'hello' command\r\n",
        b"+OK\r\n",
        b"$-1\r\n",
        b":1\r\n",
        b"*0\r\n",
        b"*3\r\n+a\r\n+b\r\n+c\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02F",
    ],
)
def test_a_stranger_is_not_believed(answer: bytes) -> None:
    with a_stranger(answer) as port:
        store = RedisStore(f"redis://{ADDRESS}:{port}", "some-id", "test")
        for question in QUESTIONS:
            with within_a_second(), pytest.raises(StoreError):
                ask(store, question)
        store.close()

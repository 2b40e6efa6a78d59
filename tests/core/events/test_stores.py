"""The courier on every store: events get down, along the list and to the receiver, and one process does it at a time."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from support.lossy_wire import a_wire
from support.realm import Clock, make_realm
from support.receiver import DEMANDED, Receiver, eventually, webhook
from support.redis_servers import a_server, new_realm, shared_redis
from support.stores import KINDS, NOW, StoreKind, redis_at
from twofa_middleware.asks import Count, CountRow, Emit, FollowEvents, ReadCounts
from twofa_middleware.courier import Courier
from twofa_middleware.events.webhook import Webhook
from twofa_middleware.keys_and_store import sealer_of
from twofa_middleware.protocol import Event, PluginContext, Store
from twofa_middleware.sealing import Sealer
from twofa_middleware.stores.redis_scripts import script_of

# One that answers an event loop is asked by this thread alone; the courier asks every store in its own.
THREADED = [kind for kind in KINDS if not kind.name.endswith("-async")]


@pytest.fixture(params=THREADED, ids=lambda kind: kind.name)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    kind: StoreKind = request.param
    with kind.made(tmp_path) as made:
        yield made


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return sealer_of(make_realm(tmp_path / "realm").settings)


@contextmanager
def courier(store: Store, sealer: Sealer, receiver: Receiver, clock: Clock) -> Iterator[Courier]:
    options = webhook(receiver)
    del options["use"]
    context = PluginContext("test", "shop", Path("/"), asynchronous=False, clock=clock)
    hook = Webhook(msgspec.convert(options, Webhook.Options), context)
    made = Courier(store, sealer, "shop", clock, [("webhook", "mark", hook)], carries=True)
    try:
        yield made
    finally:
        made.close()


def emit(courier: Courier, *users: str) -> None:
    for user in users:
        courier.emit(Emit(Event(DEMANDED, NOW, "shop", user)))


def test_events_of_two_servers_arrive_and_counts_add_up(store: Store, sealer: Sealer, receiver: Receiver) -> None:
    clock = Clock()
    names = [f"user-{number}" for number in range(130)]
    with courier(store, sealer, receiver, clock) as first, courier(store, sealer, receiver, clock) as second:
        for one, users in ((first, names[:70]), (second, names[70:])):
            emit(one, *users)
            one.count(Count("shop", "verify"))
        eventually(lambda: len(receiver.users) >= 130)
        day = NOW // 86400
        eventually(lambda: store.answer(ReadCounts(day)) == (CountRow(day, "shop verify", 2),))
    assert sorted(receiver.users) == sorted(names)


def test_a_server_that_starts_later_goes_on_behind_the_mark(store: Store, sealer: Sealer, receiver: Receiver) -> None:
    clock = Clock()
    names = ["erin", "erin again", "wendy", "wendy again"]
    for first, second in (names[:2], names[2:]):
        with courier(store, sealer, receiver, clock) as one:
            for name in (first, second):
                emit(one, name)
                eventually(lambda name=name: name in receiver.users)  # type: ignore[misc]
    assert list(dict.fromkeys(receiver.users)) == names
    assert receiver.users.count("erin") == 1


def test_a_redis_that_hangs_and_comes_back_gets_everything(sealer: Sealer, receiver: Receiver) -> None:
    with a_server() as server, redis_at(server.url) as store, courier(store, sealer, receiver, Clock()) as one:
        emit(one, "before")
        eventually(lambda: receiver.users == ["before"])
        server.signal(signal.SIGSTOP)
        emit(one, *(f"during-{number}" for number in range(20)))
        time.sleep(2.5)
        server.signal(signal.SIGCONT)
        emit(one, "after")
        eventually(lambda: len(set(receiver.users)) == 22)


def test_an_event_whose_writing_had_a_lost_reply_has_one_id_however_often_it_is_written(
    sealer: Sealer, receiver: Receiver
) -> None:
    shared, realm = shared_redis(), new_realm()
    with (
        a_wire(shared.port) as wire,
        redis_at(shared.url, realm) as direct,
        redis_at(wire.url, realm) as store,
        courier(store, sealer, receiver, Clock()) as one,
    ):
        emit(one, "before")
        eventually(lambda: receiver.users == ["before"])
        wire.break_after(script_of("Note").sha.encode(), lambda _: None)
        emit(one, "during")
        wire.wait_until_lost()
        time.sleep(1.2)
        wire.mend()
        emit(one, "after")
        eventually(lambda: "after" in receiver.users)
        rows = direct.answer(FollowEvents(None, 100))
        assert {event["user"] for event in receiver.accepted} == {"before", "during", "after"}
        assert len({row.id for row in rows}) == 3

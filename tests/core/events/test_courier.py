"""The courier: what no change has written gets to the store, the list to the sinks, and no request waits for any of it."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from core.events.conftest import Opened
from support.realm import NOW, Realm
from support.receiver import DEMANDED, HANG, Receiver, emit, eventually, webhook
from support.told import told
from twofa_middleware.accounts.audit import read_event
from twofa_middleware.asks import Count, CountRow, Emit, ReadCounts, ReadEvents, Sweep
from twofa_middleware.courier.delivery import BATCH_EVENTS
from twofa_middleware.keys_and_store import sealer_of
from twofa_middleware.protocol import Event
from twofa_middleware.runtime import Runtime

DAY = 86400


def stored(runtime: Runtime, realm: Realm) -> list[Event]:
    """The realm's list, the oldest first."""
    runtime.answer(Sweep(realm.clock.now, 1000))
    rows = runtime.answer(ReadEvents(None, 1000))
    return [read_event(sealer_of(realm.settings), row) for row in reversed(rows)]


def users(runtime: Runtime, realm: Realm) -> list[str]:
    return [event.user for event in stored(runtime, realm)]


def couriers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "twofa-courier"]


# ---- to the store ---------------------------------------------------------------------------------------------------


def test_an_event_that_no_change_has_written_is_in_the_store_a_second_later(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    event = Event(DEMANDED, NOW, "shop", "erin", {"reference": "A", "left": 2}, label="Erin", severity="warning")
    runtime.answer(Emit(event))
    emit(runtime, "", at=NOW, name="mode is not enforce")
    eventually(lambda: len(stored(runtime, realm)) == 2, seconds=3)
    assert event in stored(runtime, realm)
    assert "" in users(runtime, realm)


def test_what_a_change_has_written_is_not_written_again(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    runtime.answer(Emit(Event("enrolled", NOW, "shop", "erin"), is_kept=True))
    emit(runtime, "wendy", at=NOW)
    eventually(lambda: users(runtime, realm) == ["wendy"])


def test_what_repeats_with_each_request_is_written_once_a_day(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    for at in (NOW, NOW + 1, NOW + DAY):
        runtime.answer(Emit(Event("service account passed", at, "shop", "mail"), once_a_day="mail"))
    realm.clock.on(2 * DAY)
    eventually(lambda: [event.at for event in stored(runtime, realm)] == [NOW, NOW + DAY])


def test_events_of_one_user_keep_their_order(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    for number in range(150):
        emit(runtime, "", at=NOW, name="mode is not enforce", number=number)
    eventually(lambda: len(stored(runtime, realm)) == 150)
    assert [event.facts["number"] for event in stored(runtime, realm)] == list(range(150))


def test_text_that_nobody_can_encode_is_written_all_the_same(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    emit(runtime, "erin", at=NOW, path="/\udcff")
    eventually(lambda: users(runtime, realm) == ["erin"])
    assert stored(runtime, realm)[0].facts["path"] == "/\\udcff"


def test_an_event_that_cannot_be_sealed_holds_up_no_other(
    realm: Realm, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = opened(realm, carry=False)
    runtime.answer(Emit(Event(DEMANDED, NOW, "shop", "erin", {"odd": object()})))  # type: ignore[dict-item]
    emit(runtime, "wendy", at=NOW)
    eventually(lambda: users(runtime, realm) == ["wendy"])
    assert "the event 'verify demanded' cannot be kept" in caplog.messages


def test_decisions_are_counted_by_day_and_app(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    for decision in ("passed", "passed", "verify"):
        runtime.answer(Count("shop", decision))
    today = NOW // DAY
    expected = (CountRow(today, "shop passed", 2), CountRow(today, "shop verify", 1))
    eventually(lambda: runtime.answer(ReadCounts(today)) == expected)
    realm.clock.on(DAY)
    runtime.answer(Count("shop", "passed"))
    eventually(lambda: runtime.answer(ReadCounts(today)) == (*expected, CountRow(today + 1, "shop passed", 1)))


def test_while_the_store_is_down_events_and_counts_wait_and_one_line_says_so(
    realm: Realm, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = opened(realm, carry=False)
    emit(runtime, "before", at=NOW)
    eventually(lambda: users(runtime, realm) == ["before"])
    away = realm.store_file.with_name("away")
    realm.store_file.rename(away)
    emit(runtime, "during", at=NOW)
    runtime.answer(Count("shop", "passed"))
    eventually(lambda: [line for line in caplog.messages if line.startswith("cannot write events down")])
    time.sleep(2.2)
    assert len([line for line in caplog.messages if line.startswith("cannot write events down")]) == 1
    away.rename(realm.store_file)
    emit(runtime, "after", at=NOW)
    eventually(lambda: users(runtime, realm) == ["before", "during", "after"])
    eventually(lambda: [row.count for row in runtime.answer(ReadCounts(0))] == [1])


def test_records_of_one_user_that_cannot_be_written_hold_up_no_other_user(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    key = sealer_of(realm.settings).user_key("erin")
    trigger = f"CREATE TRIGGER odd BEFORE INSERT ON log WHEN new.user = '{key}' BEGIN SELECT raise(ABORT, 'odd'); END"
    with closing(sqlite3.connect(realm.store_file)) as db, db:
        db.execute(trigger)
    emit(runtime, "erin", "wendy", at=NOW)
    eventually(lambda: users(runtime, realm) == ["wendy"])
    with closing(sqlite3.connect(realm.store_file)) as db, db:
        db.execute("DROP TRIGGER odd")
    eventually(lambda: users(runtime, realm) == ["wendy", "erin"])


# ---- to the sinks ---------------------------------------------------------------------------------------------------


def test_events_arrive_in_order_each_once(realm: Realm, receiver: Receiver, opened: Opened) -> None:
    runtime = opened(realm)
    count = BATCH_EVENTS * 2 + 50
    for number in range(count):
        emit(runtime, "", at=NOW, name="mode is not enforce", number=number)
    eventually(lambda: len(receiver.accepted) == count)
    assert max(len(post.events) for post in receiver.posts) == BATCH_EVENTS
    emit(runtime, "", at=NOW, name="mode is not enforce", number=count)
    eventually(lambda: [event["number"] for event in receiver.accepted] == list(range(count + 1)))


def test_a_sink_goes_on_where_it_was_after_a_start(realm: Realm, receiver: Receiver, opened: Opened) -> None:
    first = opened(realm)
    emit(first, "erin", at=NOW)
    eventually(lambda: receiver.users == ["erin"])
    time.sleep(0.2)
    first.close()
    emit(opened(realm), "wendy", at=NOW)
    eventually(lambda: "wendy" in receiver.users)
    assert receiver.users == ["erin", "wendy"]


def test_after_a_failure_the_same_batch_comes_again_and_nothing_overtakes_it(
    realm: Realm, receiver: Receiver, opened: Opened
) -> None:
    receiver.answers = [500, 302]
    runtime = opened(realm)
    emit(runtime, "erin", at=NOW)
    eventually(lambda: len(receiver.posts) == 1)
    emit(runtime, "wendy", at=NOW)
    time.sleep(2.2)
    assert len(receiver.posts) == 1, "it waits at least five seconds"
    realm.clock.on(8)
    eventually(lambda: len(receiver.posts) == 2)
    time.sleep(1.2)
    realm.clock.on(8)
    time.sleep(2.2)
    assert len(receiver.posts) == 2, "it waits longer each time"
    realm.clock.on(10)
    eventually(lambda: receiver.users == ["erin", "wendy"])
    assert len({post.headers["webhook-id"] for post in receiver.posts[:3]}) == 1


def test_after_a_time_out_it_comes_again(realm: Realm, receiver: Receiver, opened: Opened) -> None:
    receiver.answers = [HANG]
    emit(opened(realm), "erin", at=NOW)
    eventually(lambda: len(receiver.posts) == 1)
    time.sleep(6)
    assert receiver.users == []
    realm.clock.on(8)
    eventually(lambda: receiver.users == ["erin"])


def test_a_receiver_that_hangs_holds_up_no_request_no_event_and_no_other_sink(
    realm: Realm, receiver: Receiver, opened: Opened
) -> None:
    receiver.answers = [HANG]
    with Receiver() as other:
        runtime = opened(realm, sinks=[webhook(receiver), webhook(other)])
        emit(runtime, "erin", at=NOW)
        eventually(lambda: len(receiver.posts) == 1)
        begun = time.monotonic()
        for _ in range(200):
            emit(runtime, "wendy", at=NOW)
            runtime.answer(Count("shop", "passed"))
        assert time.monotonic() - begun < 0.5
        eventually(lambda: other.users.count("wendy") > 90, seconds=4)
        assert other.users[0] == "erin"
        assert receiver.users == []


def test_a_clock_that_is_put_back_puts_no_delivery_off(realm: Realm, receiver: Receiver, opened: Opened) -> None:
    receiver.answers = [500]
    emit(opened(realm), "erin", at=NOW)
    eventually(lambda: len(receiver.posts) == 1)
    time.sleep(1.2)
    realm.clock.on(-DAY)
    eventually(lambda: receiver.users == ["erin"])


def test_rows_that_do_not_open_are_left_out_counted_and_told(
    realm: Realm, receiver: Receiver, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "twofa_middleware")
    writer = opened(realm, carry=False)
    emit(writer, "erin", "wendy", "mallory", at=NOW)
    eventually(lambda: len(stored(writer, realm)) == 3)
    writer.close()
    with closing(sqlite3.connect(realm.store_file)) as db, db:
        db.execute("UPDATE events SET record = x'00' WHERE position = 2")
        db.execute("UPDATE events SET user = 'somebody' WHERE position = 3")
    emit(opened(realm, sinks=[{"use": "log"}, webhook(receiver)]), "later", at=NOW)
    eventually(lambda: receiver.users[:2] == ["erin", "later"])
    [unreadable] = told(caplog, "events unreadable")
    assert (unreadable["count"], unreadable["sink"], unreadable["severity"]) == (2, "webhook", "error")


def test_a_server_that_does_not_carry_writes_down_what_another_delivers(
    realm: Realm, receiver: Receiver, opened: Opened
) -> None:
    silent = opened(realm, sinks=[webhook(receiver)], carry=False)
    emit(silent, "erin", at=NOW)
    time.sleep(2.2)
    assert receiver.posts == []
    opened(realm).answer(Count("shop", "passed"))
    eventually(lambda: receiver.users == ["erin"])


# ---- one at a time --------------------------------------------------------------------------------------------------


def test_of_two_servers_one_delivers_and_the_other_when_its_lease_is_over(
    realm: Realm, receiver: Receiver, opened: Opened
) -> None:
    first, second = opened(realm), opened(realm)
    emit(first, "erin", at=NOW)
    eventually(lambda: receiver.users == ["erin"])
    emit(second, "wendy", at=NOW)
    eventually(lambda: receiver.users == ["erin", "wendy"])
    time.sleep(1.2)
    first.close()  # it gives the lease back
    realm.clock.on(6)
    emit(second, "later", at=realm.clock.now)
    eventually(lambda: receiver.users == ["erin", "wendy", "later"])


def test_who_has_nothing_to_do_and_no_lease_asks_the_store_next_to_nothing(
    realm: Realm, receiver: Receiver, opened: Opened
) -> None:
    first, second = opened(realm), opened(realm)
    emit(first, "erin", at=NOW)
    eventually(lambda: receiver.users == ["erin"])
    asked: list[str] = []
    inner = second.answers.store.answer

    class Watched:
        def answer(self, ask: object) -> object:
            asked.append(type(ask).__name__)
            return inner(ask)  # type: ignore[arg-type]

    second.answers.courier._store = Watched()  # type: ignore[assignment]
    second.answer(Count("shop", "passed"))
    eventually(lambda: asked)
    time.sleep(3.2)
    assert asked == ["AddCounts", "TakeLease"]


# ---- the thread -----------------------------------------------------------------------------------------------------


def test_no_thread_begins_before_something_has_to_be_done(realm: Realm, opened: Opened) -> None:
    before = len(couriers())
    quiet = opened(realm, carry=False)
    quiet.answer(Emit(Event("enrolled", NOW, "shop", "erin"), is_kept=True))
    opened(realm)
    assert len(couriers()) == before
    quiet.answer(Count("shop", "passed"))
    quiet.answer(Count("shop", "passed"))
    assert len(couriers()) == before + 1


def test_closing_writes_what_waits_and_ends_the_thread(realm: Realm, opened: Opened) -> None:
    before = len(couriers())
    runtime = opened(realm, carry=False)
    emit(runtime, "erin", at=NOW)
    runtime.close()
    assert len(couriers()) == before
    emit(runtime, "late", at=NOW)
    runtime.answer(Count("shop", "passed"))
    assert len(couriers()) == before
    reader = opened(realm)
    assert users(reader, realm) == ["erin"]


def test_a_gate_that_is_dropped_takes_its_thread_with_it_and_loses_nothing(realm: Realm, opened: Opened) -> None:
    from twofa_middleware.wiring import build

    before = len(couriers())
    runtime = build(realm.settings, "shop", asynchronous=False, clock=realm.clock)
    store = runtime.answers.store
    emit(runtime, "erin", at=NOW)
    del runtime
    gc.collect()
    eventually(lambda: len(couriers()) == before)
    store.close()  # type: ignore[attr-defined]
    assert users(opened(realm), realm) == ["erin"]


def test_a_store_that_is_gone_for_good_ends_no_thread_and_no_test(
    realm: Realm, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = opened(realm)
    realm.store_file.unlink()
    emit(runtime, "erin", at=NOW)
    time.sleep(2.2)
    assert couriers()
    begun = time.monotonic()
    runtime.close()
    assert time.monotonic() - begun < 3
    assert "1 events end with this process: the store did not take them; the log has them" in caplog.messages


def test_the_lost_are_counted_and_told_when_the_store_is_back(
    realm: Realm, opened: Opened, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", "twofa_middleware")
    monkeypatch.setattr("twofa_middleware.courier.outbox.MOST_WAITING", 3)
    runtime = opened(realm, carry=False)
    away = realm.store_file.with_name("away")
    realm.store_file.rename(away)
    emit(runtime, "a", "b", at=NOW)
    emit(runtime, "erin", at=NOW, name="mode is not enforce")
    emit(runtime, "c", "d", at=NOW)
    time.sleep(1.2)
    assert told(caplog, "events lost") == []
    away.rename(realm.store_file)
    eventually(lambda: told(caplog, "events lost"))
    [lost] = told(caplog, "events lost")
    assert (lost["count"], lost["severity"]) == (2, "error")
    assert [user for user in users(runtime, realm) if user] == ["erin", "c", "d"]


def test_nothing_of_the_log_is_kept_back_by_a_store_that_is_down(
    realm: Realm, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "twofa_middleware")
    runtime = opened(realm, sinks=[{"use": "log"}])
    realm.store_file.unlink()
    emit(runtime, "erin", at=NOW)
    assert [event["user"] for event in told(caplog)] == ["erin"]

"""Processes that are killed, that fork, that end: what is lost, what comes twice, and that nobody waits for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from core.events.conftest import Opened
from core.events.test_courier import users
from support.realm import NOW, Realm
from support.receiver import HANG, Receiver, emit, eventually, webhook

HEAD = """
import json, os, sys, time
from pathlib import Path
from support.realm import NOW, Clock, make_realm
from support.receiver import emit
from twofa_middleware.asks import Count
from twofa_middleware.wiring import build

realm = make_realm(Path(sys.argv[1]), events=json.loads(sys.argv[2]))
runtime = build(realm.settings, "shop", asynchronous=False, clock=realm.clock)
"""


def begun(realm: Realm, script: str, **events: object) -> subprocess.Popen[str]:
    """Another process with a gate of the realm, ``runtime``."""
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    command = [sys.executable, "-c", path + HEAD + script, str(realm.folder), json.dumps(events)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str], seconds: float = 20) -> str:
    said, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, said
    return said


def test_a_server_that_is_killed_while_it_delivers_loses_nothing(
    realm: Realm, receiver: Receiver, opened: Opened
) -> None:
    receiver.answers = [HANG]
    names = [f"user-{number}" for number in range(120)]
    script = f"emit(runtime, *{names!r}, at=NOW)\ntime.sleep(60)"
    process = begun(realm, script, sinks=[webhook(receiver)])
    eventually(lambda: receiver.posts, seconds=20)
    process.kill()
    process.communicate()
    realm.clock.on(5)
    runtime = opened(realm)
    emit(runtime, "later", at=NOW)
    time.sleep(2.2)
    assert receiver.users == [], "the dead one has the lease for a while"
    realm.clock.on(15)
    eventually(lambda: receiver.users == [*names, "later"])
    assert receiver.posts[0].events == receiver.posts[1].events


def test_what_was_delivered_but_not_marked_before_a_kill_comes_again_with_the_same_ids(
    realm: Realm, receiver: Receiver, opened: Opened, tmp_path: Path
) -> None:
    script = """
import signal
import twofa_middleware.courier.delivery as delivery

def killed(*position):
    os.kill(os.getpid(), signal.SIGKILL)

delivery.MoveMark = killed
emit(runtime, "erin", "wendy", at=NOW)
time.sleep(60)
"""
    process = begun(realm, script, sinks=[webhook(receiver)])
    assert process.wait(20) == -9
    process.communicate()
    assert receiver.users == ["erin", "wendy"]
    realm.clock.on(20)
    runtime = opened(realm)
    emit(runtime, "later", at=NOW)
    eventually(lambda: "later" in receiver.users)
    assert receiver.users == ["erin", "wendy", "erin", "wendy", "later"]
    ids = [event["id"] for event in receiver.accepted]
    assert (ids[:2], len(set(ids))) == (ids[2:4], 3)


def test_two_processes_deliver_each_event_once(realm: Realm, receiver: Receiver, opened: Opened) -> None:
    script = """
for number in range(40):
    emit(runtime, f"there-{number}", at=NOW)
    time.sleep(0.05)
sys.stdin.read()
"""
    process = begun(realm, script, sinks=[webhook(receiver)])
    here = opened(realm)
    for number in range(40):
        emit(here, f"here-{number}", at=NOW)
        time.sleep(0.05)
    eventually(lambda: len(receiver.users) >= 80, seconds=20)
    ended(process)
    assert len(receiver.users) == len(set(receiver.users)) == 80
    assert [user for user in receiver.users if user.startswith("here")] == [f"here-{number}" for number in range(40)]


def test_a_child_has_a_courier_of_its_own_and_writes_nothing_of_its_parents(realm: Realm, opened: Opened) -> None:
    script = """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # that a fork leaves threads behind is what this is about
emit(runtime, "parent", at=NOW)
assert [thread.name for thread in threading.enumerate()][1:] == ["twofa-courier"]
child = os.fork()
if child == 0:
    assert threading.active_count() == 1
    emit(runtime, "child", at=NOW)
    assert threading.active_count() == 2
    sys.exit()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
emit(runtime, "parent again", at=NOW)
"""
    ended(begun(realm, script, sinks=[]))
    assert sorted(users(opened(realm), realm)) == ["child", "parent", "parent again"]


def test_a_fork_in_the_middle_of_everything_hangs_nobody(realm: Realm, opened: Opened) -> None:
    script = """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)

def busy():
    while True:
        emit(runtime, "parent", at=NOW)

for _ in range(3):
    threading.Thread(target=busy, daemon=True).start()
children = []
for number in range(30):
    child = os.fork()
    if child == 0:
        emit(runtime, f"child-{number}", at=NOW)
        runtime.close()
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
os._exit(0)
"""
    ended(begun(realm, script, sinks=[], carry=False), seconds=60)
    found = {user for user in users(opened(realm), realm) if user.startswith("child")}
    assert found == {f"child-{number}" for number in range(30)}


def test_a_process_that_ends_at_once_has_written_its_events(realm: Realm, opened: Opened) -> None:
    ended(begun(realm, 'emit(runtime, "erin", at=NOW)', sinks=[]))
    assert users(opened(realm), realm) == ["erin"]


def test_no_process_waits_at_its_end_for_a_receiver_that_hangs_or_a_store_that_is_locked(
    realm: Realm, receiver: Receiver
) -> None:
    receiver.answers = [HANG]
    script = """
import sqlite3
emit(runtime, "erin", at=NOW)
while not sys.stdin.readline(): pass
locked = sqlite3.connect(realm.store_file, isolation_level=None)
locked.execute("BEGIN EXCLUSIVE")
emit(runtime, "wendy", at=NOW)
runtime.answer(Count("shop", "passed"))
print(time.monotonic(), flush=True)
"""
    process = begun(realm, script, sinks=[webhook(receiver)])
    eventually(lambda: receiver.posts, seconds=20)
    said, _ = process.communicate("go\n", timeout=20)
    waited = time.monotonic() - float(said)
    assert process.returncode == 0
    assert waited < 2.5


def test_a_killed_process_loses_at_most_what_it_had_in_its_hands(realm: Realm, opened: Opened) -> None:
    script = """
emit(runtime, "erin", at=NOW)
time.sleep(2.5)
emit(runtime, "wendy", at=NOW)
os.kill(os.getpid(), 9)
"""
    process = begun(realm, script, sinks=[])
    assert process.wait(20) == -9
    process.communicate()
    assert users(opened(realm), realm) in (["erin"], ["erin", "wendy"])


def test_the_secret_is_in_no_command_line_and_in_no_file(realm: Realm, receiver: Receiver, opened: Opened) -> None:
    emit(opened(realm), "erin", at=NOW)
    eventually(lambda: receiver.users == ["erin"])
    secret = os.environ["TWOFA_TEST_HOOK"].encode()
    for file in realm.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert secret not in content
            assert receiver.url.encode() not in content

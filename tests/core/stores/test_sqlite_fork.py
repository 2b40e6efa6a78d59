"""A SQLite store before and after a fork, and without rights, each in an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """
import asyncio, ctypes, os, sqlite3, sys, threading, time
seen = []
os.register_at_fork(after_in_parent=lambda: seen.append("forked"))  # before the store's own
from support.stores import *
from twofa_middleware.errors import StoreUnavailable
url = sqlite_url(Path(sys.argv[1]))
store = SQLiteStore(url, SQLiteStore.create(url))

def in_a_child(function, forked=None):
    child = os.fork() if forked is None else forked
    if child == 0:
        try:
            function()
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return child

def ended(child):
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

def left():
    print(ask(store, asks.ReadAttempts(ALICE, NOW)).left)
"""


def run_alone(folder: Path, script: str, *options: str) -> str:
    """What the script prints; that it ends well is checked."""
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    command = [sys.executable, "-W", "error", *options, "-c", path + HEAD + script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_child_loses_nothing_when_its_parent_closes_the_store(tmp_path: Path) -> None:
    script = """
enrol(store)
reading, writing = os.pipe()
child = in_a_child(lambda: (os.read(reading, 1), fail(store, 3)))
store.close()
os.write(writing, b"x")
ended(child)
store = SQLiteStore(url, SQLiteStore.create(url))
left()
"""
    assert run_alone(tmp_path, script) == "2\n"


def test_parent_and_children_go_on_after_a_fork(tmp_path: Path) -> None:
    script = """
enrol(store)
children = [in_a_child(lambda: fail(store, 1)) for _ in range(3)]
fail(store, 1)
for child in children:
    ended(child)
left()
"""
    assert run_alone(tmp_path, script) == "1\n"


def test_the_threads_of_an_event_loop_are_new_in_a_child(tmp_path: Path) -> None:
    script = """
def fail_async():
    asyncio.run(store.answer_async(asks.TakeAttempt(ALICE, NOW)))
fail_async()
ended(in_a_child(fail_async))
fail_async()
left()
"""
    assert run_alone(tmp_path, script, "-W", "ignore::DeprecationWarning") == "2\n"


def test_a_fork_waits_for_the_questions_under_way(tmp_path: Path) -> None:
    script = """
enrol(store)
stop = threading.Event()
def look_on():
    while not stop.is_set():
        ask(store, look())
        ask(store, asks.EndPass(BOB, b"none", NOW))
threads = [threading.Thread(target=look_on) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(50):
    ended(in_a_child(lambda: ask(store, look())))
ended(in_a_child(lambda: fail(store, 1)))
stop.set()
for thread in threads:
    thread.join()
left()
"""
    assert run_alone(tmp_path, script, "-W", "ignore::DeprecationWarning") == "4\n"


def test_no_question_begins_while_a_fork_waits(tmp_path: Path) -> None:
    script = """
enrol(store)
other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
other.execute("BEGIN IMMEDIATE")
under_way = threading.Thread(target=ask, args=(store, spend_step()))
begins = threading.Timer(0.2, lambda: (ask(store, look()), seen.append("looked")))
ends = threading.Timer(0.6, other.execute, ["COMMIT"])
for thread in (under_way, begins, ends):
    thread.start()
while not store._connections._lent:
    time.sleep(0.001)
ended(in_a_child(lambda: None))
for thread in (under_way, begins, ends):
    thread.join()
print(seen)
"""
    assert run_alone(tmp_path, script, "-W", "ignore::DeprecationWarning") == "['forked', 'looked']\n"


def test_a_child_refuses_a_store_that_was_in_use_when_a_server_forked_unseen(tmp_path: Path) -> None:
    script = """
enrol(store)
def refused():
    try:
        ask(store, look())
    except StoreUnavailable as error:
        print(error, flush=True)
ended(in_a_child(refused, ctypes.PyDLL(None).fork()))  # a fork that Python does not see
left()
"""
    assert run_alone(tmp_path, script) == (
        "the store was in use when the server forked: start the app after the fork\n5\n"
    )


def test_a_store_that_was_not_in_use_survives_a_fork_unseen(tmp_path: Path) -> None:
    script = """
ended(in_a_child(lambda: fail(store, 2), ctypes.PyDLL(None).fork()))
left()
"""
    assert run_alone(tmp_path, script) == "3\n"


def test_a_store_that_may_not_be_written_is_refused() -> None:
    script = """
os.chmod(os.path.dirname(url.removeprefix("sqlite:///")), 0o555)
os.chmod(url.removeprefix("sqlite:///"), 0o444)
if os.geteuid() == 0:
    os.seteuid(65534)
for question in (look(), spend_step()):
    try:
        ask(store, question)
    except StoreUnavailable as error:
        print("refused")
"""
    with tempfile.TemporaryDirectory() as folder:  # below pytest's own folder nobody else may look
        assert run_alone(Path(folder) / "var", script) == "refused\nrefused\n"

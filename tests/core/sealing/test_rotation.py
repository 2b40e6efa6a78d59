"""A rotation by the real command, while people come and go, and one that is killed on the way."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.cli.gated import settings_file
from support.gates import Gate, realm_on
from support.realm import Clock, Realm, document
from support.redis_servers import new_realm, shared_redis
from support.stores import sqlite_url
from support.visitor import Visitor
from twofa_middleware.accounts.census import Census, count_realm, count_user, users_after
from twofa_middleware.drive import drive
from twofa_middleware.keyring import KeyRing
from twofa_middleware.stores import redis_deadline, sqlite
from twofa_middleware.wiring import open_desk

PEOPLE = ("ada", "erin", "wendy")
PATIENCE_SECONDS = 60
PATIENT = f"""
from twofa_middleware.stores import redis_deadline, sqlite
redis_deadline.SOCKET_SECONDS = redis_deadline.QUESTION_SECONDS = sqlite.PATIENCE_SECONDS = {PATIENCE_SECONDS}
"""
COMMAND = "from twofa_middleware.cli import main; main()"
KILLED = """
import os, signal, time
from twofa_middleware.cli import main, rotating

places = {places}
def reached(place):
    places.remove(place)
    if not places:
        os.kill(os.getpid(), signal.SIGKILL)

def sleep(seconds):
    reached("wait")

reseal_user = rotating.reseal_user
def killed_after(*arguments):
    done = yield from reseal_user(*arguments)
    if "user" in places:
        reached("user")
    return done

rotating.time = type("Time", (), {{"sleep": staticmethod(sleep)}})
rotating.reseal_user = killed_after
main()
"""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is that keys refuse nobody, not how fast a busy machine is."""
    monkeypatch.setattr(redis_deadline, "SOCKET_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(redis_deadline, "QUESTION_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(sqlite, "PATIENCE_SECONDS", PATIENCE_SECONDS)


@pytest.fixture(params=["sqlite", "redis"])
def realm(request: pytest.FixtureRequest, tmp_path: Path) -> Realm:
    """A realm with a settings file in ``tmp_path``."""
    name = new_realm()
    url = sqlite_url(tmp_path) if request.param == "sqlite" else shared_redis().url
    made = realm_on(tmp_path, url, name)
    made.clock.now = int(time.time()) - 30
    text = settings_file(document(realm=name, store=url) | {"store_id": made.settings.store_id})
    (tmp_path / "twofa.toml").write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def gate_of(realm: Realm) -> Iterator[Callable[[], Gate]]:
    """Opens gates, each as another server process has it, with a clock of its own."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Gate(replace(realm, clock=Clock(realm.clock.now)))))


def ring(realm: Realm) -> KeyRing:
    return KeyRing.load("file:var/keys.toml", realm.folder)


def keys(realm: Realm, *arguments: str, code: str = COMMAND) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PATIENT + code, "keys", *arguments],
        cwd=realm.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def renewable(realm: Realm, key_id: bytes) -> int:
    """How many records of a key could be sealed anew."""
    desk, answers = open_desk(realm.settings)
    census = Census()
    with closing(answers):
        drive(count_realm(desk, census), answers.answer)
        for user in drive(users_after(None), answers.answer):
            drive(count_user(desk, census, user, realm.clock.now), answers.answer)
    return census.renewable(key_id)


def goes_on(visitor: Visitor, user: str, login: str) -> None:
    """Somebody goes on in the session, then logs in again and passes with a code."""
    assert visitor.go("/home").body == b"secret page"
    visitor.log_in(user, login)
    assert visitor.verify().status == 303
    visitor.clock.on(30)
    assert visitor.go("/home").body == b"secret page"


def test_a117_nobody_is_refused_while_keys_are_rotated(realm: Realm, gate_of: Callable[[], Gate]) -> None:
    people = {user: gate_of().enrolled(user) for user in PEOPLE}
    (old,) = ring(realm).keys
    ended, rounds, wrong = threading.Event(), dict.fromkeys(PEOPLE, 0), []

    def uses(user: str, visitor: Visitor) -> None:
        try:
            while not ended.is_set() or rounds[user] < 2:
                rounds[user] += 1
                goes_on(visitor, user, f"round-{rounds[user]}")
        except BaseException as error:
            wrong.append((user, rounds[user], error))

    threads = [threading.Thread(target=uses, args=one) for one in people.items()]
    for thread in threads:
        thread.start()
    done = keys(realm, "rotate", "--json")
    ended.set()
    for thread in threads:
        thread.join()
    assert (done.returncode, done.stderr) == (0, "")
    assert wrong == []
    assert ring(realm).older == (old,)
    assert renewable(realm, old) == 0
    assert keys(realm, "retire", old.hex(), "--yes").returncode == 0
    for user, visitor in people.items():
        goes_on(visitor, user, "afterwards")


@pytest.mark.parametrize(
    ("places", "then"),
    [(["wait"], []), (["wait", "wait"], ["--resume"]), (["wait", "wait", "user"], ["--resume"])],
    ids=["prepared", "current", "one user done"],
)
def test_a117_a_rotation_that_is_killed_is_taken_up_where_it_was(
    realm: Realm, gate_of: Callable[[], Gate], places: list[str], then: list[str]
) -> None:
    gate = gate_of()
    people = {user: gate.enrolled(user) for user in PEOPLE}
    (old,) = ring(realm).keys
    before = renewable(realm, old)
    killed = keys(realm, "rotate", code=KILLED.format(places=places))
    assert killed.returncode == -9, killed.stderr
    left = renewable(realm, old)
    assert 0 < left < before if "user" in places else left == before
    for user, visitor in people.items():
        goes_on(visitor, user, "in between")
    done = keys(realm, "rotate", *then)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(ring(realm).keys) == 2
    assert renewable(realm, old) == 0
    for user, visitor in people.items():
        goes_on(visitor, user, "afterwards")

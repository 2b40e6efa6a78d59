"""A store that is gone, replaced, locked or hangs, and keys that are not those of before: closed, and said so.

Attacks 20, 21, 67, 111, 115, 117.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support import portal
from support.realm import ORIGIN, session_cookie
from support.spy import Call, Told
from support.stage import Open, Stage
from support.told import told
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.keyring import KEY_BYTES, KeyRing
from twofa_middleware.stores.sqlite import SQLiteStore


def gone(file: Path) -> None:
    for path in file.parent.glob("twofa.db*"):
        path.unlink()


def empty(file: Path) -> None:
    gone(file)
    file.touch()


def another(file: Path) -> None:
    gone(file)
    SQLiteStore.create(f"sqlite:///{file}")


def rubbish(file: Path) -> None:
    gone(file)
    file.write_bytes(os.urandom(8192))


FAULTS = [gone, empty, another, rubbish]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("ask", ["go", "fetch"])
def test_a067_a115_a_store_that_is_not_the_one_of_before_lets_nobody_in(
    stage: Stage, fault: object, ask: str, caplog: pytest.LogCaptureFixture
) -> None:
    erin = stage.enrolled()
    fault(stage.realm.store_file)  # type: ignore[operator]
    thief = stage.visitor("erin", "login-2")
    for visitor in (erin, thief, stage.visitor("wendy")):
        reply = getattr(visitor, ask)("/home")
        assert (reply.status, reply.header("retry-after")) == (503, "10")
        assert b"secret" not in reply.body
        assert visitor.go("/2fa/setup").status == 503
    assert stage.spy.calls == []
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 6
    assert all("refused, our fault" in record.getMessage() and record.exc_info for record in errors)


def test_a107_a_fault_is_one_line_in_the_log_whatever_was_asked_for(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    gone(stage.realm.store_file)
    assert stage.visitor("erin").go("/x%0D%0Aforged: event").status == 503
    assert [len(message.splitlines()) for message in caplog.messages] == [1] * len(caplog.messages)
    [refused] = told(caplog)
    assert refused["reason"] == "StoreMissing"


@pytest.mark.parametrize("fault", FAULTS)
def test_a067_nor_does_a_server_that_starts_anew(stage: Stage, fault: object) -> None:
    stage.enrolled()
    fault(stage.realm.store_file)  # type: ignore[operator]
    thief = stage.visitor("erin", "login-2")
    fresh = thief.at(stage.wrap(stage.realm, stage.spy, "shop"), ORIGIN, "shop")
    assert (fresh.go("/home").status, fresh.go("/2fa/setup").status) == (503, 503)
    assert stage.spy.calls == []


def test_a_stranger_is_served_without_the_store(stage: Stage) -> None:
    gone(stage.realm.store_file)
    assert stage.visitor().go("/home").body == b"secret page"
    assert stage.visitor("erin").go("/static/x").body == b"secret page"


def test_the_reference_on_the_page_stands_in_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    gone(stage.realm.store_file)
    erin = stage.visitor("erin")
    reference = json.loads(erin.fetch("/home").body)["reference"]
    assert [event["reference"] for event in told(caplog, "refused, our fault")] == [reference]
    assert reference not in erin.go("/home").text


def test_a111_a_locked_store_is_503_in_bounded_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twofa_middleware.stores.sqlite.PATIENCE_SECONDS", 0.05)
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup")
    with closing(sqlite3.connect(stage.realm.store_file)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert erin.fill(page, "/setup", code=erin.code()).status == 503
        assert erin.go("/home").status == 503
        assert stage.spy.calls != []
    assert erin.fill(page, "/setup", code=erin.code()).status == 200


def test_a020_a_store_that_fails_after_the_app_was_called_holds_its_answer_back(open_stage: Open) -> None:
    file: list[Path] = []

    def breaks(call: Call) -> Told:
        gone(file[0])
        cookie = session_cookie("erin", "login-2")
        return Told(200, [("Content-Type", "text/html"), ("Set-Cookie", f"session={cookie}"), ("X-Secret", "1")])

    stage = open_stage(routes={"/in": breaks})
    file.append(stage.realm.store_file)
    visitor = stage.visitor()
    reply = visitor.go("/in", "POST")
    assert (reply.status, reply.header("x-secret"), b"secret" in reply.body) == (503, None, False)
    assert visitor.cookies == {}
    assert len(stage.spy.calls) == 1


def _ring(stage: Stage) -> Path:
    return stage.realm.folder / "var" / "keys.toml"


def _with_new_keys(stage: Stage) -> Stage:
    """The ring lost: the names of before, but none of the keys that the records were made with."""
    fresh, old = KeyRing.new(), KeyRing.parse(_ring(stage).read_text(), "ring")
    _ring(stage).unlink()
    write_ring(KeyRing(old.naming, fresh.current, fresh.keys), _ring(stage))
    return stage.changed()


def test_a021_a117_a_record_that_does_not_open_is_503_for_its_user_and_an_event(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    erin = stage.enrolled()
    later = _with_new_keys(stage)
    for visitor in (later.meets(erin), later.visitor("erin", "login-2")):
        for path in ("/home", "/2fa/setup", "/2fa/verify", "/2fa/account"):
            assert visitor.go(path).status == 503
    assert later.spy.calls == []
    assert "UnreadableRecord" in caplog.text
    wendy = later.visitor("wendy")
    assert wendy.go("/home").body == b"secret page"
    assert wendy.set_up().status == 200


def test_a117_a_new_current_key_leaves_everything_as_it_was(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    stage.clock.on(30)
    old = KeyRing.parse(_ring(stage).read_text(), "ring")
    name, key = os.urandom(4), os.urandom(KEY_BYTES)
    _ring(stage).unlink()
    write_ring(KeyRing(old.naming, name, {**old.keys, name: key}), _ring(stage))
    later = stage.changed().meets(erin)
    assert later.go("/home").status == 200
    later.log_in(login="login-3")
    assert later.go("/home").status == 200
    later.cookies = {name: value for name, value in later.cookies.items() if name == "session"}
    assert later.verify().status == 303
    later.log_in(login="login-4")
    assert later.recover(later.codes[0]).status == 303


def test_a117_a_key_taken_out_too_early_kills_recovery_codes_and_opens_nothing(stage: Stage) -> None:
    erin = stage.enrolled()
    wendy = stage.visitor("wendy")
    assert _with_new_keys(stage).meets(wendy).go("/home").status == 200
    assert stage.changed().meets(erin).go("/2fa/verify?with=recovery").status == 503


@pytest.mark.parametrize("what", ["sessions", "tokens", "roles"])
@pytest.mark.parametrize(
    "fault", [RuntimeError("x"), KeyError("x"), AssertionError(), StopIteration(), RecursionError(), TimeoutError(), OSError(5)],
    ids=repr,
)  # fmt: skip
def test_a020_whatever_an_operators_function_raises_is_503(
    open_stage: Open, what: str, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    identity = [portal.SESSIONS, portal.BEARER]
    stage = open_stage(shop={"identity": identity}, enforcement={"pinned": ["Chef"]}, roles=portal.ROLES)
    portal.sessions["s-1"] = ("erin", "login-1")
    portal.tokens["t"] = "erin"
    portal.faults[what] = fault
    for path in ("/home", "/2fa/setup", "/2fa/account"):
        for mode in ("navigate", "cors"):
            headers = [("Sec-Fetch-Mode", mode), ("Cookie", "sid=s-1"), ("Authorization", "Bearer t")]
            assert stage.exchange().request("GET", path, headers).status == 503
    assert stage.spy.calls == []
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 6

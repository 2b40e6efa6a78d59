"""A server takes up new keys while it runs, and no broken file takes its keys away."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest

from twofa_middleware.browser import tokens
from twofa_middleware.errors import KeysError, UnreadableRecord
from twofa_middleware.keyring import KeyRing
from twofa_middleware.live_ring import CALL_SECONDS, LOOK_SECONDS, LiveRing
from twofa_middleware.sealing import Sealer

OLD = KeyRing(b"n" * 32, b"old0", {b"old0": b"0" * 32})
PREPARED = KeyRing(b"n" * 32, b"old0", {**OLD.keys, b"new1": b"1" * 32})
ROTATED = PREPARED.made_current(b"new1")
RETIRED = ROTATED.without(b"old0")
FILE = "file:keys.toml"
FORM = ("verify", b"flow", "shop", "erin")


class Monotonic:
    """Seconds, until somebody turns it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """A sealer over a key file, or over whatever a reference names."""

    def __init__(self, folder: Path, reference: str = FILE) -> None:
        self.clock = Monotonic()
        self.live = LiveRing.load(reference, folder, clock=self.clock)
        self.sealer = Sealer("test", self.live)

    @property
    def current(self) -> bytes:
        return self.sealer.authenticate("pass", (), b"x")[1:5]

    def reads(self, ring: KeyRing) -> bool:
        record = Sealer("test", ring).authenticate("pass", (), b"x")
        try:
            return self.sealer.read("pass", (), record) == b"x"
        except UnreadableRecord:
            return False


def put(folder: Path, text: str | KeyRing, mode: int = 0o600) -> None:
    """Put a key file in the place of the one that is there, as a whole."""
    part = folder / "part"
    part.write_text(text if isinstance(text, str) else text.dump())
    part.chmod(mode)
    part.rename(folder / "keys.toml")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    put(tmp_path, OLD)
    return Server(tmp_path)


def test_a_changed_file_is_taken_up_within_a_second(server: Server, tmp_path: Path) -> None:
    put(tmp_path, ROTATED)
    assert server.current == b"old0"
    server.clock.now += LOOK_SECONDS
    assert server.current == b"new1"
    assert server.reads(OLD)


def test_the_file_is_not_asked_for_between_two_looks(server: Server, tmp_path: Path) -> None:
    put(tmp_path, ROTATED)
    for _ in range(9):
        server.clock.now += LOOK_SECONDS / 10
        assert server.current == b"old0"


def test_a117_a_record_of_a_key_that_came_just_now_is_readable_at_once(server: Server, tmp_path: Path) -> None:
    put(tmp_path, ROTATED)
    assert server.reads(RETIRED)
    assert server.sealer.knows(b"new1")


def test_made_up_key_ids_do_not_have_the_file_read_again_and_again(server: Server, tmp_path: Path) -> None:
    assert not server.sealer.knows(b"none")
    put(tmp_path, ROTATED)
    assert not server.reads(RETIRED)
    server.clock.now += LOOK_SECONDS
    assert server.reads(RETIRED)


def test_a117_a_key_that_is_taken_out_opens_nothing_any_more(server: Server, tmp_path: Path) -> None:
    for ring in (PREPARED, ROTATED, RETIRED):
        put(tmp_path, ring)
        server.clock.now += LOOK_SECONDS
        server.live.now()
    assert not server.reads(OLD)
    assert server.reads(RETIRED)


def test_a117_a_server_that_slept_through_a_rotation_takes_up_what_is_left_of_it(
    server: Server, tmp_path: Path
) -> None:
    put(tmp_path, PREPARED)
    server.clock.now += LOOK_SECONDS
    server.live.now()
    put(tmp_path, RETIRED)
    server.clock.now += LOOK_SECONDS
    assert server.current == b"new1"


def test_form_tokens_go_on_over_a_rotation_and_end_with_their_key(server: Server, tmp_path: Path) -> None:
    text = tokens.write(server.sealer, *FORM, 1000)
    put(tmp_path, ROTATED)
    server.clock.now += LOOK_SECONDS
    new = tokens.write(server.sealer, *FORM, 1000)
    assert new != text
    assert tokens.is_good(server.sealer, text, *FORM, 1001)
    put(tmp_path, RETIRED)
    server.clock.now += LOOK_SECONDS
    assert not tokens.is_good(server.sealer, text, *FORM, 1001)
    assert tokens.is_good(server.sealer, new, *FORM, 1001)


BROKEN = {
    "half written": (ROTATED.dump()[:150], 0o600, "this is no key ring"),
    "empty": ("", 0o600, "is empty"),
    "open to others": (ROTATED.dump(), 0o644, "is open to others"),
    "another naming key": (KeyRing(b"x" * 32, b"new1", ROTATED.keys).dump(), 0o600, "its naming key is another one"),
    "another key of the same id": (
        KeyRing(b"n" * 32, b"old0", {b"old0": b"9" * 32}).dump(),
        0o600,
        "a key in it has the id of another one",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a117_a_file_that_cannot_be_used_stops_nobody_and_is_told_once(
    server: Server, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "twofa_middleware")
    text, mode, why = BROKEN[what]
    put(tmp_path, text, mode)
    for _ in range(5):
        server.clock.now += LOOK_SECONDS
        assert server.current == b"old0"
        assert not server.sealer.knows(b"none")
    (told,) = caplog.records
    assert told.levelno == logging.WARNING
    assert why in told.getMessage()
    put(tmp_path, ROTATED)
    server.clock.now += LOOK_SECONDS
    assert server.current == b"new1"


def test_a117_a_file_that_is_gone_stops_nobody(server: Server, tmp_path: Path) -> None:
    (tmp_path / "keys.toml").unlink()
    server.clock.now += LOOK_SECONDS
    assert server.current == b"old0"
    put(tmp_path, ROTATED)
    server.clock.now += LOOK_SECONDS
    assert server.current == b"new1"


# ---- a ring that goes back -------------------------------------------------------------------------------------------


def after(folder: Path, *rings: KeyRing) -> Server:
    """A server that was started with the first of these rings, and has taken up each of the others."""
    put(folder, rings[0])
    server = Server(folder)
    for ring in rings[1:]:
        put(folder, ring)
        server.clock.now += LOOK_SECONDS
        assert server.live.now() == ring
    return server


LATER = KeyRing(b"n" * 32, b"new2", {**ROTATED.keys, b"new2": b"2" * 32})
BY_HAND = KeyRing(b"n" * 32, b"new1", RETIRED.keys)
OUT = "key 6e657731 is not in it, and its `retired` does not name it"
BACK = "key 6f6c6430 is in it, which was retired"
OLDER = "its current key is 6f6c6430, which is older than 6e657731"
GOES_BACK = {
    "the current key is not in it": ((ROTATED,), OLD, OUT),
    "the prepared key is not in it": ((PREPARED,), OLD, OUT),
    "none of the keys is in it": (
        (ROTATED, RETIRED),
        KeyRing(b"n" * 32, b"new2", {b"new2": b"2" * 32}),
        OUT,
    ),
    "the first ring of all, after a key was retired": ((OLD, PREPARED, ROTATED, RETIRED), OLD, OUT),
    "before a key was retired": ((ROTATED, RETIRED), ROTATED, BACK),
    "before a key was retired, when the server has started since": ((RETIRED,), ROTATED, BACK),
    "before a key was retired, with an older one current": ((RETIRED,), PREPARED, BACK),
    "a retired key that a ring in between does not tell of": ((RETIRED, BY_HAND), ROTATED, BACK),
    "an older key is current": ((ROTATED,), PREPARED, OLDER),
    "a former key is current, after its place was changed": (
        (ROTATED, KeyRing(b"n" * 32, b"new1", dict(reversed(ROTATED.keys.items())))),
        PREPARED,
        OLDER,
    ),
    "the former current key, which stands behind the new one": (
        (OLD, KeyRing(b"n" * 32, b"new1", dict(reversed(ROTATED.keys.items())))),
        PREPARED,
        OLDER,
    ),
    "an older key was taken out by hand": ((ROTATED,), BY_HAND, "key 6f6c6430 is not in it, and its `retired` does"),
}


@pytest.mark.parametrize("what", GOES_BACK)
def test_a117_a_running_server_never_goes_back_and_tells_it_once(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    rings, ring, why = GOES_BACK[what]
    server = after(tmp_path, *rings)
    forged, before = server.reads(OLD), server.live.now()
    put(tmp_path, ring)
    for _ in range(3):
        server.clock.now += LOOK_SECONDS
        assert server.live.now() is before
        assert not server.sealer.knows(b"none")
    assert server.reads(OLD) == forged
    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert why in told.getMessage()
    assert told.getMessage().endswith("put the newest ring there, or start the apps anew to take it")
    assert Server(tmp_path).live.now() == ring
    put(tmp_path, before.with_new_key())
    server.clock.now += LOOK_SECONDS
    assert server.live.now().prepared


def test_a117_a_record_forged_with_a_retired_key_stays_closed_when_an_older_copy_comes_back(tmp_path: Path) -> None:
    server = after(tmp_path, PREPARED, ROTATED, RETIRED)
    for copy in (OLD, PREPARED, ROTATED):
        put(tmp_path, copy)
        server.clock.now += LOOK_SECONDS
        assert not server.reads(OLD)
        assert server.reads(RETIRED)
        assert server.current == b"new1"


def test_a117_servers_that_get_some_of_the_rings_of_a_rotation_alone_end_with_the_last_one(tmp_path: Path) -> None:
    rings = (OLD, PREPARED, ROTATED, RETIRED, LATER.without(b"old0"), LATER.without(b"old0").without(b"new1"))
    for taken in range(1 << (len(rings) - 1)):
        some = [ring for place, ring in enumerate(rings) if taken >> place & 1]
        after(tmp_path, *some, rings[-1])


def test_a117_a_prepared_key_that_is_retired_does_not_come_back(tmp_path: Path) -> None:
    server = after(tmp_path, PREPARED, PREPARED.without(b"new1"))
    put(tmp_path, ROTATED)
    server.clock.now += LOOK_SECONDS
    assert server.current == b"old0"


def test_modes_that_are_put_right_are_seen(server: Server, tmp_path: Path) -> None:
    put(tmp_path, ROTATED, 0o644)
    server.clock.now += LOOK_SECONDS
    assert server.current == b"old0"
    (tmp_path / "keys.toml").chmod(0o600)
    server.clock.now += LOOK_SECONDS
    assert server.current == b"new1"


def test_a119_no_warning_repeats_a_key(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, ROTATED.dump() + 'more = "x"\n')
    server.clock.now += LOOK_SECONDS
    server.live.now()
    assert caplog.records
    assert not any(line.partition('"')[2].strip('"') in caplog.text for line in ROTATED.dump().splitlines()[5:])


def test_an_environment_variable_is_read_at_the_start_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEYS", OLD.dump())
    server = Server(tmp_path, "env:TEST_KEYS")
    monkeypatch.setenv("TEST_KEYS", ROTATED.dump())
    server.clock.now += 10 * CALL_SECONDS
    assert not server.reads(RETIRED)
    assert server.current == b"old0"


# ---- a function ------------------------------------------------------------------------------------------------------


SAFE: list[object] = []
calls: list[int] = []


def from_the_safe() -> object:
    calls.append(1)
    if isinstance(SAFE[0], Exception):
        raise SAFE[0]
    return SAFE[0]


@pytest.fixture
def safe() -> str:
    SAFE[:], calls[:] = [OLD.dump()], []
    return f"callable:{__name__}:from_the_safe"


def as_dict(ring: KeyRing) -> dict[str, object]:
    import tomllib

    return tomllib.loads(ring.dump())


@pytest.mark.parametrize("returned", [OLD.dump(), as_dict(OLD)], ids=["text", "dict"])
def test_a_function_returns_the_text_of_a_key_ring_or_a_dict(safe: str, tmp_path: Path, returned: object) -> None:
    SAFE[0] = returned
    assert KeyRing.load(safe, tmp_path) == OLD


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (b"bytes", "returned bytes; it returns the text of a key ring, or a dict"),
        (None, "returned NoneType; it returns"),
        ("", "this is no key ring"),
        ({"naming": "x"}, "this is no key ring"),
        (as_dict(OLD) | {"naming": "c2hvcnQ="}, "a key has 32 bytes"),
        (ValueError("the key is hunter2"), "raised ValueError; call it by itself to see why"),
    ],
)
def test_a119_what_a_function_does_wrong_is_told_without_the_secret(
    safe: str, tmp_path: Path, returned: object, said: str
) -> None:
    SAFE[0] = returned
    with pytest.raises(KeysError) as refused:
        KeyRing.load(safe, tmp_path)
    assert str(refused.value).startswith(f"keys: {safe}")
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", ["", "nowhere", "no_such_module:keys", f"{__name__}:nothing", f"{__name__}:SAFE"])
def test_a_function_that_there_is_not_is_a_fault_of_the_keys(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeysError, match=r"^keys: "):
        KeyRing.load(f"callable:{name}", tmp_path)


def test_a_function_is_called_again_for_an_unknown_key_alone_and_not_often(safe: str, tmp_path: Path) -> None:
    server = Server(tmp_path, safe)
    SAFE[0] = ROTATED.dump()
    server.clock.now += 10 * CALL_SECONDS
    assert server.current == b"old0"
    assert server.reads(RETIRED)
    assert server.current == b"new1"
    for _ in range(5):
        assert not server.sealer.knows(b"none")
    assert len(calls) == 2
    server.clock.now += CALL_SECONDS
    assert not server.sealer.knows(b"none")
    assert len(calls) == 3


# ---- threads ---------------------------------------------------------------------------------------------------------


def test_threads_that_meet_a_new_key_at_once_all_know_it(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    record = Sealer("test", ROTATED).authenticate("pass", (), b"x")
    for _ in range(20):
        put(tmp_path, OLD)
        server = Server(tmp_path)
        put(tmp_path, ROTATED)
        gate, read = threading.Barrier(8), []

        def reads(server: Server = server, gate: threading.Barrier = gate, read: list[bytes] = read) -> None:
            gate.wait()
            read.append(server.sealer.read("pass", (), record))

        threads = [threading.Thread(target=reads) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert read == [b"x"] * 8


def test_a_key_file_that_is_a_pipe_is_no_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "keys.toml", 0o600)
    with pytest.raises(KeysError, match="is not a plain file"):
        LiveRing.load(FILE, tmp_path)

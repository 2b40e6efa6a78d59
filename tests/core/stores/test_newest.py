"""A process that sees an older copy of its store refuses everything, until the newer one is back. Attacks 67, 113."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.realm import Clock
from support.stores import ALICE, NOW, ask, enrol, look, redis, sqlite
from twofa_middleware import asks
from twofa_middleware.errors import ConfigError, StoreMismatch, StoreUnavailable
from twofa_middleware.protocol import Ask, Store
from twofa_middleware.stores.line import KEPT, LINE, MOST_LOST, Line, tick
from twofa_middleware.stores.newest import LOOK_SECONDS, WRITE_SECONDS, NewestStore
from twofa_middleware.stores.witness import HEAD, Witness

LATER = 3 * MOST_LOST


class Watched:
    """A store whose questions are counted, whose clock goes on, and which can be set back to what it was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.clock = Clock()
        self.looks = 0
        self.is_out = False

    def check(self) -> None:
        self._store.check()

    def answer(self, question: Ask[Any]) -> Any:
        if self.is_out:
            raise StoreUnavailable("out")
        self.looks += question == asks.ReadMark(LINE)
        return self._store.answer(question)

    async def answer_async(self, question: Ask[Any]) -> Any:
        await asyncio.sleep(0)
        return self.answer(question)

    def go_on(self, ticks: int) -> str:
        """Somebody else carries for so long; answers how far the store is then."""
        for _ in range(ticks):
            self.clock.on(LOOK_SECONDS)
            tick(self._store, self.clock.now)
        return self.copy()

    def copy(self) -> str:
        return self._store.answer(asks.ReadMark(LINE))

    def put_back(self, copy: str) -> None:
        self._store.answer(asks.MoveMark(LINE, copy))
        self.clock.on(LOOK_SECONDS)


@pytest.fixture(params=[sqlite, redis], ids=lambda made: made.__name__)
def inner(request: pytest.FixtureRequest, tmp_path: Path, patience: None) -> Iterator[Watched]:
    with request.param(tmp_path) as store:
        enrol(store)
        yield Watched(store)


Asked = Callable[[NewestStore], object]


def in_threads(store: NewestStore) -> object:
    return ask(store, look())


def in_an_event_loop(store: NewestStore) -> object:
    return asyncio.run(store.answer_async(look()))


@pytest.fixture(params=[in_threads, in_an_event_loop, NewestStore.check], ids=lambda asked: asked.__name__)
def asked(request: pytest.FixtureRequest) -> Asked:
    found: Asked = request.param
    return found


def is_closed(store: NewestStore) -> bool:
    try:
        ask(store, look())
    except StoreMismatch:
        return True
    return False


# ---- a running process ----------------------------------------------------------------------------------------------


def test_an_older_copy_closes_and_the_newer_one_opens_again(inner: Watched, asked: Asked) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(LATER)
    asked(store)
    newest = inner.go_on(LATER)
    asked(store)
    inner.put_back(copy)
    for _ in range(3):
        with pytest.raises(
            StoreMismatch, match=r"is a copy of 2027-.* UTC, older than what was seen at .*twofa restore"
        ):
            asked(store)
        inner.clock.on(1)
    inner.put_back(newest)
    asked(store)


def test_every_question_is_refused(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(1)
    inner.go_on(LATER)
    ask(store, look())
    inner.put_back(copy)
    for question in (
        look(),
        asks.TakeAttempt(ALICE, NOW),
        asks.ReadRoles(),
        asks.TakeLease("carry", "me", NOW + 9, NOW),
    ):
        with pytest.raises(StoreMismatch):
            ask(store, question)  # type: ignore[arg-type]


def test_it_is_noticed_within_the_seconds_of_a_look_and_asked_no_more_often(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    inner.go_on(LATER)
    for _ in range(100):
        ask(store, look())
    assert inner.looks == 1
    inner.clock.on(LOOK_SECONDS - 1)
    ask(store, look())
    assert inner.looks == 1
    inner.put_back("")
    assert is_closed(store)
    for _ in range(100):
        assert is_closed(store)
    assert inner.looks == 2


def test_a113_a_failover_that_lost_a_moment_closes_nothing(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    for lost in (1, 1, MOST_LOST):
        copy = inner.go_on(LATER)
        inner.go_on(lost)
        ask(store, look())
        inner.put_back(copy)
        assert not is_closed(store)


def test_moments_that_are_lost_again_and_again_do_not_add_up(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    copies = [inner.go_on(MOST_LOST) for _ in range(4)]
    ask(store, look())
    inner.put_back(copies[2])
    assert not is_closed(store)
    inner.put_back(copies[1])
    assert is_closed(store)


def test_an_older_copy_that_somebody_else_carries_on_with_stays_closed(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(1)
    newest = inner.go_on(LATER)
    ask(store, look())
    inner.put_back(copy)
    for _ in range(LATER + 2 * KEPT):
        assert is_closed(store)
        inner.go_on(1)
    with pytest.raises(StoreMismatch, match="has gone on from a copy that was older"):
        ask(store, look())
    inner.put_back(newest)
    assert not is_closed(store)


def test_an_older_copy_that_came_as_far_before_it_was_looked_at_closes(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(1)
    inner.go_on(LATER)
    ask(store, look())
    inner.put_back(copy)
    inner.go_on(LATER + 5)
    assert is_closed(store)


def test_a_line_that_stands_still_or_went_on_for_long_closes_nothing(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    inner.go_on(LATER)
    for _ in range(3):
        assert not is_closed(store)
        inner.clock.on(86400)
    inner.go_on(10 * KEPT)
    assert not is_closed(store)


@pytest.mark.parametrize("years", [-20, 20])
def test_a_clock_that_jumps_closes_nothing_and_hides_nothing(inner: Watched, years: int) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(LATER)
    assert not is_closed(store)
    inner.clock.on(years * 365 * 86400)
    inner.go_on(LATER)  # its ticks carry the wrong time
    assert not is_closed(store)
    inner.clock.on(-years * 365 * 86400)
    inner.go_on(LATER)
    assert not is_closed(store)
    inner.put_back(copy)
    assert is_closed(store)


def test_what_cannot_be_asked_is_asked_again_at_once(inner: Watched, asked: Asked) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(1)
    inner.go_on(LATER)
    asked(store)
    inner.put_back(copy)
    inner.is_out = True
    for _ in range(2):
        if asked is not NewestStore.check:
            with pytest.raises(StoreUnavailable):
                asked(store)
    inner.is_out = False
    with pytest.raises(StoreMismatch):
        asked(store)


def test_a_forked_process_knows_what_its_parent_has_seen(inner: Watched) -> None:
    store = NewestStore(inner, inner.clock)
    copy = inner.go_on(1)
    inner.go_on(LATER)
    ask(store, look())
    inner.put_back(copy)
    child = os.fork()
    if not child:
        with suppress(BaseException):
            os._exit(not is_closed(store))
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# ---- the witness ----------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "twofa.witness"


def process(inner: Watched, file: Path | None, store_id: str = "some-id") -> NewestStore:
    """A server that has just begun."""
    return NewestStore(inner, inner.clock, None if file is None else Witness(file, store_id))


def test_a_process_that_has_just_begun_knows_by_the_witness(inner: Watched, file: Path, asked: Asked) -> None:
    copy = inner.go_on(1)
    inner.go_on(LATER)
    asked(process(inner, file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    inner.put_back(copy)
    for _ in range(2):
        with pytest.raises(StoreMismatch, match="is a copy of"):
            asked(process(inner, file))
    asked(process(inner, None))


def test_nothing_is_answered_before_a_process_has_looked_once(inner: Watched, file: Path) -> None:
    copy = inner.go_on(1)
    inner.go_on(LATER)
    ask(process(inner, file), look())
    inner.put_back(copy)
    store = process(inner, file)

    async def at_once() -> list[object]:
        return await asyncio.gather(*(store.answer_async(look()) for _ in range(3)), return_exceptions=True)

    assert [type(reply) for reply in asyncio.run(at_once())] == [StoreMismatch] * 3


def test_a_worker_that_is_forked_later_knows_what_the_witness_has_learned(inner: Watched, file: Path) -> None:
    forks = process(inner, file)  # asks nothing itself, as a server that only forks its workers
    copy = inner.go_on(1)
    inner.go_on(LATER)
    ask(process(inner, file), look())
    inner.put_back(copy)
    child = os.fork()
    if not child:
        with suppress(BaseException):
            os._exit(not is_closed(forks))
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_several_processes_share_it_and_the_later_line_stays(inner: Watched, file: Path) -> None:
    first, second = process(inner, file), process(inner, file)
    for store in (first, second, first):
        inner.go_on(LATER)
        ask(store, look())
        assert Witness(file, "some-id").look() == (Line.of(inner.copy()), "")
    Witness(file, "some-id").write(Line(1, NOW, ("word",)))
    assert Witness(file, "some-id").look() == (Line.of(inner.copy()), "")
    assert os.listdir(file.parent).count(file.name) == 1
    assert not [name for name in os.listdir(file.parent) if name.endswith(".part")]


def test_it_is_written_no_more_often_than_it_has_to_be(inner: Watched, file: Path) -> None:
    store = process(inner, file)
    inner.go_on(1)
    ask(store, look())
    written = file.read_bytes()
    inner.go_on(1)
    ask(store, look())
    assert file.read_bytes() == written
    inner.go_on(WRITE_SECONDS // LOOK_SECONDS)
    ask(store, look())
    assert file.read_bytes() != written


def test_a_process_that_refuses_writes_nothing_into_it(inner: Watched, file: Path) -> None:
    store = process(inner, file)
    copy = inner.go_on(1)
    inner.go_on(LATER)
    ask(store, look())
    written = file.read_bytes()
    inner.put_back(copy)
    for _ in range(2 * LATER):
        assert is_closed(store)
        inner.go_on(1)
    assert file.read_bytes() == written
    file.unlink()  # somebody wants the older copy served, by servers that are started now
    inner.clock.on(WRITE_SECONDS)
    assert is_closed(store)
    assert not file.exists()


@pytest.mark.parametrize("text", [b"", f"{HEAD}some-id\n".encode(), f"{HEAD}some-id\n\xff\xfe".encode("latin-1"), None])
def test_a_witness_that_is_missing_or_damaged_is_made_anew_and_told(
    inner: Watched, file: Path, caplog: pytest.LogCaptureFixture, text: bytes | None
) -> None:
    inner.go_on(LATER)
    if text is not None:
        file.write_bytes(text)
    store = process(inner, file)
    assert not is_closed(store)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "witness" in caplog.text
    assert Witness(file, "some-id").look() == (Line.of(inner.copy()), "")


def test_the_witness_of_another_store_counts_for_nothing(inner: Watched, file: Path) -> None:
    Witness(file, "another-id").write(Line(10**6, NOW, ("word",)))
    inner.go_on(1)
    assert not is_closed(process(inner, file))
    assert Witness(file, "some-id").look() == (Line.of(inner.copy()), "")


def test_a_file_of_something_else_is_never_written_over(inner: Watched, file: Path) -> None:
    file.write_text("keys = []\n")
    inner.go_on(LATER)
    witness = Witness(file, "some-id")
    with pytest.raises(ConfigError, match=r"witness: .* is a file of something else: name another one"):
        witness.look()
    assert not is_closed(NewestStore(inner, inner.clock, witness))
    assert file.read_text() == "keys = []\n"


def test_a_witness_that_cannot_be_written_closes_nothing(
    inner: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = process(inner, tmp_path / "missing" / "twofa.witness")
    for _ in range(3):
        inner.go_on(LATER)
        assert not is_closed(store)
    assert caplog.text.count("cannot be written") == 1

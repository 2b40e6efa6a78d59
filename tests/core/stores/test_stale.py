"""What a process keeps of passes for an outage: bounded, its own, and never newer than what has ended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from support.stores import ALICE, GENERATION, NOW, ask, enrol, has_pass, look, open_pass, sqlite
from twofa_middleware import asks
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Ask, Store
from twofa_middleware.stores import stale
from twofa_middleware.stores.stale import StaleStore


class Failing:
    """A store that can be out, and before whose answers something can happen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_out = False
        self.after: Any = lambda question: None

    def check(self) -> None:
        self._store.check()

    def answer(self, question: Ask[Any]) -> Any:
        if self.is_out:
            raise StoreUnavailable("out")
        reply = self._store.answer(question)
        self.after(question)
        return reply

    async def answer_async(self, question: Ask[Any]) -> Any:
        return self.answer(question)


@pytest.fixture
def inner(tmp_path: Path) -> Any:
    with sqlite(tmp_path) as store:
        enrol(store)
        ask(store, open_pass(generation=GENERATION))
        yield Failing(store)


def test_what_was_read_before_an_end_is_not_kept_after_it(inner: Failing) -> None:
    store = StaleStore(inner, 30)

    def ends(question: Ask[Any]) -> None:
        if isinstance(question, asks.Look):
            inner.after = lambda question: None
            store.answer(asks.EndPass(ALICE, b"pass", NOW))

    inner.after = ends
    assert has_pass(store, "pass")
    inner.is_out = True
    with pytest.raises(StoreUnavailable):
        ask(store, look(pass_="pass"))


def test_a_known_pass_is_touched_in_an_outage_and_an_unknown_one_is_not(inner: Failing) -> None:
    store = StaleStore(inner, 30)
    assert has_pass(store, "pass")
    inner.is_out = True
    assert ask(store, asks.TouchPass(ALICE, b"pass", NOW + 1)) == asks.Done()
    with pytest.raises(StoreUnavailable):
        ask(store, asks.TouchPass(ALICE, b"other", NOW + 1))


def test_no_recovery_code_is_told_of_in_an_outage(inner: Failing) -> None:
    store = StaleStore(inner, 30)
    assert ask(store, look(pass_="pass")).account.codes  # type: ignore[union-attr]
    inner.is_out = True
    assert ask(store, look(pass_="pass")).account.codes == frozenset()  # type: ignore[union-attr]


def test_no_more_is_kept_than_there_is_room_for(inner: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "MOST_KEPT", 2)
    store = StaleStore(inner, 30)
    for name in ("one", "two", "three"):
        ask(inner, open_pass(asks.PassRow(name.encode(), b"r", False, NOW, NOW + 100, NOW)))  # type: ignore[arg-type]
        assert has_pass(store, name)
    inner.is_out = True
    assert has_pass(store, "three")
    with pytest.raises(StoreUnavailable):
        has_pass(store, "one")


def test_a_forked_process_begins_with_nothing(inner: Failing) -> None:
    store = StaleStore(inner, 30)
    assert has_pass(store, "pass")
    inner.is_out = True
    child = os.fork()
    if not child:
        try:
            has_pass(store, "pass")
        except StoreUnavailable:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert has_pass(store, "pass")

"""Who answers which question of a running gate, in either colour."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.realm import NOW, make_realm
from support.stores import a_pass
from support.told import told
from twofa_middleware import asks
from twofa_middleware.asks import Call, Emit, Look, Random, ReadBody
from twofa_middleware.protocol import Event, UserKey
from twofa_middleware.wiring import Runtime, build


def started(folder: Path) -> Runtime:
    return build(make_realm(folder).settings, "shop", asynchronous=True)


def both(runtime: Runtime, ask: Any) -> list[Any]:
    return [runtime.answer(ask), asyncio.run(runtime.answer_async(ask))]


def test_questions_to_the_store_go_to_the_store(tmp_path: Path) -> None:
    row = a_pass("p")
    runtime = started(tmp_path)
    runtime.answer(asks.OpenPass(UserKey("u"), 0, row, None, None, NOW))
    assert [seen.pass_row for seen in both(runtime, Look(UserKey("u"), row.digest, None, NOW))] == [row, row]


def test_random_bytes_are_as_many_as_were_asked_for_and_never_the_same(tmp_path: Path) -> None:
    found = both(started(tmp_path), Random(32))
    assert [len(random) for random in found] == [32, 32]
    assert found[0] != found[1]


def test_a_function_is_called_in_a_thread_under_asgi_and_inline_else(tmp_path: Path) -> None:
    here = threading.get_ident
    inline, threaded = both(started(tmp_path), Call(here, ()))
    assert inline == here() != threaded


@pytest.mark.parametrize("as_object", [False, True], ids=["function", "object"])
def test_what_can_be_awaited_is_awaited_under_asgi(tmp_path: Path, as_object: bool) -> None:
    async def function(value: int) -> int:
        await asyncio.sleep(0)
        return value + 1

    class Roles:
        async def __call__(self, value: int) -> int:
            return await function(value)

    called: Callable[..., Any] = Roles() if as_object else function
    assert asyncio.run(started(tmp_path).answer_async(Call(called, (1,)))) == 2


def test_events_go_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert both(started(tmp_path), Emit(Event("seen", NOW, "shop"))) == [None, None]
    assert [(event["event"], event["app"]) for event in told(caplog)] == [("seen", "shop")] * 2


def test_a_question_of_the_adapters_own_is_answered_by_nobody_else(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="nobody answers ReadBody here"):
        both(started(tmp_path), ReadBody(1, 1))

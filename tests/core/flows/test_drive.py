"""The two loops that run a flow: the same results, and errors in the flow, at the question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from twofa_middleware.drive import adrive, drive
from twofa_middleware.protocol import Ask, Flow


@dataclass(frozen=True)
class Name(Ask[str]):
    number: int


class Halt(BaseException):
    """No error but an order, as KeyboardInterrupt is."""


def in_a_loop(flow: Flow[Any], answer: Callable[[Ask[Any]], Any]) -> Any:
    async def answer_async(ask: Ask[Any]) -> Any:
        await asyncio.sleep(0)
        return answer(ask)

    return asyncio.run(adrive(flow, answer_async))


@pytest.fixture(params=[drive, in_a_loop], ids=["drive", "adrive"])
def run(request: pytest.FixtureRequest) -> Iterator[Any]:
    return request.param


def two_names(log: list[str]) -> Flow[str]:
    first = yield from Name(1)
    try:
        second = yield from Name(2)
    except LookupError as error:
        log.append(f"caught {error}")
        second = yield from Name(3)
    finally:
        log.append("cleaned up")
    return f"{first} and {second}"


def named(ask: Ask[Any]) -> str:
    assert isinstance(ask, Name)
    return f"name {ask.number}"


def raising(number: int, error: BaseException) -> Callable[[Ask[Any]], str]:
    def answer(ask: Ask[Any]) -> str:
        if ask == Name(number):
            raise error
        return named(ask)

    return answer


def test_a_flow_gets_its_replies_in_order_and_gives_its_result(run: Any) -> None:
    assert run(two_names([]), named) == "name 1 and name 2"


def test_a_flow_that_asks_nothing_gives_its_result(run: Any) -> None:
    def silent() -> Flow[int]:
        return 7
        yield

    assert run(silent(), named) == 7


def test_an_error_is_raised_in_the_flow_at_its_question_and_what_is_asked_then_is_answered(run: Any) -> None:
    log: list[str] = []
    assert run(two_names(log), raising(2, LookupError("gone"))) == "name 1 and name 3"
    assert log == ["caught gone", "cleaned up"]


def test_a_flow_may_answer_an_error_with_its_result(run: Any) -> None:
    def careful() -> Flow[str]:
        try:
            return (yield from Name(1))
        except LookupError:
            return "nobody"

    assert run(careful(), raising(1, LookupError())) == "nobody"


def test_an_error_that_the_flow_does_not_know_comes_out_as_it_is(run: Any) -> None:
    error = ValueError("odd")
    with pytest.raises(ValueError, match="odd") as raised:
        run(two_names([]), raising(1, error))
    assert raised.value is error


def test_an_order_to_stop_passes_through_the_flow_which_cleans_up_at_once(run: Any) -> None:
    log: list[str] = []
    with pytest.raises(Halt):
        run(two_names(log), raising(2, Halt()))
    assert log == ["cleaned up"]


def test_a_cancelled_request_ends_its_flow_at_the_question() -> None:
    log: list[str] = []

    async def cancelled() -> None:
        asked = asyncio.Event()

        async def answer(ask: Ask[Any]) -> str:
            if ask == Name(2):
                asked.set()
                await asyncio.Event().wait()
            return named(ask)

        task = asyncio.create_task(adrive(two_names(log), answer))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert log == ["cleaned up"]


def test_a_stop_iteration_of_an_answerer_is_no_result(run: Any) -> None:
    with pytest.raises(RuntimeError):
        run(two_names([]), raising(2, StopIteration("a name that nobody gave")))


def test_an_error_of_the_flow_itself_comes_out(run: Any) -> None:
    def faulty() -> Flow[str]:
        yield from Name(1)
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        run(faulty(), named)

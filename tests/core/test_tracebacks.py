"""Errors are told with the lines of their tracebacks, and without the values that these held."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Generator

from support.telling import locals_of
from twofa_middleware.tracebacks import without_locals

CANARY = "canary-in-a-frame"


def told_by(error: BaseException) -> str:
    """All that a collector would show of the frames, those of this file among them."""
    told = list(locals_of(error))
    left = error
    while left is not None:
        frame = left.__traceback__
        while frame is not None:
            told.append(repr(frame.tb_frame.f_locals))
            frame = frame.tb_next
        left = left.__cause__ or left.__context__  # type: ignore[assignment]
    return "\n".join(told)


def failing() -> None:
    code = CANARY
    raise ValueError(len(code))


def failing_because() -> None:
    form = CANARY
    try:
        failing()
    except ValueError as error:
        raise RuntimeError(len(form)) from error


def asking() -> Generator[int, int, None]:
    cookie = CANARY
    yield len(cookie)
    failing()


def caught(function: object, *arguments: object) -> Exception:
    try:
        function(*arguments)  # type: ignore[operator]
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_a119_frames_that_have_ended_lose_their_locals_and_keep_their_lines() -> None:
    error = caught(failing_because)
    lines = traceback.format_exception(error)
    assert CANARY in told_by(error)
    assert without_locals(error) is error
    assert CANARY not in told_by(error)
    assert traceback.format_exception(error) == lines


def test_a119_so_does_a_flow_that_was_ended_by_what_it_raised() -> None:
    flow = asking()
    next(flow)
    error = caught(next, flow)
    assert CANARY in told_by(error)
    assert CANARY not in told_by(without_locals(error))


def test_a119_the_members_of_a_group_are_among_them() -> None:
    group = ExceptionGroup("two", [caught(failing), caught(failing_because)])
    without_locals(group)
    assert all(CANARY not in told_by(one) for one in group.exceptions)


def test_what_only_waits_goes_on() -> None:
    """A coroutine, or a generator, may have caught the error and live on."""
    kept: list[Exception] = []

    def living() -> Generator[int, None, str]:
        try:
            failing()
        except ValueError as error:
            kept.append(error)
        yield 1
        return "lived on"

    async def waiting(goes_on: asyncio.Event) -> str:
        try:
            failing()
        except ValueError as error:
            kept.append(error)
        await goes_on.wait()
        return "lived on"

    async def main() -> str:
        goes_on = asyncio.Event()
        task = asyncio.create_task(waiting(goes_on))
        await asyncio.sleep(0)
        without_locals(kept[-1])
        goes_on.set()
        return await task

    flow = living()
    next(flow)
    without_locals(kept[-1])
    assert caught(next, flow).args == ("lived on",)
    assert asyncio.run(main()) == "lived on"


def test_nothing_is_told_of_no_error() -> None:
    assert without_locals(None) is None

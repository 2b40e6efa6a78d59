"""The two loops that run a flow: each hands the flow's questions to ``answer`` and the replies back to the flow.

An error while answering is raised inside the flow, at the question, so that the flow decides what it means. So is what
is no error, a cancellation or Ctrl-C: flows catch none of these, but clean up behind themselves at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .protocol import Ask, Flow, Result

Answer = Callable[[Ask[Any]], Any]
AsyncAnswer = Callable[[Ask[Any]], Awaitable[Any]]


def drive(flow: Flow[Result], answer: Answer) -> Result:
    """Run the flow to its end and return its result."""
    try:
        ask = next(flow)
        while True:
            try:
                reply = answer(ask)
            except BaseException as error:
                ask = flow.throw(error)
            else:
                ask, reply = flow.send(reply), None
    except StopIteration as end:
        result: Result = end.value
        return result


async def adrive(flow: Flow[Result], answer: AsyncAnswer) -> Result:
    """The same in the other colour."""
    try:
        ask = next(flow)
        while True:
            try:
                reply = await answer(ask)
            except BaseException as error:
                ask = flow.throw(error)
            else:
                ask, reply = flow.send(reply), None
    except StopIteration as end:
        result: Result = end.value
        return result

"""Steps a flow against a script, question by question: what was asked, in which order, and what came out.

``step(flow, (TakeAttempt, attempt), (SpendStep, Spent(9)))`` answers each question with the reply that stands beside its
type, and fails at any other question. A reply that is an exception is raised inside the flow, at its question. ``Random``,
``Emit`` and ``Count`` need not be in the script: the first is answered with bytes that differ each time, the others with
nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest

from twofa_middleware.asks import Count, Emit, Random
from twofa_middleware.protocol import Ask, Flow, Result

Kind = TypeVar("Kind", bound=Ask[Any])
Script = tuple[tuple[type[Ask[Any]], Any], ...]


@dataclass(frozen=True)
class Stepped(Generic[Result]):
    """A flow that has ended, every question that it asked on the way, and what each was answered."""

    result: Result
    asked: list[Ask[Any]]
    replies: list[Any]

    @property
    def kinds(self) -> list[type[Ask[Any]]]:
        """The types of the questions without Random: what its bytes were for shows in the others."""
        return [type(ask) for ask in self.asked if not isinstance(ask, Random)]

    def one(self, kind: type[Kind]) -> Kind:
        """The only question of this type."""
        (found,) = (ask for ask in self.asked if isinstance(ask, kind))
        return found

    def after(self, kind: type[Ask[Any]]) -> list[type[Ask[Any]]]:
        """The types of all questions after the first of this type, Random among them."""
        kinds = [type(ask) for ask in self.asked]
        return kinds[kinds.index(kind) + 1 :]

    @property
    def events(self) -> list[str]:
        """The names of the events that were told."""
        return [ask.event.name for ask in self.asked if isinstance(ask, Emit)]

    @property
    def counts(self) -> list[str]:
        return [ask.decision for ask in self.asked if isinstance(ask, Count)]


def step(flow: Flow[Result], *script: tuple[type[Ask[Any]], Any]) -> Stepped[Result]:
    """Run the flow to its end; AssertionError if its questions are not those of the script."""
    asked: list[Ask[Any]] = []
    replies: list[Any] = []
    result = _step(flow, list(script), asked, replies)
    return Stepped(result, asked, replies)


def _step(
    flow: Flow[Result], script: list[tuple[type[Ask[Any]], Any]], asked: list[Ask[Any]], replies: list[Any]
) -> Result:
    try:
        ask = next(flow)
        while True:
            asked.append(ask)
            reply = _reply(ask, script, len(asked))
            replies.append(reply)
            ask = flow.throw(reply) if isinstance(reply, BaseException) else flow.send(reply)
    except StopIteration as end:
        assert not script, f"the flow ended without asking {[kind.__name__ for kind, _ in script]}"
        result: Result = end.value
        return result


def _reply(ask: Ask[Any], script: list[tuple[type[Ask[Any]], Any]], number: int) -> Any:
    if script and type(ask) is script[0][0]:
        return script.pop(0)[1]
    if isinstance(ask, Random):
        return hashlib.shake_128(bytes([number])).digest(ask.size)
    assert isinstance(ask, Emit | Count), (
        f"the flow asked {ask}, and not {script[0][0].__name__ if script else 'nothing'}"
    )
    return None


def first(flow: Flow[Any], kind: type[Kind]) -> Kind:
    """Run the flow to its first question but for Random, which has to be one of this type."""
    ask = next(flow)
    while isinstance(ask, Random):
        ask = flow.send(bytes(ask.size))
    assert isinstance(ask, kind), f"the flow asked {ask} before {kind.__name__}"
    return ask


def failing_at_each(
    make: Callable[[], Flow[Any]], *script: tuple[type[Ask[Any]], Any]
) -> Iterator[list[type[Ask[Any]]]]:
    """Run the flow once for each of its questions, with an error there: the types asked until the error came out.

    The error has to come out of the flow as it is, and nothing may be asked after it.
    """
    for place in range(len(step(make(), *script).asked)):
        flow, rest, error = make(), list(script), LookupError(f"question {place} has no answer")
        asked = [next(flow)]
        for number in range(place):
            asked.append(flow.send(_reply(asked[-1], rest, number + 1)))
        with pytest.raises(LookupError, match=str(error)):  # a question or a result is a failure of this test
            flow.throw(error)
        yield [type(ask) for ask in asked]

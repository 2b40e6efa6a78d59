"""Many questions at one moment: from threads, from one event loop, and from other processes. All really at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any

from twofa_middleware.stores import redis_deadline, sqlite

ROUNDS = int(os.environ.get("TWOFA_RACE_ROUNDS", "20"))  # `make soak` runs 1,000
AT_ONCE = 200
PROCESSES = 2
THREADS = 25
ROUND_SECONDS = 60.0  # after it a race fails, where one side raised and the other would wait for it

Question = Any
"""What the opened store answers: a question, or a whole submission (``submission_races``)."""


@dataclass(frozen=True)
class Place:
    """A store that any process can open: its class, and what its class is made with."""

    kind: Any
    url: str
    realm: str

    def open(self) -> Any:
        return self.kind(self.url, self.create(), self.realm)

    def create(self) -> str:
        made: str = self.kind.create(self.url, self.realm)
        return made


Race = Callable[[Place, Sequence[Sequence[Question]]], list[list[Any]]]
"""From a store and rounds of questions to the replies of each round."""

_start: Barrier


def in_threads(place: Place, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    """The questions of a round dealt out to threads."""
    with closing(place.open()) as store:
        return [_one_round(store, questions) for questions in rounds]


def in_an_event_loop(place: Place, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    """A task for each question of a round."""

    async def one_round(questions: Sequence[Question]) -> list[Any]:
        return await asyncio.gather(*map(store.answer_async, questions))

    with closing(place.open()) as store, asyncio.Runner() as runner:
        return [runner.run(one_round(questions)) for questions in rounds]


def in_processes(place: Place, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    """The questions of a round dealt out to processes, and there to threads."""
    shares = [[questions[number::PROCESSES] for questions in rounds] for number in range(PROCESSES)]
    parts = _in_each_process(_share, [place] * PROCESSES, shares)
    return [[reply for share in of_round for reply in share] for of_round in zip(*parts, strict=True)]


def create_in_processes(places: Sequence[Place]) -> list[list[str]]:
    """The ids that each process found or made, all of them at the same time."""
    return _in_each_process(_create_all, [places] * PROCESSES)


def _in_each_process(function: Callable[..., Any], *arguments: Sequence[Any]) -> list[Any]:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES, timeout=ROUND_SECONDS)
    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_remember, initargs=(start,)) as pool:
        return list(pool.map(function, *arguments))


def _remember(start: Barrier) -> None:
    global _start
    _start = start
    redis_deadline.SOCKET_SECONDS = redis_deadline.QUESTION_SECONDS = ROUND_SECONDS
    sqlite.PATIENCE_SECONDS = ROUND_SECONDS


def _share(place: Place, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    with closing(place.open()) as store:
        return [_one_round(store, questions, _start.wait) for questions in rounds]


def _create_all(places: Sequence[Place]) -> list[str]:
    made = []
    for place in places:
        _start.wait()
        made.append(place.create())
    return made


def _one_round(store: Any, questions: Sequence[Question], ready: Callable[[], object] | None = None) -> list[Any]:
    count = min(len(questions), THREADS)
    start = threading.Barrier(count, action=ready, timeout=ROUND_SECONDS)  # type: ignore[arg-type]
    replies: list[Any] = []

    def answer(number: int) -> None:
        start.wait()
        for question in questions[number::count]:
            try:
                replies.append(store.answer(question))
            except Exception as error:
                replies.append(error)

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies

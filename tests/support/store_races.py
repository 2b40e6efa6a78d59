"""Many questions at one moment: from threads, from one event loop, and from other processes. All really at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from typing import Any

from twofa_middleware.asks import StoreAsk
from twofa_middleware.stores.sqlite import SQLiteStore

PROCESSES = 2
THREADS = 25
ROUND_SECONDS = 60  # after it a race fails, where one side raised and the other would wait for it

Question = StoreAsk[Any]
Race = Callable[[str, str, Sequence[Sequence[Question]]], list[list[Any]]]
"""From a store's URL and id and rounds of questions to the replies of each round."""

_start: Barrier


def in_threads(url: str, store_id: str, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    """The questions of a round dealt out to threads."""
    with closing(SQLiteStore(url, store_id)) as store:
        return [_one_round(store, questions) for questions in rounds]


def in_an_event_loop(url: str, store_id: str, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    """A task for each question of a round."""

    async def one_round(questions: Sequence[Question]) -> list[Any]:
        return await asyncio.gather(*map(store.answer_async, questions))

    with closing(SQLiteStore(url, store_id)) as store, asyncio.Runner() as runner:
        return [runner.run(one_round(questions)) for questions in rounds]


def in_processes(url: str, store_id: str, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    """The questions of a round dealt out to processes, and there to threads."""
    shares = [[questions[number::PROCESSES] for questions in rounds] for number in range(PROCESSES)]
    parts = _in_each_process(_share, [url] * PROCESSES, [store_id] * PROCESSES, shares)
    return [[reply for share in of_round for reply in share] for of_round in zip(*parts, strict=True)]


def create_in_processes(urls: Sequence[str]) -> list[list[str]]:
    """The ids that each process found or made, all of them at the same time."""
    return _in_each_process(_create_all, [urls] * PROCESSES)


def _in_each_process(function: Callable[..., Any], *arguments: Sequence[Any]) -> list[Any]:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES, timeout=ROUND_SECONDS)
    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_remember, initargs=(start,)) as pool:
        return list(pool.map(function, *arguments))


def _remember(start: Barrier) -> None:
    global _start
    _start = start


def _share(url: str, store_id: str, rounds: Sequence[Sequence[Question]]) -> list[list[Any]]:
    with closing(SQLiteStore(url, store_id)) as store:
        return [_one_round(store, questions, _start.wait) for questions in rounds]


def _create_all(urls: Sequence[str]) -> list[str]:
    made = []
    for url in urls:
        _start.wait()
        made.append(SQLiteStore.create(url))
    return made


def _one_round(
    store: SQLiteStore, questions: Sequence[Question], ready: Callable[[], object] | None = None
) -> list[Any]:
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

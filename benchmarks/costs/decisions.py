"""Processes that decide: how many decisions a second they make together, and how soon they see that a pass has ended.

Each process has the gate in front of a bare callable and is asked from inside, so no server stands between.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal

from twofa_middleware.asks import EndPass

from . import asgi_apps, wsgi_apps
from .browser import environ, headers, scope
from .realm import Realm, let_in_as, pass_cookie, quiet, session_cookie
from .spread import Spread, percentile

Colour = Literal["WSGI", "ASGI"]
WSGI: Colour = "WSGI"
ASGI: Colour = "ASGI"
PAUSE_SECONDS = 0.0005
"""Between two requests of a process that waits for a refusal: what is measured is never finer."""
FIRST = 2
"""The first passes are not counted: connections are opened and modules imported then."""
PATIENCE_SECONDS = 20.0
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Scaled:
    """``per_second``: decisions of all processes together."""

    processes: int
    per_second: Spread


@dataclass(frozen=True)
class Revoked:
    """From the moment at which the pass is being ended in another process until a process refuses, in milliseconds: of
    each process, and of the last one. ``write_p50``: what ending the pass takes by itself, which is a part of it."""

    store: str
    colour: Colour
    processes: int
    p50: float
    p99: float
    last_p50: float
    last_p99: float
    write_p50: float


def scaled(realm: Realm, numbers: tuple[int, ...], rounds: int, seconds: float) -> list[Scaled]:
    """For several numbers of processes."""
    with closing(realm.runtime()) as runtime:
        session = session_cookie("many", int(time.time()))
        cookie = f"{session}; {pass_cookie(runtime, let_in_as(runtime, session))}"
    rates: dict[int, list[float]] = {number: [] for number in numbers}
    with _processes(realm, "WSGI", max(numbers)) as ends:
        for _ in range(rounds):
            for number in numbers:
                for end in ends[:number]:
                    end.send(("count", cookie, seconds))
                rates[number].append(sum(_told(end) for end in ends[:number]) / seconds)
    return [Scaled(number, Spread.of(found)) for number, found in rates.items()]


def revoked(realm: Realm, store: str, colour: Colour, processes: int, times: int) -> Revoked:
    """So many passes are ended one after the other, each while all processes let its owner by."""
    each, last, write = [], [], []
    with closing(realm.runtime()) as runtime, _processes(realm, colour, processes) as ends:
        for number in range(times + FIRST):
            session = session_cookie(f"{colour} {number}", int(time.time()))
            made = let_in_as(runtime, session)
            for end in ends:
                end.send(("watch", f"{session}; {pass_cookie(runtime, made)}", 0.0))
            for end in ends:
                _told(end)  # it has been let by, and goes on asking
            began = time.monotonic()
            runtime.answer(EndPass(made.user, made.digest, int(time.time())))
            ended = time.monotonic()
            seen = [(_told(end) - began) * 1e3 for end in ends]
            if number >= FIRST:
                each += seen
                last.append(max(seen))
                write.append((ended - began) * 1e3)
    p = percentile
    return Revoked(store, colour, processes, p(each, 50), p(each, 99), p(last, 50), p(last, 99), p(write, 50))


@contextmanager
def _processes(realm: Realm, colour: Colour, number: int) -> Iterator[list[Connection]]:
    ends, started = [], []
    for _ in range(number):
        here, there = SPAWN.Pipe()
        started.append(SPAWN.Process(target=_serve, args=(there, str(realm.file), colour), daemon=True))
        started[-1].start()
        ends.append(here)
    try:
        for end in ends:
            _told(end)
        yield ends
    finally:
        for end, process in zip(ends, started, strict=True):
            end.send(None)
            process.join(PATIENCE_SECONDS)


def _told(end: Connection) -> float:
    if not end.poll(PATIENCE_SECONDS):
        raise RuntimeError("a process that decides has not answered")
    told: float = end.recv()
    return told


# ---- in each process


def _serve(end: Connection, file: str, colour: Colour) -> None:
    quiet()
    asyncio.run(_serve_asgi(end, file) if colour == "ASGI" else _serve_wsgi(end, file))


async def _serve_wsgi(end: Connection, file: str) -> None:
    """Without giving way to an event loop: there is none in a WSGI server."""
    app = wsgi_apps.wrapped(wsgi_apps.Raw(), "ours", file)
    end.send(0.0)
    while (task := end.recv()) is not None:
        what, cookie, seconds = task
        made = environ("/page", headers(cookie))

        def decide(made: dict[str, Any] = made) -> bool:
            statuses: list[str] = []
            app(dict(made), lambda status, *_: statuses.append(status))
            return statuses == ["200 OK"]

        if not decide():
            raise RuntimeError("somebody with a pass is not let by")
        if what == "watch":
            end.send(0.0)
            while decide():
                time.sleep(PAUSE_SECONDS)
            end.send(time.monotonic())
        else:
            count, until = 0, time.monotonic() + seconds
            while time.monotonic() < until:
                decide()
                count += 1
            end.send(count)
    app.runtime.close()


async def _serve_asgi(end: Connection, file: str) -> None:
    app = asgi_apps.wrapped(asgi_apps.Raw(), "ours", file)
    end.send(0.0)
    while (task := await asyncio.to_thread(end.recv)) is not None:
        _, cookie, _ = task
        made = scope("/page", headers(cookie))

        async def decide(made: dict[str, Any] = made) -> bool:
            statuses = []

            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message: Any) -> None:
                if "status" in message:
                    statuses.append(message["status"])

            await app(dict(made), receive, send)
            return statuses == [200]

        if not await decide():
            raise RuntimeError("somebody with a pass is not let by")
        end.send(0.0)
        while await decide():
            await asyncio.sleep(PAUSE_SECONDS)
        end.send(time.monotonic())
    app.runtime.close()

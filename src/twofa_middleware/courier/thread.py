"""The courier of a gate: what requests call, and the thread that goes round behind them.

The thread begins with the first event or count that something has to be done for, so a server that forks its workers
forks none; each worker has its own. It ends with the gate: closed, dropped, or with the interpreter.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from ..accounts.audit import EVENTS
from ..asks import Count, Emit
from ..protocol import Sink, Store
from ..sealing import Sealer
from .at_once import AtOnce
from .outbox import Outbox
from .rounds import DAY_SECONDS, Rounds

LOGGER = logging.getLogger("twofa_middleware")
ROUND_SECONDS = 1.0
EXIT_SECONDS = 1.0
CLOSE_SECONDS = 5.0


class Courier:
    """Takes events and counts; nothing here waits or raises. ``sinks``: each with its name and that of its mark."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        app: str,
        clock: Callable[[], float],
        sinks: Sequence[tuple[str, str, Sink]],
        *,
        carries: bool,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._app = app
        self._clock = clock
        self._carries = carries
        self._later = [(name, mark, sink) for name, mark, sink in sinks if not sink.is_immediate]
        self._at_once = AtOnce([(name, sink) for name, _, sink in sinks if sink.is_immediate])
        self._tally: Callable[[], Callable[[], Mapping[str, int]] | None] = lambda: None
        self._begin()
        _every.add(self)

    def _begin(self) -> None:
        """Nothing waits, and no thread runs: so at the start, and in a forked child. What waited is its parent's."""
        self._starting = threading.Lock()
        self._pace = _Pace()
        self._thread: threading.Thread | None = None
        self._outbox = Outbox()
        # The thread does not keep its gate alive: who drops the gate without closing it ends the thread, too.
        self._dropped = weakref.finalize(self, self._pace.end)
        self._dropped.atexit = False

    def emit(self, ask: Emit) -> None:
        """Tell the immediate sinks of an event, and leave it for the store if that does not have it."""
        event = ask.event
        if self._at_once.is_repeated(ask.once_a_day, event.at):
            return
        self._at_once.tell(event)
        if not ask.is_kept and event.name in EVENTS:
            self._outbox.put(event)
        elif not self._carries:
            return
        self._run()

    def count(self, ask: Count) -> None:
        self._outbox.count(int(self._clock()) // DAY_SECONDS, f"{ask.app} {ask.decision}")
        self._run()

    def collect(self, tally: Callable[[], Mapping[str, int]]) -> None:
        """Ask this method, too, what was counted since, at each round; it is not kept alive for that."""
        self._tally = weakref.WeakMethod(tally)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._pace.end()
        thread = self._thread
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def end_soon(self) -> threading.Thread | None:
        """Let the thread end; it has still to write what waits."""
        self._pace.end()
        return self._thread

    def after_fork_in_child(self) -> None:
        self._dropped.detach()  # a thread that is not here any more may have held the locks of that pace
        self._begin()

    def _run(self) -> None:
        if self._thread is not None or self._pace.is_ending:
            return
        with self._starting:
            if self._thread is not None:
                return
            rounds = Rounds(
                self._store,
                self._sealer,
                self._app,
                self._clock,
                self._at_once,
                self._outbox,
                carries=self._carries,
                sinks=self._later,
                wake=self._pace.hurry,
                tally=self._tally,
            )
            thread = threading.Thread(target=_go_round, args=(rounds, self._pace), name="twofa-courier", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # too many threads, or the interpreter ends: the next event tries again
                LOGGER.warning("the courier of events cannot start: %s", error)
            else:
                self._thread = thread


class _Pace:
    """When the next round is, and whether it is the last."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.is_ending = False

    def wait(self) -> None:
        self._event.wait(ROUND_SECONDS)
        self._event.clear()

    def hurry(self) -> None:
        self._event.set()

    def end(self) -> None:
        self.is_ending = True
        self._event.set()


def _go_round(rounds: Rounds, pace: _Pace) -> None:
    while not pace.is_ending:
        pace.wait()
        if not pace.is_ending:
            rounds.once()
    rounds.last()


_every: weakref.WeakSet[Courier] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for courier in list(_every):
        courier.after_fork_in_child()


@atexit.register
def _end_all() -> None:
    """A second for all of them together; what a store does not take in it stands in the log."""
    until = monotonic() + EXIT_SECONDS
    for thread in [courier.end_soon() for courier in list(_every)]:
        if thread is not None:
            thread.join(max(0.0, until - monotonic()))


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork_in_child)

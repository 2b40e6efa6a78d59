"""What the courier does every second. Whatever goes wrong is tried again at the next round; nothing is raised.

Every process writes down what it has in its outbox. One at a time, who holds the lease, carries for the whole realm:
sweeps events from the users' logs to the realm's list, and delivers them to sinks from there.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic

from ..accounts.audit import EVENTS, row_of
from ..asks import REALM, AddCounts, Note, Notes, Sweep, TakeLease
from ..protocol import Event, Sink, Store, UserKey
from ..sealing import NONCE_BYTES, Sealer
from ..tracebacks import without_locals
from .at_once import AtOnce
from .delivery import Delivery
from .outbox import Outbox, Waiting

LOGGER = logging.getLogger("twofa_middleware")
LEASE_SECONDS = 15
ASK_SECONDS = 5
"""So often the lease is prolonged, or asked for by those who do not have it."""
WRITE_SECONDS = 1.0
"""So long a round goes on writing, user after user; the others' events have to wait for the next."""
ROWS_AT_ONCE = 100
DAY_SECONDS = 86400
SWEEP_USERS = 200
MOST_SWEEPS = 20
_TASK = "carry"


class Rounds:
    """``carries``: this process takes part in carrying. ``sinks`` get events by ``deliver``; each with its mark's name."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        app: str,
        clock: Callable[[], float],
        at_once: AtOnce,
        outbox: Outbox,
        *,
        carries: bool,
        sinks: Sequence[tuple[str, str, Sink]],
        wake: Callable[[], None],
        tally: Callable[[], Callable[[], Mapping[str, int]] | None],
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._app = app
        self._clock = clock
        self._at_once = at_once
        self._outbox = outbox
        self._tally = tally
        self._carries = carries
        self._deliveries = [
            Delivery(name, mark, sink, store, sealer, wake, self._tell_unreadable) for name, mark, sink in sinks
        ]
        self._holder = secrets.token_urlsafe(12)
        self._asked_at: int | None = None
        self._leased_until = 0
        self._failing: set[str] = set()

    def once(self) -> None:
        now = int(self._clock())
        self.write(now)
        if self._carries:
            with self._told("carry events"):
                self._carry(now)

    def last(self) -> None:
        """Before the end: what waits is written, and the lease is somebody else's at once."""
        now = int(self._clock())
        self.write(now)
        left = len(self._outbox.waiting())
        if left:
            LOGGER.warning("%d events end with this process: the store did not take them; the log has them", left)
        if self._leased_until > now:
            with self._told("give the lease back"):
                for delivery in self._deliveries:
                    delivery.move_mark(now)
                self._store.answer(TakeLease(_TASK, self._holder, now, now))

    # ---- what this process has --------------------------------------------------------------------------------------

    def write(self, now: int) -> None:
        """Write down what waits."""
        with self._told("write events down"):
            self._write_events(now)
        with self._told("write counts down"):
            self._write_counts()

    def _write_events(self, now: int) -> None:
        by_owner: dict[UserKey, list[Waiting]] = {}
        for one in self._outbox.waiting():
            owner = self._sealed(one)
            if owner is not None:
                by_owner.setdefault(owner, []).append(one)
        until, failed = monotonic() + WRITE_SECONDS, None
        for owner, ones in by_owner.items():
            try:
                for start in range(0, len(ones), ROWS_AT_ONCE):
                    part = ones[start : start + ROWS_AT_ONCE]
                    rows = tuple(one.row[1] for one in part if one.row)
                    self._store.answer(Note(owner, now, Notes({"done": rows})))
                    self._outbox.written(part)
            except Exception as error:
                failed = error  # it may be this user's records alone that cannot be written to
            if monotonic() > until:
                break
        if failed:
            raise failed
        lost = self._outbox.take_lost()
        if lost:
            self._tell(Event("events lost", now, self._app, facts={"count": lost}, severity="error"))
            self._write_events(now)

    def _sealed(self, one: Waiting) -> UserKey | None:
        """Whose log the event goes to; None for one that cannot be sealed, which is told and left out."""
        if one.row is None:
            try:
                owner = self._sealer.user_key(one.event.user) if one.event.user else REALM
                one.row = owner, row_of(self._sealer, one.event, os.urandom(NONCE_BYTES))
            except Exception as error:
                LOGGER.error("the event %r cannot be kept", one.event.name, exc_info=without_locals(error))
                self._outbox.written([one])
                return None
        return one.row[0]

    def _write_counts(self) -> None:
        tally = self._tally()
        if tally is not None and (counts := tally()):
            self._outbox.put_back(int(self._clock()) // DAY_SECONDS, counts)
        # A count is not worth an id: if the store's reply is lost, it may stand there twice.
        while taken := self._outbox.take_counts():
            try:
                self._store.answer(AddCounts(*taken))
            except Exception:
                self._outbox.put_back(*taken)
                raise

    # ---- what one does for the realm --------------------------------------------------------------------------------

    def _carry(self, now: int) -> None:
        if not self._has_lease(now):
            return
        for _ in range(MOST_SWEEPS):
            if self._store.answer(Sweep(now, SWEEP_USERS)).is_done:
                break
        for delivery in self._deliveries:
            with self._told(f"deliver events to {delivery.name}"):
                delivery.turn(now)

    def _has_lease(self, now: int) -> bool:
        if self._asked_at is None or abs(now - self._asked_at) >= ASK_SECONDS:
            was_ours = now < self._leased_until
            until = now + LEASE_SECONDS
            is_ours = self._store.answer(TakeLease(_TASK, self._holder, until, now))
            self._asked_at, self._leased_until = now, until if is_ours else 0
            if not (was_ours and is_ours):
                for delivery in self._deliveries:
                    delivery.forget()
            if is_ours:
                from ..stores.line import tick  # no room of plugins is loaded before it is needed

                tick(self._store, now)
        return now < self._leased_until

    # ---- what is to be told of it -----------------------------------------------------------------------------------

    def _tell_unreadable(self, sink: str, count: int, now: int) -> None:
        self._tell(Event("events unreadable", now, self._app, facts={"count": count, "sink": sink}, severity="error"))

    def _tell(self, event: Event) -> None:
        self._at_once.tell(event)
        if event.name in EVENTS:
            self._outbox.put(event)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """What fails is told when it begins to fail, not every second."""
        try:
            yield
        except Exception as error:
            if what not in self._failing:
                self._failing.add(what)
                LOGGER.warning("cannot %s, it is tried again: %s: %s", what, type(error).__name__, error)
        else:
            self._failing.discard(what)

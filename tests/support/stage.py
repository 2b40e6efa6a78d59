"""A realm with its two apps behind the gate, and the people who come to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.exchange import Exchange
from support.realm import ORIGINS, Clock, Realm, make_realm
from support.setup_codes import setup_code
from support.spy import Spy
from support.visitor import Visitor
from twofa_middleware.accounts.administer import Actor, enforce
from twofa_middleware.accounts.history import read_history
from twofa_middleware.accounts.rules import read_flags
from twofa_middleware.asks import Done
from twofa_middleware.desk import Desk
from twofa_middleware.drive import drive
from twofa_middleware.protocol import Event, Flow, Result
from twofa_middleware.wiring import open_desk

ADA = Actor("1", "ada")
Wrap = Callable[[Realm, Spy, str], Exchange]


@dataclass
class Stage:
    """``shop`` and ``office`` are exchanges with the two apps; ``spies`` has what reached each."""

    realm: Realm
    spies: dict[str, Spy]
    wrap: Wrap
    everybody: list[Visitor] = field(default_factory=list)
    _wrapped: dict[str, Exchange] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return self.realm.clock

    @property
    def spy(self) -> Spy:
        return self.spies["shop"]

    def exchange(self, app: str = "shop") -> Exchange:
        if app not in self._wrapped:
            self._wrapped[app] = self.wrap(self.realm, self.spies[app], app)
        return self._wrapped[app]

    def visitor(self, user: str | None = None, login: str = "login-1", *, app: str = "shop", **more: Any) -> Visitor:
        """Somebody with a new browser; with a user, logged in to the app."""
        visitor = Visitor(self.exchange(app), self.clock, origin=ORIGINS[app], app=app, **more)
        if user is not None:
            visitor.log_in(user, login)
        self.everybody.append(visitor)
        return visitor

    def meets(self, visitor: Visitor, app: str = "shop") -> Visitor:
        """The same person and browser, at this stage's app."""
        self.everybody.append(visitor.at(self.exchange(app), ORIGINS[app], app))
        return self.everybody[-1]

    def enrolled(self, user: str = "erin", *, app: str = "shop") -> Visitor:
        """Somebody who has just turned two-factor authentication on; a new code is there already."""
        visitor = self.visitor(user, app=app)
        visitor.set_up(reset=setup_code(self.realm, user))
        self.clock.on(30)
        self.spies[app].calls.clear()
        return visitor

    def changed(self, **changes: Any) -> Stage:
        """The same store and keys, served anew with other settings; the clock goes on."""
        realm = make_realm(self.realm.folder, **changes)
        realm.clock = self.clock
        return Stage(realm, self.spies, self.wrap, self.everybody)

    def administer(self, act: Callable[[Desk], Flow[Result]]) -> Result:
        """What an administrator does at the realm's desk, as the command line does it."""
        desk, answers = open_desk(self.realm.settings)
        try:
            return drive(act(desk), answers.answer)
        finally:
            answers.store.close()  # type: ignore[attr-defined]

    def enforce(self, role: str, *, is_enforced: bool = True, grace_days: int = 0) -> None:
        """Set the flag on a role, whatever it is now."""

        def act(desk: Desk) -> Flow[object]:
            flags = yield from read_flags(desk)
            version = flags[role].version if role in flags else 0
            return (
                yield from enforce(
                    desk, ADA, role, version, is_enforced=is_enforced, grace_days=grace_days, now=self.clock.now
                )
            )

        assert self.administer(act) == Done()

    def events(self) -> list[Event]:
        """The realm's list of events, the oldest first."""
        history = self.administer(lambda desk: read_history(desk, lambda _: True, "", 1000, self.clock.now + 60))
        return list(reversed(history.events))

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The store's file, as somebody has it who can write to it."""
        with closing(sqlite3.connect(self.realm.store_file)) as db, db:
            yield db


Open = Callable[..., Stage]

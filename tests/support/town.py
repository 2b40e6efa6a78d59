"""A running server with a small app behind the gate, and people who come to it: the same store, from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.ending import end
from support.exchange import AsgiExchange, Exchange, Pairs, WsgiExchange
from support.realm import Realm, make_realm
from support.servers import Server, running
from support.spy import Spy
from support.stage import ADA
from support.visitor import Visitor
from twofa_middleware.accounts.administer import forget
from twofa_middleware.drive import drive
from twofa_middleware.protocol import Person
from twofa_middleware.wiring import open_desk

MACHINE_SECONDS = 8
"""What a busy machine may take besides what is promised."""


@dataclass
class Newcomer:
    """Somebody who has just shown a second factor."""

    user: str
    cookies: Pairs


class Town:
    def __init__(self, server: Server, realm: Realm, exchange: Exchange) -> None:
        self.server = server
        self._realm = realm
        self._exchange = exchange
        self._people = 0

    def newcomer(self) -> Newcomer:
        return self._come(has_verified=True)

    def half_way(self) -> Newcomer:
        """Somebody who is logged in, has a second factor, and has not shown it in this browser."""
        return self._come(has_verified=False)

    def _come(self, *, has_verified: bool) -> Newcomer:
        self._people += 1
        user = f"person-{self._people}"
        visitor = Visitor(self._exchange, self._realm.clock)
        visitor.log_in(user)
        visitor.set_up()
        if not has_verified:
            visitor = visitor.elsewhere()
            visitor.log_in(user, "login-2")
        return Newcomer(user, [("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()))])

    def wait_for(self, call: str) -> None:
        """Until the app has written this down."""
        deadline = time.monotonic() + MACHINE_SECONDS
        while call not in self.server.calls():
            assert time.monotonic() < deadline, self.server.calls()
            time.sleep(0.02)

    def end_all_of(self, somebody: Newcomer) -> None:
        """An administrator ends all sessions."""
        desk, answers = open_desk(self._realm.settings)
        try:
            drive(forget(desk, ADA, Person(somebody.user), "", self._realm.clock.now), answers.answer)
        finally:
            answers.store.close()  # type: ignore[attr-defined]


@contextmanager
def town_with(folder: Path, *command: str) -> Iterator[Town]:
    """Serve ``support.wsgi_site`` or ``support.asgi_site`` by this command; erin has a second factor there."""
    realm = make_realm(folder)
    asynchronous = any("asgi_site" in part for part in command)
    gate: Any
    exchange: Any
    if asynchronous:
        from twofa_middleware.asgi import TwoFactorMiddleware as Asgi

        gate = Asgi(Spy().asgi, realm.settings, name="shop", clock=realm.clock)
        exchange = AsgiExchange(gate)
    else:
        from twofa_middleware.wsgi import TwoFactorMiddleware as Wsgi

        gate = Wsgi(Spy().wsgi, realm.settings, name="shop", clock=realm.clock)
        exchange = WsgiExchange(gate)
    erin = Visitor(exchange, realm.clock)
    erin.log_in()
    erin.set_up()
    with running(folder, *command) as server:
        yield Town(server, realm, exchange)
    if asynchronous:
        exchange.close()
    end(gate)

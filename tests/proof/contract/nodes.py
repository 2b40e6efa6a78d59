"""Servers of one realm, each with a clock of its own, and people whose phones have another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.doors import door
from support.ending import end
from support.exchange import AsgiExchange, Exchange, WsgiExchange
from support.gates import realm_on
from support.realm import NOW, Clock, Realm, session_cookie
from support.redis_servers import new_realm, shared_redis
from support.spy import Spy
from support.stores import sqlite_url
from support.visitor import Visitor, forms_of

STORES = ("sqlite", "redis")


@dataclass
class Node:
    """One server: an adapter, an app that counts its calls, and what it takes for the time."""

    exchange: Exchange
    spy: Spy
    clock: Clock


@dataclass
class Town:
    """``phone`` is the right time, which phones and the app show; ``nodes`` serve the same app."""

    realm: Realm
    nodes: list[Node]
    phone: Clock

    def pass_time(self, seconds: int) -> None:
        for clock in (self.phone, *(node.clock for node in self.nodes)):
            clock.on(seconds)

    def comes(self, user: str, login: str, node: Node, of: Visitor | None = None) -> Visitor:
        """Somebody with a new browser, at this node; ``of``: who has the phone."""
        visitor = Visitor(node.exchange, self.phone)
        visitor.cookies["session"] = session_cookie(user, login, at=node.clock.now)
        if of is not None:
            visitor.key, visitor.codes = of.key, of.codes
        return visitor

    def enrolled(self, user: str, node: Node) -> Visitor:
        """Somebody who has turned it on there, with a code that is new by now."""
        visitor = self.comes(user, "login-1", node)
        assert visitor.set_up().status == 200
        self.pass_time(30)
        return visitor


def at(node: Node, visitor: Visitor) -> Visitor:
    """The same browser, whose next request another server gets."""
    return dataclasses.replace(visitor, exchange=node.exchange)


def is_in(visitor: Visitor) -> bool:
    """Whether the app is reached by somebody whom it knows by the session's cookie."""
    spy: Spy = visitor.exchange.spy  # type: ignore[attr-defined]
    spy.calls.clear()
    visitor.fetch("/home")
    return any("session=" in call.headers.get("cookie", "") for call in spy.calls)


def enters(visitor: Visitor, code: str | None = None) -> bool:
    """Whether a code, else the one that the phone shows, is accepted; where the prompt takes none, it is not."""
    page = visitor.go("/2fa/verify?next=/home")
    form = next((form for form in forms_of(page.text) if "code" in form.names), None)
    if form is None:
        return False
    sent = form.hidden | {"code": visitor.code() if code is None else code}
    return visitor.post("/2fa/verify", sent).status == 303


@contextmanager
def town(folder: Path, store: str, *offsets: int, now: int = NOW) -> Iterator[Town]:
    """Nodes whose clocks are off by so many seconds, WSGI and ASGI in turn."""
    url, name = (sqlite_url(folder), "test") if store == "sqlite" else (shared_redis().url, new_realm())
    realm = realm_on(folder, url, name, events={"sinks": [], "carry": False})
    phone, nodes, opened = Clock(now), list[Node](), list[Any]()
    for number, offset in enumerate(offsets):
        spy, clock = Spy(), Clock(now + offset)
        is_wsgi = number % 2 == 0
        app: Any = spy.wsgi if is_wsgi else spy.asgi
        gate = door("wsgi" if is_wsgi else "asgi")(app, realm.settings, name="shop", clock=clock)
        exchange: Any = WsgiExchange(gate) if is_wsgi else AsgiExchange(gate)
        exchange.spy = spy
        nodes.append(Node(exchange, spy, clock))
        opened.append((exchange, gate))
    try:
        yield Town(realm, nodes, phone)
    finally:
        for exchange, gate in opened:
            if isinstance(exchange, AsgiExchange):
                exchange.close()
            end(gate)

"""A realm in which erin has a second factor and wendy has none, and ASGI apps behind its gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import logins
from support.asgi_wire import App
from support.ending import end
from support.exchange import AsgiExchange
from support.realm import SIGNED_COOKIE, Realm, make_realm
from support.spy import Spy
from support.visitor import Visitor
from twofa_middleware.asgi import TwoFactorMiddleware

Behind = Callable[..., App]


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    made = make_realm(tmp_path)
    gate = TwoFactorMiddleware(Spy().asgi, made.settings, name="shop", clock=made.clock)
    exchange = AsgiExchange(gate)
    erin = Visitor(exchange, made.clock)
    erin.log_in()
    erin.set_up()
    exchange.close()
    end(gate)
    made.clock.on(30)
    return made


@pytest.fixture
def state_realm(realm: Realm) -> Realm:
    """The same people, in an app that keeps its sessions on the server, and takes the signed cookie besides."""
    logins.WHO.clear()
    identity: list[Any] = [SIGNED_COOKIE, logins.SERVER_SESSION]
    return make_realm(realm.folder, shop={"identity": identity})


@pytest.fixture
def behind(realm: Realm) -> Iterator[Behind]:
    """Put an app behind the gate."""

    gates: list[TwoFactorMiddleware] = []

    def behind(app: App, at: Realm = realm) -> App:
        gates.append(TwoFactorMiddleware(app, at.settings, name="shop", clock=realm.clock))
        return gates[-1]

    yield behind
    for gate in gates:
        end(gate)

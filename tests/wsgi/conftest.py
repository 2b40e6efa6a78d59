"""A realm in which erin has a second factor and wendy has none, and WSGI apps behind its gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from support import logins
from support.ending import end
from support.exchange import WsgiExchange
from support.realm import SIGNED_COOKIE, Realm, make_realm
from support.spy import Spy
from support.visitor import Visitor
from support.wsgi_wire import App
from twofa_middleware.wsgi import TwoFactorMiddleware

Behind = Callable[..., App]


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    made = make_realm(tmp_path)
    gate = TwoFactorMiddleware(Spy().wsgi, made.settings, name="shop", clock=made.clock)
    erin = Visitor(WsgiExchange(gate), made.clock)
    erin.log_in()
    erin.set_up()
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
    """Put an app behind the gate; wsgiref's validator stands between the two unless the test needs the very objects."""

    gates: list[TwoFactorMiddleware] = []

    def behind(app: App, at: Realm = realm, *, checked: bool = True) -> App:
        inner: Any = validator(app) if checked else app
        gates.append(TwoFactorMiddleware(inner, at.settings, name="shop", clock=realm.clock))
        return gates[-1]

    yield behind
    for gate in gates:
        end(gate)

"""The contract of both adapters: each test runs on every adapter that is installed, with the same expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.environment import is_importable
from support.exchange import AsgiExchange, Exchange, WsgiExchange
from support.realm import Clock, Realm, make_realm
from support.spy import Spy
from support.visitor import Visitor

ADAPTERS = [adapter for adapter, needs in (("wsgi", "werkzeug"), ("asgi", "starlette")) if is_importable(needs)]


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    return make_realm(tmp_path)


@pytest.fixture
def clock(realm: Realm) -> Clock:
    return realm.clock


@pytest.fixture
def spy() -> Spy:
    return Spy()


Wrap = Callable[..., Exchange]


@pytest.fixture
def wrap(adapter: str) -> Iterator[Wrap]:
    """Put an app behind the gate: ``wrap(realm, spy, name="shop")``."""
    opened: list[AsgiExchange] = []

    def wrapped(realm: Realm, spy: Spy, name: str = "shop") -> Exchange:
        if adapter == "wsgi":
            from twofa_middleware.wsgi import TwoFactorMiddleware

            return WsgiExchange(TwoFactorMiddleware(spy.wsgi, realm.settings, name=name, clock=realm.clock))
        from twofa_middleware.asgi import TwoFactorMiddleware as Asgi

        exchange: Any = AsgiExchange(Asgi(spy.asgi, realm.settings, name=name, clock=realm.clock))
        opened.append(exchange)
        return exchange

    yield wrapped
    for exchange in opened:
        exchange.close()


@pytest.fixture
def visitor(wrap: Wrap, realm: Realm, spy: Spy) -> Visitor:
    return Visitor(wrap(realm, spy), realm.clock)

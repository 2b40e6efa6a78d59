"""The doors of both adapters, as far as they are installed, and apps put behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from support.ending import end
from support.environment import is_importable
from support.exchange import AsgiExchange, Exchange, WsgiExchange
from support.realm import Realm
from support.spy import Spy

ADAPTERS = [adapter for adapter, needs in (("wsgi", "werkzeug"), ("asgi", "starlette")) if is_importable(needs)]

Wrap = Callable[..., Exchange]


def door(adapter: str) -> Any:
    """The class that an app is wrapped in."""
    if adapter == "wsgi":
        from twofa_middleware.wsgi import TwoFactorMiddleware
    else:
        from twofa_middleware.asgi import TwoFactorMiddleware
    return TwoFactorMiddleware


@contextmanager
def wrapping(adapter: str) -> Iterator[Wrap]:
    """Put apps behind the gate: ``wrap(realm, spy, name="shop")``; without a realm, the app as it is."""
    opened: list[Any] = []
    gates: list[Any] = []

    def wrapped(realm: Realm | None, spy: Spy, name: str = "shop") -> Exchange:
        app: Any = spy.wsgi if adapter == "wsgi" else spy.asgi
        exchange: Any = WsgiExchange if adapter == "wsgi" else AsgiExchange
        if realm is not None:
            app = door(adapter)(app, realm.settings, name=name, clock=realm.clock)
            gates.append(app)
        opened.append(exchange(app))
        return opened[-1]

    try:
        yield wrapped
    finally:
        for exchange in opened:
            if adapter == "asgi":
                exchange.close()
        for gate in gates:
            end(gate)

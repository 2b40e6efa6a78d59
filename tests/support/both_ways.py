"""One app behind two gates on one store: one passes what it has decided a moment ago by its bytes, the other decides each
request anew. What the first one answers from memory has to be what the other one answers, to the browser and to the app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.ending import end
from support.exchange import AsgiExchange, Body, Pairs, Reply, WsgiExchange
from support.realm import Realm
from support.setup_codes import setup_code
from support.spy import Behaviour, Spy
from support.visitor import Visitor

READS = {"Look", "ReadRoles"}
"""What a decision may ask without changing anything."""
_BY_THE_COURIER = {"AddCounts", "AddEvents", "FollowEvents", "MoveMark", "ReadMark", "Sweep", "TakeLease"}


class Counted:
    """A store that writes down what it is asked for requests."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked: list[str] = []

    def _note(self, ask: Any) -> None:
        if type(ask).__name__ not in _BY_THE_COURIER:
            self.asked.append(type(ask).__name__)

    def check(self) -> None:
        self._store.check()

    def answer(self, ask: Any) -> Any:
        self._note(ask)
        return self._store.answer(ask)

    async def answer_async(self, ask: Any) -> Any:
        self._note(ask)
        return await self._store.answer_async(ask)

    def close(self) -> None:
        self._store.close()


class Gated:
    """An app behind one gate, in a process whose own clock stands still, so that no second passes unseen. ``got``: what
    the app got with each request, of the environ or the scope; ``decided``: how many requests went the long way."""

    def __init__(self, kind: Any, adapter: str, realm: Realm, routes: dict[str, Behaviour] | None) -> None:
        self.realm, self.spy, self.got = realm, Spy(routes), list[dict[str, Any]]()
        inner: Any = self._wsgi if adapter == "wsgi" else self._asgi
        self.gate = kind(inner, realm.settings, name="shop", clock=realm.clock)
        self.exchange: Any = WsgiExchange(self.gate) if adapter == "wsgi" else AsgiExchange(self.gate)
        self.hot = self.gate.runtime.hot
        self.at = 0.0
        self.hot._near._clock = lambda: self.at
        self.decided = 0
        decide = self.gate._decide

        def counted(*arguments: Any) -> Any:
            self.decided += 1
            return decide(*arguments)

        self.gate._decide = counted
        near_store = self.gate.runtime.answers.store
        self.store = near_store._store = Counted(near_store._store)

    def _wsgi(self, environ: Any, start_response: Any) -> Any:
        self.got.append({key: value for key, value in environ.items() if isinstance(value, str)})
        return self.spy.wsgi(environ, start_response)

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        self.got.append({**scope, "headers": sorted(scope["headers"])})
        await self.spy.asgi(scope, receive, send)

    @property
    def asked(self) -> list[str]:
        return self.store.asked

    def visitor(self, user: str | None = None, login: str = "login-1") -> Visitor:
        visitor = Visitor(self.exchange, self.realm.clock)
        if user is not None:
            visitor.log_in(user, login)
        return visitor

    def known(self, user: str = "erin", login: str = "login-1") -> Visitor:
        """Somebody whose next request is answered from memory: erin after the prompt, others because they need nothing."""
        visitor = self.visitor(user, login)
        if user == "erin":
            visitor.set_up(reset=setup_code(self.realm, user))
            self.realm.clock.on(30)
        for _ in range(3):  # a pass is opened, read and known
            visitor.go("/home")
        self.forget_what_was()
        return visitor

    def decide_nothing_more(self) -> None:
        """What is not answered from memory is answered 599, and changes nothing."""
        is_wsgi = isinstance(self.exchange, WsgiExchange)

        def wsgi(environ: Any, start_response: Any) -> list[bytes]:
            self.decided += 1
            start_response("599 Not known", [("Content-Type", "text/plain")])
            return [b""]

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            self.decided += 1
            await send({"type": "http.response.start", "status": 599, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        self.gate._decide = wsgi if is_wsgi else asgi

    def forget_what_was(self) -> None:
        """Of the app's calls and the store's questions."""
        self.asked.clear()
        self.got.clear()
        self.spy.calls.clear()

    def close(self) -> None:
        if isinstance(self.exchange, AsgiExchange):
            self.exchange.close()
        end(self.gate)


@dataclass
class BothWays:
    """``short`` remembers; ``long`` decides each request anew."""

    short: Gated
    long: Gated

    @classmethod
    def of(cls, kind: Any, adapter: str, realm: Realm, routes: dict[str, Behaviour] | None = None) -> BothWays:
        made = cls(Gated(kind, adapter, realm, routes), Gated(kind, adapter, realm, routes))
        made.long.gate._shortcut = None
        return made

    def is_answered_from_memory(
        self, method: str, target: str, headers: Pairs, body: Body = b"", **more: Any
    ) -> Reply | None:
        """The answer, if nobody was asked for it. Where the request went the short way and the store was only read, on a
        strict path or for the head of a stream, too, the other gate has read as well, and answers just the same."""
        short, long = self.short, self.long
        for side in (short, long):
            side.forget_what_was()
        decided = short.decided
        reply: Reply = short.exchange.request(method, target, headers, body, **more)
        if short.decided > decided or not set(short.asked) <= READS:
            return None
        expected = long.exchange.request(method, target, headers, body, **more)
        assert (reply.status, reply.headers, reply.body) == (expected.status, expected.headers, expected.body)
        assert (short.got, short.spy.calls) == (long.got, long.spy.calls)
        assert not any(b"2fa-" in repr(got).encode() for got in short.got)
        assert set(long.asked) <= READS
        return None if short.asked else reply

    def close(self) -> None:
        self.short.close()
        self.long.close()

"""A realm in front of an app that counts its calls, and people who come to it in every way that a resolver knows."""

from __future__ import annotations

import dataclasses
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from proof.matrix.axes import Asked
from support import portal
from support.asgi_wire import DENIAL, Wire, run, scope_of, talk
from support.doors import door
from support.ending import end
from support.exchange import AsgiExchange, Body, Exchange, Pairs, Reply, WsgiExchange, exchange_http
from support.realm import Realm, make_realm
from support.setup_codes import setup_code
from support.spy import Behaviour, Call, Spy
from support.stage import Stage
from support.visitor import Visitor

ROLES: dict[str, Any] = portal.ROLES
PINNED = {"pinned": ["Chef"]}


@dataclass
class Presenting:
    """An exchange that adds to each request by what a server, or a client, knows who comes."""

    exchange: Exchange
    headers: Pairs = field(default_factory=list)
    server: dict[str, Any] = field(default_factory=dict)
    name: str = "presenting"

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Body = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        return self.exchange.request(
            method, target, [*(headers or []), *self.headers], body, root=root, server=self.server | (server or {})
        )


@dataclass(frozen=True)
class Way:
    """How a resolver is configured, and how somebody comes whom it knows. ``enter(visitor, user, login)`` logs in at the
    app; ``settings`` and ``office`` are those of the two apps. ``asks``: the page that the resolver itself asks of the app.
    ``shows_session``: it tells one log-in of a user from the next."""

    name: str
    settings: dict[str, Any]
    enter: Callable[[Scene, Visitor, str, str], None]
    office: dict[str, Any] = field(default_factory=dict)
    routes: dict[str, Behaviour] = field(default_factory=dict)
    asks: frozenset[str] = frozenset()
    shows_session: bool = True
    reads_headers: frozenset[str] = frozenset()
    enter_office: Callable[[Scene, Visitor, str, str], None] | None = None


@dataclass
class Scene:
    """``stage`` has the realm, its clock and store; ``gates`` are those of its apps. ``requests`` counts what was asked."""

    adapter: str
    way: Way
    stage: Stage
    gates: dict[str, Any]
    requests: Counter[str] = field(default_factory=Counter)

    @property
    def reached(self) -> list[Call]:
        """What has reached the app, without what a resolver has asked of it."""
        return [call for call in self.stage.spy.calls if call.path not in self.way.asks]

    def somebody(self, user: str, login: str = "login-1", *, app: str = "shop") -> Visitor:
        """Somebody with a new browser whom the resolver knows."""
        presenting = Presenting(self.stage.exchange(app))
        origin = self.stage.realm.settings.app(app).origins[0]
        visitor = Visitor(presenting, self.stage.clock, origin=origin, app=app)
        enter = self.way.enter if app == "shop" else self.way.enter_office or self.way.enter
        enter(self, visitor, user, login)
        return visitor

    def elsewhere(self, visitor: Visitor, user: str, login: str = "login-2", *, app: str = "shop") -> Visitor:
        """The same phone, in a new browser, and after a new log-in."""
        return dataclasses.replace(self.somebody(user, login, app=app), key=visitor.key, codes=visitor.codes)

    def enrolled(self, user: str = "erin", *, app: str = "shop") -> Visitor:
        visitor = self.somebody(user, app=app)
        page = visitor.set_up(reset=setup_code(self.stage.realm, user))
        assert len(visitor.codes) == 10, (page.status, page.headers)
        self.stage.clock.on(30)
        return visitor

    @contextmanager
    def deciding_each(self) -> Iterator[None]:
        """Nothing passes by what was decided a moment ago: each request goes the long way."""
        gate = self.gates["shop"]
        shortcut, gate._shortcut = gate._shortcut, None
        try:
            yield
        finally:
            gate._shortcut = shortcut

    # ---- asking, without anything between the gate and the test

    def ask_all(self, visitor: Visitor, asked: Iterable[Asked], judge: Callable[[Asked, Reply], None]) -> None:
        """Ask all of it, each with the visitor's cookies as they are now, and let each reply be judged."""
        gate, presenting = self.gates["shop"], visitor.exchange
        assert isinstance(presenting, Presenting)
        cookie = [("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()))]
        headers = [*presenting.headers, *(cookie if visitor.cookies else [])]
        if self.adapter == "wsgi":
            for one in asked:
                self.stage.spy.calls.clear()
                judge(one, _ask_wsgi(gate, one, [*one.dress.headers, *headers], presenting.server))
                self.requests["wsgi"] += 1
            return

        async def ask() -> None:
            for one in asked:
                self.stage.spy.calls.clear()
                scope = _scope(one, [*one.dress.headers, *headers], presenting.server)
                judge(one, await exchange_http(gate, scope, one.dress.body))
                self.requests["asgi"] += 1

        exchange: Any = presenting.exchange
        exchange.run(ask())

    def open_all(self, visitor: Visitor, asked: Iterable[Asked], judge: Callable[[Asked, Wire], None]) -> None:
        """The same for WebSockets, which have a path and a mount alone; every other server can send denials."""
        presenting = visitor.exchange
        assert isinstance(presenting, Presenting)
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        headers = [*presenting.headers, ("Cookie", cookie), ("Origin", visitor.origin)]

        async def ask() -> None:
            for number, one in enumerate(asked):
                self.stage.spy.calls.clear()
                scope = _scope(one, headers, presenting.server) | {
                    "type": "websocket",
                    "scheme": "ws",
                    "subprotocols": [],
                }
                scope["extensions"] = {DENIAL: {}} if number % 2 else {}
                del scope["method"]
                judge(one, await talk(self.gates["shop"], scope))
                self.requests["websocket"] += 1

        exchange: Any = presenting.exchange
        exchange.run(ask())

    def open_of_type(self, visitor: Visitor, kind: str) -> Wire:
        """A connection of a type that no adapter knows, as this visitor."""
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        self.stage.spy.calls.clear()
        scope = scope_of("GET", "/home", [("Cookie", cookie)]) | {"type": kind}
        return run(self.gates["shop"], scope, [{"type": "http.disconnect"}])


class _AsgiExchange(AsgiExchange):
    def run(self, done: Any) -> None:
        self._runner.run(done)


def _ask_wsgi(gate: Any, asked: Asked, headers: Pairs, server: dict[str, Any]) -> Reply:
    path, _, query = asked.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": asked.mount,
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": asked.mount.rstrip("/") + asked.target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(asked.dress.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(asked.dress.body)),
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    environ |= server
    started: list[Any] = []

    def start_response(status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [int(status[:3]), headers]
        return written.append

    written: list[bytes] = []
    chunks = gate(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Reply(started[0], started[1], b"".join(written) + body)


def _scope(asked: Asked, headers: Pairs, server: dict[str, Any]) -> dict[str, Any]:
    path, _, query = asked.target.partition("?")
    mounted = asked.mount.rstrip("/") + path
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(mounted, errors="surrogateescape"),
        "raw_path": mounted.encode("latin-1"),
        "root_path": asked.mount,
        "query_string": query.encode("latin-1"),
        "headers": [*pairs, (b"content-length", str(len(asked.dress.body)).encode())],
        "client": ("127.0.0.1", 4711),
        "server": ("localhost", 8000),
        "extensions": {"http.response.push": {}, "http.response.trailers": {}, "http.response.pathsend": {}},
    } | server


@contextmanager
def opened(adapter: str, folder: Path, way: Way, **changes: Any) -> Iterator[Scene]:
    """The realm of the matrix, with this way to come: ``chef`` needs a second factor, all others may have one."""
    portal.reset()
    portal.roles["chef"] = ["Chef"]
    given = {"roles": ROLES, "enforcement": PINNED, "events": {"sinks": [], "carry": False}} | changes
    given["shop"] = {"exempt": ["GET /static/**", "GET /health"]} | way.settings | given.get("shop", {})
    given["office"] = way.office | given.get("office", {})
    with standing(adapter, folder, way, given) as scene:
        yield scene


@contextmanager
def standing(adapter: str, folder: Path, way: Way, settings: dict[str, Any]) -> Iterator[Scene]:
    """A realm whose settings are given whole."""
    gates: dict[str, Any] = {}
    exchanges: list[Any] = []

    def wrap(realm: Realm, spy: Spy, name: str) -> Exchange:
        app: Any = spy.wsgi if adapter == "wsgi" else spy.asgi
        gates[name] = door(adapter)(app, realm.settings, name=name, clock=realm.clock)
        exchanges.append(WsgiExchange(gates[name]) if adapter == "wsgi" else _AsgiExchange(gates[name]))
        made: Exchange = exchanges[-1]
        return made

    stage = Stage(make_realm(folder, **settings), {"shop": Spy(way.routes), "office": Spy()}, wrap)
    stage.exchange()
    try:
        yield Scene(adapter, way, stage, gates)
    finally:
        for exchange in exchanges:
            if adapter == "asgi":
                exchange.close()
        for gate in gates.values():
            end(gate)

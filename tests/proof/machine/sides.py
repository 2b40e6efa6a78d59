"""Two whole gates on which the same moves are made: one behind each adapter, each with a store of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from proof.machine.faults import Fault, FaultyStore
from proof.machine.words import word_of
from support.doors import door
from support.ending import end
from support.exchange import AsgiExchange, Reply, WsgiExchange
from support.gates import realm_on
from support.realm import COOKIES, ORIGINS, Clock, session_cookie
from support.redis_servers import new_realm, shared_redis, wait_until
from support.spy import Behaviour, Call, Spy, Told
from support.visitor import Visitor
from twofa_middleware import asks
from twofa_middleware.accounts.resealing import reseal_flags, reseal_user
from twofa_middleware.cli.key_files import replace_ring
from twofa_middleware.desk import Desk
from twofa_middleware.drive import drive
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Flow, Result, UserKey
from twofa_middleware.wiring import open_desk

APPS = ("shop", "office")
SETTINGS: dict[str, Any] = {
    "roles": {"use": "callable", "callable": "proof.machine.people:roles_of", "groups": {"Kitchen": ["Chef"]}},
    "admin": {"roles": ["Boss"]},
    "office": {"admin": True},
}


class Side:
    """``cookies``: the values of the model's tokens here. ``keys`` and ``codes``: what its pages have shown."""

    def __init__(self, adapter: str, kind: str, folder: Path, clock: Clock) -> None:
        self.name = f"{adapter} on {kind}"
        url = f"sqlite:///{folder / 'twofa.db'}" if kind == "sqlite" else shared_redis().url
        self.realm = realm_on(folder, url, new_realm(), **SETTINGS)
        self.realm.clock = self.clock = clock
        self.desk, self._answers = open_desk(self.realm.settings)
        self.spies = {app: Spy(_routes(app, clock)) for app in APPS}
        self.gates, self.exchanges, self.stores = {}, {}, dict[str, FaultyStore]()
        self.tick = 0.0
        for app in APPS:
            inner: Any = self.spies[app].wsgi if adapter == "wsgi" else self.spies[app].asgi
            gate = door(adapter)(inner, self.realm.settings, name=app, clock=clock)
            near_store = gate.runtime.answers.store
            near_store._store = FaultyStore(near_store._store)
            near_store._near._clock = lambda: self.tick
            self.stores[app] = near_store._store
            self.gates[app] = gate
            self.exchanges[app] = WsgiExchange(gate) if adapter == "wsgi" else AsgiExchange(gate)
        self.start_anew()

    def start_anew(self) -> None:
        self.jars: dict[str, dict[str, str]] = {}
        self.keys: dict[int, str] = {}
        self.codes: dict[int, list[str]] = {}
        self.values: dict[int, str] = {}

    def close(self) -> None:
        for app in APPS:
            if isinstance(self.exchanges[app], AsgiExchange):
                self.exchanges[app].close()
            end(self.gates[app])
        self._answers.store.close()  # type: ignore[attr-defined]

    # ---- requests -------------------------------------------------------------------------------------------------------

    def visitor(self, jar: str, app: str) -> Visitor:
        return Visitor(self.exchanges[app], self.clock, self.jars.setdefault(jar, {}), origin=ORIGINS[app], app=app)

    def ask(
        self, app: str, request: Callable[[Visitor], Reply], jar: str, fault: Fault | None = None
    ) -> tuple[str, Reply, bool]:
        """The answer in the words of the model, the answer as it came, and whether the fault was met."""
        calls, store = self.spies[app].calls, self.stores[app]
        calls.clear()
        if fault is not None:
            self.gates[app].runtime.hot._near.doubt()  # each side asks all there is to ask
        store.fault, store.asked = fault, 0
        try:
            reply = request(self.visitor(jar, app))
            has_struck = store.has_struck
        finally:
            store.fault = None
        assert len(calls) <= 1
        for call in calls:
            assert "2fa-" not in call.headers.get("cookie", ""), "the app got a cookie of the gate's"
        word = "secret" if calls and reply.status == 200 else word_of(reply)
        return ("called " if calls else "") + word, reply, has_struck

    def named(self, cookie: str) -> tuple[str, str] | None:
        """Kind, and app or user's key, of the cookie of this name."""
        for app, name in COOKIES.items():
            if cookie == name:
                return "session", app
        found = re.fullmatch(rf"2fa-(pass|flow|browser)-{self.realm.settings.realm}-(.+)", cookie)
        return (found[1], found[2]) if found else None

    def cookie_name(self, kind: str, whose: str) -> str:
        if kind == "session":
            return COOKIES[whose]
        last = self.user_key(whose) if kind == "browser" else whose
        return f"2fa-{kind}-{self.realm.settings.realm}-{last}"

    # ---- the store ------------------------------------------------------------------------------------------------------

    def user_key(self, user: str) -> UserKey:
        return self.desk.sealer.user_key(user)

    def administer(self, act: Callable[[Desk], Flow[Result]]) -> Result:
        return drive(act(self.desk), self._answers.answer)

    def summary(self, user: str) -> tuple[Any, ...]:
        """What the store has of somebody, as far as the model knows it too."""
        found = self._answers.answer(asks.ReadSummary(self.user_key(user), self.clock.now))
        account, attempts = found.account, found.attempts
        until = attempts.until if isinstance(attempts, asks.Waiting) else 0
        factors = (
            (account.generation & 0xFFFFF, account.last_step, len(account.authenticators)) if account else (0, 0, 0)
        )
        codes = len(account.codes) if account else 0
        return (*factors, codes, type(attempts).__name__, until, found.failures, found.passes, found.browsers)

    def fail(self, user: str) -> None:
        self._answers.answer(asks.TakeAttempt(self.user_key(user), self.clock.now))

    def reseal(self, users: Iterable[str]) -> None:
        """Seal anew what older keys have made."""
        self.administer(lambda desk: reseal_flags(desk, self.clock.now))
        for user in users:
            done = self.administer(lambda desk, user=user: reseal_user(desk, desk.user_key(user), self.clock.now))
            assert done.is_done

    def settle(self, user: str) -> None:
        """Wait until no gate believes anything from before of the user: Redis tells them in its own time."""
        for gate in self.gates.values():
            near = gate.runtime.hot._near
            wait_until(lambda near=near: not self._believes(near, user), "a gate has heard of an end")  # type: ignore[misc]

    def _believes(self, near: Any, user: str) -> bool:
        kept = [near._kept.get(key) for key in list(near._of_user.get(self.user_key(user), ()))]
        stamp = near._stamp()
        return any(one is not None and one.stamp == stamp for one in kept)

    @property
    def ring(self) -> KeyRing:
        return KeyRing.load(self.realm.settings.keys, self.realm.folder)

    def use_ring(self, ring: KeyRing) -> None:
        """Put a ring in the place of the one that is there; a second passes until every server has seen it."""
        replace_ring(self.realm.folder / "var" / "keys.toml", self.ring, ring)
        for sealer in (self.desk.sealer, *(gate.runtime.gate.site.sealer for gate in self.gates.values())):
            sealer.live_ring._look_at = 0.0
            assert sealer.ring == ring


def _routes(app: str, clock: Clock) -> dict[str, Behaviour]:
    """The app's own log-in and log-out, in its own cookie."""

    def log_in(call: Call) -> Told:
        fields = dict(part.split("=", 1) for part in call.query.split("&"))
        cookie = session_cookie(fields["user"], fields["login"], at=clock.now)
        return Told(303, [("Location", "/home"), ("Set-Cookie", f"{COOKIES[app]}={cookie}; Path=/; HttpOnly")], b"")

    def log_out(call: Call) -> Told:
        return Told(303, [("Location", "/login"), ("Set-Cookie", f"{COOKIES[app]}=; Path=/; Max-Age=0")], b"")

    return {"/login": log_in, "/logout": log_out}

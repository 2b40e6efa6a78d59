"""A gate without a server before it, in either colour, over any store: people come and go as behind an adapter."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.cli.gated import GateExchange
from support.exchange import Body, Pairs, Reply
from support.realm import APP_SECRET, Realm, document, keys_of
from support.telling import watch
from support.visitor import Visitor
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.keyring import KeyRing
from twofa_middleware.keys_and_store import store_kind
from twofa_middleware.protocol import Ask
from twofa_middleware.sealing import Sealer
from twofa_middleware.settings import Settings


def realm_on(folder: Path, url: str, name: str = "test", **changes: Any) -> Realm:
    """A realm whose store is at this URL; the same folder again has the same keys."""
    os.environ["TWOFA_TEST_SECRET"] = APP_SECRET
    keys = folder / "var" / "keys.toml"
    if not keys.exists():
        write_ring(KeyRing.new(), keys)
    made = document(realm=name, store=url, **changes)
    kind, address, options = store_kind(Settings.of(made, folder=folder))
    found = kind.create(address, name, options)
    sealer = Sealer(name, keys_of(folder))
    watch(url, name)
    return Realm(folder, Settings.of(made | {"store_id": sealer.store_id(found)}, folder=folder))


TURNS = 4


class Gate(GateExchange):
    """``calls`` counts what reached the app. ``before`` is called with each question, before anybody answers it."""

    def __init__(self, realm: Realm, app: str = "shop", *, in_an_event_loop: bool = False) -> None:
        super().__init__(realm, app)
        self.realm, self.calls = realm, 0
        self.before: Callable[[Ask[Any]], object] = lambda ask: None
        self._runtime = self.runtime
        self._runner = asyncio.Runner() if in_an_event_loop else None
        self.runtime: Any = self  # its answers go through ours

    @property
    def gate(self) -> Any:
        return self._runtime.gate

    @property
    def store(self) -> Any:
        return self._runtime.answers.store

    def answer(self, ask: Ask[Any]) -> Any:
        self.before(ask)
        if self._runner is None:
            return self._runtime.answer(ask)
        return self._runner.run(self._answer_in_turn(ask))

    async def _answer_in_turn(self, ask: Ask[Any]) -> Any:
        for _ in range(TURNS):  # a loop that serves an app has seen by now what came meanwhile, such as an end
            await asyncio.sleep(0)
        return await self._runtime.answer_async(ask)

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
        reply = super().request(method, target, headers, body, root=root, server=server)
        self.calls += reply.body == b"secret page"
        return reply

    def visitor(self, user: str, login: str = "login-1") -> Visitor:
        """Somebody with a new browser, logged in to the app."""
        visitor = Visitor(self, self.realm.clock)
        visitor.log_in(user, login)
        return visitor

    def enrolled(self, user: str = "erin") -> Visitor:
        """Somebody who has just turned two-factor authentication on; a new code is there already."""
        visitor = self.visitor(user)
        assert visitor.set_up().status == 200
        self.realm.clock.on(30)
        return visitor

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
        self._runtime.close()

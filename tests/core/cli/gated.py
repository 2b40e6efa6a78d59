"""The gate without a server before it, so that people come and go also where no adapter is installed."""

from __future__ import annotations

import json
from typing import Any

from support.exchange import Body, Pairs, Reply
from support.realm import Realm
from twofa_middleware.drive import drive
from twofa_middleware.http import Answer, Request
from twofa_middleware.program import PeekBody, ReadBody
from twofa_middleware.protocol import Ask
from twofa_middleware.wiring import build


class GateExchange:
    """Asks the gate of one app, whose every page says "secret page"."""

    name = "gate"

    def __init__(self, realm: Realm, app: str) -> None:
        # The directory may have coroutine functions; no page that is asked here needs it.
        self.runtime = build(realm.settings, app, asynchronous=True, clock=realm.clock)
        self._clock = realm.clock

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
        def answer(ask: Ask[Any]) -> Any:
            return body if isinstance(ask, ReadBody | PeekBody) else self.runtime.answer(ask)

        path, _, query = target.partition("?")
        pairs = tuple((name.lower().encode(), value.encode()) for name, value in headers or [])
        request = Request("http", method, root, path, path.encode(), query.encode(), pairs, {}, self._clock.now)
        outcome: Any = drive(self.runtime.gate.admit(request), answer)
        if not isinstance(outcome, Answer) and outcome.must_release(()):
            outcome = drive(self.runtime.gate.release(outcome, 200, ()), answer)
        said = [(name.decode(), value.decode()) for name, value in getattr(outcome, "headers", ())]
        if isinstance(outcome, Answer):
            return Reply(outcome.status, said, outcome.body)
        return Reply(200, said, b"secret page")


def as_toml(value: Any) -> str:
    """A value of the settings as a file has it, in one line."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {as_toml(one)}" for key, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value)


def settings_file(document: dict[str, Any]) -> str:
    """The whole file."""
    return "".join(f"{key} = {as_toml(value)}\n" for key, value in document.items())

"""A realm with secrets that occur nowhere by chance, on SQLite and on a Redis with a password, behind either adapter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.canaries import CANARIES, Canaries
from support.doors import wrapping
from support.gates import realm_on
from support.receiver import SECRET, Receiver, webhook
from support.redis_servers import Server, a_server
from support.spy import Spy
from support.stage import Stage
from support.stores import sqlite_url
from support.telling import redis_bytes, sqlite_bytes

PASSWORD = "canary-password-of-the-redis"
ERIN = "canary-user-erin-1f0c"
ADA = "canary-user-ada-77ab"
EMAIL = "canary-mail@erin.example"


@dataclass
class Scene:
    """``names``: what must not be in the store, besides every secret."""

    stage: Stage
    receiver: Receiver
    url: str
    server: Server | None
    names: Canaries

    def stored(self) -> list[bytes]:
        if self.server is None:
            return list(sqlite_bytes(Path(self.url.removeprefix("sqlite:///"))))
        return list(redis_bytes(self.url, "canaries"))


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Server | None]]:
    if request.param == "sqlite":
        yield sqlite_url(tmp_path), None
        return
    with a_server("--requirepass", PASSWORD) as server:
        yield server.url.replace("//", f"//:{PASSWORD}@"), server


@pytest.fixture(params=["wsgi", "asgi"])
def scene(
    request: pytest.FixtureRequest,
    store: tuple[str, Server | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    url, server = store
    monkeypatch.setenv("TWOFA_TEST_HOOK", SECRET)
    CANARIES.keep("password of the store", PASSWORD)
    CANARIES.keep("secret of the webhook", SECRET, SECRET.removeprefix("whsec_"))
    names = Canaries()
    names.keep("user name", ERIN, ADA, EMAIL)
    changes: dict[str, Any] = {
        "roles": {"use": "static", "users": {ADA: ["admin"]}},
        "admin": {"roles": ["admin"]},
        "shop": {"admin": True},
    }
    with Receiver() as receiver, wrapping(request.param) as wrap:
        realm = realm_on(tmp_path, url, "canaries", events={"sinks": [{"use": "log"}, webhook(receiver)]}, **changes)
        yield Scene(Stage(realm, {"shop": Spy(), "office": Spy()}, wrap), receiver, url, server, names)

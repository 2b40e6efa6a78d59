"""A realm for the fuzzers, in which everything is the same in each run: keys, times, tokens, records.

So what was found once is found again from the input alone. ``erin`` has two-factor authentication on, and a browser in
which she has passed; a ``thief`` has her password, in another log-in; ``mallory`` has an account of his own.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote_to_bytes

from support.doors import wrapping
from support.exchange import Reply
from support.gates import realm_on
from support.realm import code_at, make_realm
from support.redis_servers import a_server
from support.spy import Behaviour, Spy
from support.stage import Stage
from support.visitor import Visitor
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.keyring import KeyRing
from twofa_middleware.stores import redis_deadline

from .stored import RedisKeys, SqliteRows, Stored

PATIENCE_SECONDS = 60
RING = KeyRing(b"n" * 32, b"key1", {b"key1": b"1" * 32})


@contextmanager
def logged_to_nobody() -> Iterator[None]:
    """Lines of the log are made, and kept by nobody."""
    logger, handler = logging.getLogger("twofa_middleware"), logging.NullHandler()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated


@contextmanager
def same_each_time() -> Iterator[None]:
    """The system's random bytes are the same in each run, in the thread that asks for a request."""
    chance, real, thread = random.Random(8), os.urandom, threading.get_ident()

    def urandom(size: int) -> bytes:
        return chance.randbytes(size) if threading.get_ident() == thread else real(size)

    with mock.patch.object(os, "urandom", urandom):
        yield


class World:
    """``stage`` has the realm and its apps; the clock stands still unless somebody turns it."""

    def __init__(
        self,
        folder: Path,
        adapter: str,
        routes: dict[str, Behaviour] | None = None,
        *,
        on_redis: bool = False,
        **changes: Any,
    ) -> None:
        self._ending = ExitStack()
        self._ending.enter_context(logged_to_nobody())
        self._ending.enter_context(same_each_time())
        for name in ("SOCKET_SECONDS", "QUESTION_SECONDS"):  # nothing here is about time
            self._ending.enter_context(mock.patch.object(redis_deadline, name, PATIENCE_SECONDS))
        if not (keys := folder / "var" / "keys.toml").exists():
            write_ring(RING, keys)
        if on_redis:
            server = self._ending.enter_context(a_server())
            realm = realm_on(folder, server.url, **changes)
            self.stored: Stored = RedisKeys(server.port)
        else:
            realm = make_realm(folder, **changes)
            self.stored = SqliteRows(realm.store_file)
        self._ending.callback(self.stored.close)
        wrap = self._ending.enter_context(wrapping(adapter))
        self.adapter = adapter
        self.stage = Stage(realm, {"shop": Spy(routes), "office": Spy(routes)}, wrap)
        self.mallory = self.stage.enrolled("mallory")
        self.mallory.log_in("mallory", "login-5")
        self.mallory.verify(remember="1")
        self.erin = self.stage.enrolled("erin")
        self.thief = self.stage.visitor("erin", "login-2", key=self.erin.key)
        self.spy.calls.clear()
        self.now = self.stage.clock.now
        self.stored.keep()

    @property
    def spy(self) -> Spy:
        return self.stage.spy

    def is_lucky(self, data: bytes, *, of: Visitor | None = None) -> bool:
        """Whether a right code may stand in the input, in whatever spelling: then it would be no wonder if it passed."""
        digits = re.sub(rb"[^0-9]", b"", unquote_to_bytes(data.replace(b"+", b"")))
        keys = {self.erin.key, self.mallory.key, of.key if of else self.erin.key}
        return any(code_at(key, self.now + 30 * step).encode() in digits for key in keys for step in range(-1, 6))

    def keep(self) -> None:
        """Everything in the store is now as ``rewind`` makes it again."""
        self.stored.keep()

    def rewind(self) -> None:
        """Let the store and the clock be as they were."""
        self.stage.clock.now = self.now
        self.stored.rewind()

    def forgive(self) -> None:
        """No try of before counts."""
        self.stored.forgive()

    def count(self, table: str) -> int:
        """How many rows there are, in SQLite."""
        assert isinstance(self.stored, SqliteRows)
        return self.stored.count(table)

    def refused(self, reply: Reply, *, may_be_503: bool = False, gives: bool = False) -> tuple[int, str]:
        """Nobody got in by this, and nothing of ours has failed. What can be seen of the answer."""
        assert self.spy.calls == [], f"the app was called: {self.spy.calls}"
        assert reply.status < 500 or (reply.status == 503 and may_be_503), f"status {reply.status}"
        for line in reply.all("set-cookie"):
            is_ours = line.startswith(("2fa-pass", "2fa-browser")) and not gives
            assert not is_ours or "Max-Age=0" in line, f"a cookie was given: {line}"
        title = re.search(rb"<title>([^<]*)|\"type\": \"([^\"]*)", reply.body)
        return reply.status, title[0].decode("utf-8", "replace") if title else (reply.header("location") or "")[:20]

    def close(self) -> None:
        self._ending.close()


class InWorld:
    """A target with a world of its own."""

    world: World

    def close(self) -> None:
        self.world.close()

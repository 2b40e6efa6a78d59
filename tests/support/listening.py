"""A process that listens to a Redis, for tests of what it hears, and of what it may still believe when it hears nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep

from support.redis_servers import new_realm
from support.stores import ALICE, NOW, ask
from twofa_middleware import asks
from twofa_middleware.protocol import StoreOptions, UserKey
from twofa_middleware.stores.near_cache import NearCache
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import keys_of

SECONDS = 20
"""So long a busy machine may take for what has to come about at all."""


@dataclass
class Process:
    """A process of the realm, whose own clock stands still, so that it believes what it hears alone."""

    store: RedisStore
    realm: str
    url: str = ""
    heard: dict[UserKey | None, threading.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.near = NearCache(self.store.changes(), clock=lambda: 0.0)
        forget = self.near.forget

        def told(user: UserKey | None) -> None:
            forget(user)
            self.heard.setdefault(user, threading.Event()).set()

        self.near.forget = told  # type: ignore[method-assign]

    def is_believed(self) -> bool:
        return self.near.mark() is not None

    def listens(self) -> None:
        until = monotonic() + SECONDS
        while not self.is_believed():
            assert monotonic() < until, "it never heard anything"
            sleep(0.01)

    def remembers(self, user: UserKey = ALICE) -> None:
        """Something of the user is kept, and found."""
        until = monotonic() + SECONDS
        while self.near.find(user) is None:
            self.listens()
            mark = self.near.mark()
            if mark is not None:
                self.near.vouch(mark)
                self.near.keep(mark, user, user, "decision")
            assert monotonic() < until, "it was never kept"

    def has(self, user: UserKey = ALICE) -> bool:
        return self.near.find(user) is not None

    @contextmanager
    def hears_of(self, user: UserKey | None = ALICE) -> Iterator[None]:
        """Of a change of the user's in here it is told, and remembers nothing of it."""
        self.remembers(user or ALICE)
        event = self.heard[user] = threading.Event()
        yield
        assert event.wait(SECONDS), "nobody said a word"
        assert not self.has(user or ALICE)

    def keys(self, user: UserKey = ALICE) -> tuple[str, ...]:
        return keys_of(self.realm, user)


def a_process(ending: ExitStack, url: str, realm: str | None = None, options: StoreOptions | None = None) -> Process:
    realm = realm or new_realm()
    options = options or StoreOptions()
    store = RedisStore(url, RedisStore.create(url, realm, options), realm, options)
    process = Process(ending.enter_context(closing(store)), realm, url)
    ending.callback(process.near.close)
    return process


def ended(store: RedisStore) -> None:
    """Alice's passes end."""
    ask(store, asks.EndPasses(ALICE, NOW))

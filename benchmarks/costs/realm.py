"""A realm for an app, and a person in it who has an authenticator and, in one browser, a pass.

The settings are a file, as anybody has one. The records are made by the code that makes them behind the prompt, and
written by ``WriteRecords``: nobody has to type a code.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from twofa_middleware.accounts.account import BIRTH_BYTES, TOTP, changed, new_generation
from twofa_middleware.accounts.passes import Method, new_pass
from twofa_middleware.asks import AccountRow, PassRow, Random, Records, WriteRecords
from twofa_middleware.browser.cookies import PassCookie
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.drive import drive
from twofa_middleware.errors import ConfigError
from twofa_middleware.factors import recovery
from twofa_middleware.factors.totp import step_at
from twofa_middleware.http import Request
from twofa_middleware.identify import Known
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Ask, Flow
from twofa_middleware.runtime import Runtime
from twofa_middleware.sealing import NONCE_BYTES, Sealer
from twofa_middleware.settings import Settings
from twofa_middleware.stores.redis import RedisStore
from twofa_middleware.stores.sqlite import SQLiteStore
from twofa_middleware.wiring import build

from .cases import NAME, SECRET

SIGNED_COOKIE = (
    '{ use = "signed_cookie", cookie = "session", secret = "env:BENCH_SECRET", user = "user", session = "login" }'
)
DJANGO = '{ use = "django" }'
STRICT = 'strict = ["ANY /strict/**"]\n'
TOML = """realm = "{realm}"
name = "Benchmark"
store = "{store}"
store_id = "{store_id}"
keys = "file:keys.toml"

[apps.shop]
origins = ["http://localhost:8000"]
identity = [{identity}]
login = ["POST /login"]
logout = ["POST /logout"]
login_page = "/login"
exempt = ["GET /static/**"]
{strict}"""


@dataclass(frozen=True)
class Realm:
    """``file``: the settings. ``has_strict``: whether they know paths for which the store is asked each time."""

    file: Path
    has_strict: bool

    @property
    def settings(self) -> Settings:
        return Settings.load(self.file)

    def runtime(self) -> Runtime:
        return build(self.settings, NAME, asynchronous=False)


def quiet() -> None:
    """A gate tells of its start, and when it ends after its store it tells of that, too: here to nobody."""
    logger = logging.getLogger("twofa_middleware")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def make_realm(folder: Path, url: str, identity: str = SIGNED_COOKIE) -> Realm:
    """A new realm in a folder of its own; ``url`` is that of a Redis, or empty for SQLite."""
    os.environ["BENCH_SECRET"] = SECRET
    folder.mkdir()
    name = f"bench-{secrets.token_hex(4)}"
    write_ring(KeyRing.new(), folder / "keys.toml")
    store = url or f"sqlite:///{folder / 'store.db'}"
    made = RedisStore.create(store, name) if url else SQLiteStore.create(store, name)
    store_id = Sealer(name, KeyRing.load("file:keys.toml", folder)).store_id(made)
    file = folder / "twofa.toml"
    for strict in (STRICT, ""):
        file.write_text(TOML.format(realm=name, store=store, store_id=store_id, identity=identity, strict=strict))
        try:
            Settings.load(file)
        except ConfigError as error:
            if not strict or "strict" not in str(error):
                raise
        else:
            return Realm(file, bool(strict))
    raise ConfigError(f"{file}: the settings are refused")


def let_in(runtime: Runtime, cookie: str) -> str:
    """Give who comes with this cookie an account and a pass; the cookie of the pass."""
    return pass_cookie(runtime, let_in_as(runtime, cookie))


def let_in_as(runtime: Runtime, cookie: str) -> PassCookie:
    now, site = int(time.time()), runtime.gate.site
    identified = drive(runtime.gate.identify(request_of(cookie, now)), runtime.answer)
    if not isinstance(identified, Known):
        raise RuntimeError(f"nobody is logged in by the cookie: {identified}")
    user, name = site.user_key(identified.login), secrets.token_hex(4)
    generation = new_generation(0, os.urandom(BIRTH_BYTES))
    secret = site.sealer.seal(TOTP, (user, name), os.urandom(20), os.urandom(NONCE_BYTES))
    texts = recovery.from_random(os.urandom(recovery.CODES * recovery.CODE_BYTES))
    codes = frozenset(recovery.keyed_hash(site.sealer, user, text.replace("-", "")) for text in texts)
    change = changed(site.sealer, user, generation, since=now, kinds={name: TOTP}, sealed={name: secret}, codes=codes)
    row, made = _made(new_pass(site, identified.login, generation, Method.TOTP, now))
    account = AccountRow(generation, step_at(now), change.roster, change.authenticators, change.codes)
    runtime.answer(WriteRecords(user, 0, Records(account=account, passes=(row,)), now))
    return made


def pass_cookie(runtime: Runtime, made: PassCookie) -> str:
    return f"{runtime.gate.site.cookies.passes.decode()}={made.dump().decode()}"


def request_of(cookie: str, now: int) -> Request:
    headers = ((b"host", b"localhost:8000"), (b"cookie", cookie.encode()))
    return Request("http", "GET", "", "/page", b"/page", b"", headers, {}, now)


def _made(flow: Flow[tuple[PassRow, PassCookie]]) -> tuple[PassRow, PassCookie]:
    """Run a flow that asks for nothing but random bytes."""

    def answer(ask: Ask[Any]) -> bytes:
        if not isinstance(ask, Random):
            raise TypeError(f"a pass was not made of random bytes alone: {ask}")
        return os.urandom(ask.size)

    return drive(flow, answer)


def session_cookie(user: str, at: int, *, is_permanent: bool = False) -> str:
    """A session cookie as Flask signs it at that time."""

    class SignerAt(TimestampSigner):
        def get_timestamp(self) -> int:
            return at

    options = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
    serializer = URLSafeTimedSerializer(SECRET, salt="cookie-session", signer=SignerAt, signer_kwargs=options)
    facts: dict[str, Any] = {"user": user, "login": f"login of {user}"} | ({"_permanent": True} if is_permanent else {})
    return f"session={_text(serializer.dumps(facts))}"


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()


def people(realm: Realm, cookies: Iterable[str]) -> list[str]:
    """Let several in by their cookies; the Cookie header of each."""
    with closing(realm.runtime()) as runtime:
        return [f"{cookie}; {let_in(runtime, cookie)}" for cookie in cookies]

"""A realm in a temporary folder: keys, a real SQLite store, settings for one app, and a clock that tests turn."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from support.canaries import CANARIES
from support.telling import watch
from twofa_middleware.cli.key_files import write_ring
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer
from twofa_middleware.settings import Settings
from twofa_middleware.stores.sqlite import SQLiteStore

NOW = 1_800_000_000
ORIGIN = "http://localhost:8000"
ORIGINS = {"shop": ORIGIN, "office": "http://localhost:8001"}
COOKIES = {"shop": "session", "office": "office_session"}
APP_SECRET = "the secret of the app"
SALT = "session"


@dataclass
class Clock:
    """Whole seconds since 1970, until somebody turns it."""

    now: int = NOW

    def __call__(self) -> float:
        return self.now

    def on(self, seconds: int) -> None:
        self.now += seconds


@dataclass
class Realm:
    """``shop`` is the app; ``office`` is another app of the same realm, on another port of the same host."""

    folder: Path
    settings: Settings
    clock: Clock = field(default_factory=Clock)

    @property
    def store_file(self) -> Path:
        return self.folder / "var" / "twofa.db"


SIGNED_COOKIE: dict[str, Any] = {
    "use": "signed_cookie",
    "cookie": "session",
    "secret": "env:TWOFA_TEST_SECRET",
    "format": "itsdangerous",
    "salt": SALT,
    "user": "user",
    "session": "login",
    "label": "name",
    "max_age_seconds": 30 * 86400,
}


def document(**changes: Any) -> dict[str, Any]:
    """The settings of the test realm; what is named replaces top-level keys, and ``shop`` is merged into its app."""
    shop: dict[str, Any] = {
        "origins": [ORIGIN],
        "identity": [SIGNED_COOKIE],
        "login": ["POST /login"],
        "logout": ["POST /logout"],
        "login_page": "/login",
        "home": "/",
        "logout_cookies": ["session"],
        "exempt": ["GET /static/**"],
    } | changes.pop("shop", {})
    others = {"origins": [ORIGINS["office"]], "identity": [SIGNED_COOKIE | {"cookie": COOKIES["office"]}]}
    office = shop | others | {"logout_cookies": [COOKIES["office"]]} | changes.pop("office", {})
    made = {"realm": "test", "name": "Test Portal", "support": "Service desk, ext. 4711", "store_id": ""}
    return made | {"apps": {"shop": shop, "office": office}} | changes


def make_realm(folder: Path, **changes: Any) -> Realm:
    """A new realm; the same folder again is the same store and keys with other settings."""
    os.environ["TWOFA_TEST_SECRET"] = APP_SECRET
    if not (folder / "var" / "keys.toml").exists():
        write_ring(KeyRing.new(), folder / "var" / "keys.toml")
    made = document(**changes)
    name = SQLiteStore.create(f"sqlite:///{folder / 'var' / 'twofa.db'}", made["realm"])
    sealer = Sealer(made["realm"], keys_of(folder))
    watch(f"sqlite:///{folder / 'var' / 'twofa.db'}", made["realm"])
    return Realm(folder, Settings.of(made | {"store_id": sealer.store_id(name)}, folder=folder))


def keys_of(folder: Path) -> KeyRing:
    """The realm's keys, which like the app's secret are written nowhere else."""
    ring = KeyRing.load("file:var/keys.toml", folder)
    CANARIES.keep("naming key", ring.naming)
    CANARIES.keep("key of the ring", *ring.keys.values())
    CANARIES.keep("app's secret", APP_SECRET)
    return ring


def session_cookie(user: object, login: str = "login-1", name: str = "", at: int = NOW) -> str:
    """The app's session cookie, as the app signs it; without a user it is an anonymous session."""

    class SignerAt(TimestampSigner):
        def get_timestamp(self) -> int:
            return at

    facts = {"user": user, "login": login, "name": name or str(user)} if user is not None else {"basket": []}
    text = URLSafeTimedSerializer(APP_SECRET, salt=SALT, signer=SignerAt).dumps(facts)
    return text if isinstance(text, str) else text.decode()


def code_at(key: str, now: int) -> str:
    """The code that a phone shows for a key, spaces or not."""
    return pyotp.TOTP(key.replace(" ", "")).generate_otp(now // 30)

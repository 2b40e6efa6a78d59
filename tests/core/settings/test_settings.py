"""What the settings are where nothing is said, and where it is said what they are."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from core.settings.documents import SMALLEST, document, settings, written
from twofa_middleware.errors import ConfigError
from twofa_middleware.settings import Settings
from twofa_middleware.settings.store import Acknowledge, StoreSettings

# The sample of the design, with the second app, which it leaves open, filled in.
SAMPLE = """\
realm = "demo"
name = "Produce and Manage"
support = "Service desk, ext. 4711"
profile = "classic"
store_id = "7f3k-q2ab-3c4d-5e6f"
store = "sqlite:///var/twofa.db"
keys = "file:var/keys.toml"
roles = { use = "callable", callable = "portal_directory:roles_of" }
enforcement = { starts = "next-login", pinned = [] }
service_accounts = [{ user = "5", apps = ["produce"], by = "bearer", reason = "task mail", until = 2027-06-30 }]

[apps.produce]
origins = ["http://localhost:8001"]
identity = [{ use = "signed_cookie", cookie = "produce_session", secret = "env:PRODUCE_SECRET", user = "user_id", session = "login_id", label = "user_name" },
            { use = "bearer", callable = "portal_directory:user_of_token" }]
login = ["POST /produce/login"]
logout = ["POST /produce/logout"]
login_page = "/produce/login"
home = "/produce/"
logout_cookies = ["produce_session"]
exempt = ["GET /produce/static/**"]

[apps.manage]
admin = true
origins = ["http://localhost:8002"]
identity = [{ use = "signed_cookie", cookie = "manage_session", secret = "env:MANAGE_SECRET", user = "user_id" }]
"""


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("support", ""),
        ("profile", "classic"),
        ("store", StoreSettings(url="sqlite:///var/twofa.db")),
        ("store_id", ""),
        ("keys", "file:var/keys.toml"),
        ("roles", {"use": "static"}),
        ("service_accounts", ()),
        ("prefix", "/2fa"),
        ("pass_hours", 24),
        ("idle_minutes", None),
        ("remember_days", None),
        ("insecure_http", False),
    ],
)
def test_a_key_of_the_realm_that_is_not_written_has_its_default(key: str, default: Any) -> None:
    assert getattr(settings(), key) == default


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("label", ""),
        ("admin", False),
        ("login", ()),
        ("login_answer", "hold"),
        ("logout", ()),
        ("login_page", "/"),
        ("home", "/"),
        ("logout_cookies", None),
        ("exempt", ()),
        ("credential_cookies", ()),
        ("cookie_path", "/"),
    ],
)
def test_a_key_of_an_app_that_is_not_written_has_its_default(key: str, default: Any) -> None:
    assert getattr(settings().app("shop"), key) == default


def test_nothing_is_enforced_by_default_and_what_is_starts_at_the_next_login() -> None:
    assert (settings().enforcement.pinned, settings().enforcement.starts) == ((), "next-login")


def test_the_defaults_of_one_realm_are_not_those_of_another() -> None:
    settings().roles["use"] = "callable"
    assert settings().roles == {"use": "static"}


@pytest.mark.parametrize(
    ("profile", "strict", "idle_seconds", "days", "window"),
    [("classic", False, 0, 90, (1, 1)), ("strict", True, 3600, 0, (1, 0))],
)
def test_a_profile_says_what_is_not_written(
    profile: str, strict: bool, idle_seconds: int, days: int, window: tuple[int, int]
) -> None:
    made = settings(profile=profile)
    assert (made.is_strict, made.idle_seconds, made.remembered_days, made.window) == (
        strict,
        idle_seconds,
        days,
        window,
    )


def test_what_is_written_goes_over_the_profile() -> None:
    made = settings(profile="classic", idle_minutes=15, remember_days=7)
    assert (made.idle_seconds, made.remembered_days) == (900, 7)
    assert settings(remember_days=0).remembered_days == 0
    assert settings(profile="strict", idle_minutes=30).idle_seconds == 1800
    assert [settings(next_step=yes).window for yes in (True, False)] == [(1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("changes", "first", "after"),
    [
        ({}, False, False),
        ({"profile": "strict"}, True, True),
        ({"admin": {"first_setup": "code"}}, True, True),
        ({"admin": {"after_reset": "code"}}, False, True),
        ({"admin": {"first_setup": "open", "after_reset": "open"}}, False, False),
        ({"profile": "strict", "admin": {"first_setup": "code", "after_reset": "code"}}, True, True),
    ],
)
def test_for_which_set_up_a_code_is_needed(changes: Any, first: bool, after: bool) -> None:
    made = settings(**changes)
    assert (made.first_setup_needs_code, made.reset_makes_code) == (first, after)


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://h", "unix:///run/r", "redis+sentinel://h/m", "rediss+cluster://h"]
)
def test_in_strict_a_replica_has_what_matters_on_every_kind_of_redis(url: str) -> None:
    assert settings(profile="strict", store=url).acknowledge == Acknowledge(replicas=1)
    disk = {"url": url, "acknowledge": {"fsync": True}}
    assert settings(profile="strict", store=disk).acknowledge == Acknowledge(fsync=True)
    assert settings(store=url).acknowledge == Acknowledge()
    assert settings(profile="strict", store="sqlite:///var/twofa.db").acknowledge == Acknowledge()


# ---- files ----------------------------------------------------------------------------------------------------------


def test_the_smallest_file_loads(tmp_path: Path) -> None:
    made = Settings.load(written(tmp_path, SMALLEST), environ={})
    assert (made.realm, made.name, list(made.apps)) == ("demo", "Portal", ["shop"])


def test_the_whole_sample_of_the_design_loads(tmp_path: Path) -> None:
    made = Settings.load(written(tmp_path, SAMPLE), environ={})
    assert [account.until for account in made.service_accounts] == [datetime.date(2027, 6, 30)]
    assert [resolver["use"] for resolver in made.app("produce").identity] == ["signed_cookie", "bearer"]
    assert made.app("produce").exempt == ("GET /produce/static/**",)
    assert made.app("manage").admin


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, SMALLEST)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    made = Settings.load("../twofa.toml", environ={})
    assert (made.folder, made.source) == (tmp_path, "../twofa.toml")


def test_a_dict_starts_from_the_working_folder_or_the_named_one(tmp_path: Path) -> None:
    assert settings().folder == Path.cwd()
    assert Settings.of(document(), folder=tmp_path).folder == tmp_path


def test_a_missing_file_is_named_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"twofa\.toml: there is no such file; `twofa init` writes a first one"):
        Settings.load(tmp_path / "twofa.toml", environ={})


@pytest.mark.parametrize("content", [b"realm = ", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "twofa.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"twofa\.toml: cannot be read: "):
        Settings.load(tmp_path / "twofa.toml", environ={})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings.load(tmp_path, environ={})


def test_a119_the_repr_of_the_settings_shows_no_secret() -> None:
    made = Settings.of(
        document(
            app={"identity": [{"use": "signed_cookie", "cookie": "s", "secret": "hunter2"}]},
            roles={"use": "static", "password": "hunter3"},
            store="redis://user:hunter4@localhost/0",
        )
    )
    assert "hunter" not in repr(made) + str(made) + repr(made.apps) + repr(made.app("shop"))

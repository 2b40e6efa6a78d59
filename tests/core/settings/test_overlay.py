"""The environment lies over the file, and is checked as the file is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.settings.documents import SMALLEST, written
from twofa_middleware.errors import ConfigError
from twofa_middleware.settings import Settings
from twofa_middleware.settings.store import StoreSettings


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("TWOFA__NAME", "Other Portal", "name", "Other Portal"),
        ("TWOFA__NAME", '"quoted"', "name", "quoted"),
        ("TWOFA__NAME", "", "name", ""),
        ("TWOFA__PASS_HOURS", "8", "pass_hours", 8),
        ("TWOFA__INSECURE_HTTP", "true", "insecure_http", True),
        ("TWOFA__STORE_ID", "7f3k-q2ab", "store_id", "7f3k-q2ab"),
        ("TWOFA__KEYS", "env:KEYS", "keys", "env:KEYS"),
        ("TWOFA__STORE", "sqlite:////srv/x.db", "store", StoreSettings(url="sqlite:////srv/x.db")),
        ("TWOFA__ROLES", '{ use = "callable" }', "roles", {"use": "callable"}),
        ("TWOFA__ROLES__USE", "callable", "roles", {"use": "callable"}),
    ],
)
def test_the_environment_goes_over_the_file(tmp_path: Path, variable: str, text: str, key: str, value: Any) -> None:
    path = written(tmp_path, SMALLEST if text else SMALLEST.replace("Portal", "x"))
    if key == "name" and not text:
        with pytest.raises(ConfigError, match="name: say what people shall see"):
            Settings.load(path, environ={variable: text})
    else:
        assert getattr(Settings.load(path, environ={variable: text}), key) == value


def test_the_environment_reaches_into_sections_and_apps(tmp_path: Path) -> None:
    environ = {
        "TWOFA__ENFORCEMENT__PINNED": '["Manager"]',
        "TWOFA__APPS__SHOP__HOME": "/start",
        "TWOFA__APPS__SHOP__ORIGINS": '["http://localhost:1"]',
    }
    made = Settings.load(written(tmp_path, SMALLEST), environ=environ)
    assert made.enforcement.pinned == ("Manager",)
    assert (made.app("shop").home, made.app("shop").origins) == ("/start", ("http://localhost:1",))


def test_other_variables_are_nothing_to_the_settings(tmp_path: Path) -> None:
    environ = {"TWOFA_NAME": "x", "twofa__name": "x", "MY_TWOFA__NAME": "x", "NAME": "x"}
    assert Settings.load(written(tmp_path, SMALLEST), environ=environ).name == "Portal"


def test_the_environment_is_that_of_the_process_if_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOFA__NAME", "From outside")
    assert Settings.load(written(tmp_path, SMALLEST)).name == "From outside"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("TWOFA__NAMES", "x", 'unknown key "names"; did you mean "name"?'),
        ("TWOFA__ENFORCEMENT__PINED", "[]", 'unknown key "pined" in [enforcement]; did you mean "pinned"?'),
        ("TWOFA__PASS_HOURS", "many", '"pass_hours": expected `int`, got `str`'),
        ("TWOFA__NAME__FIRST", "x", "environment variable TWOFA__NAME__FIRST: name is no section of the settings"),
        ("TWOFA__APPS__SHOP__HOME__X", "x", '"home" in [apps.shop]: expected `str`, got `object`'),
        ("TWOFA__FOLDER", "/srv", 'unknown key "folder"'),
        ("TWOFA__", "x", "unknown key"),
    ],
)
def test_what_the_environment_says_is_checked_as_the_file_is(
    tmp_path: Path, variable: str, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.load(written(tmp_path, SMALLEST), environ={variable: text})
    assert message in str(refused.value)
    assert variable in str(refused.value)


def test_a_text_that_only_begins_as_toml_is_plain_text(tmp_path: Path) -> None:
    made = Settings.load(written(tmp_path, SMALLEST), environ={"TWOFA__NAME": '5\nrealm = "other"'})
    assert (made.realm, made.name) == ("demo", '5\nrealm = "other"')

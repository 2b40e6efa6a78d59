"""``twofa check --explain KEY``: what a setting is, what it means, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli.conftest import Twofa

FILE = """
realm = "shop"
name = "Shop"
store = "redis://:hidden-word@localhost/0"

[apps.shop]
origins = ["http://localhost:8000"]
identity = [{ use = "remote_user" }]
login = ["POST /login"]
"""


@pytest.fixture
def explain(twofa: Twofa, folder: Path) -> Twofa:
    (folder / "twofa.toml").write_text(FILE)
    return lambda key: twofa("check", "--explain", key, "--json")


def test_a_setting_of_the_file_is_told_with_its_place_and_its_sentence(explain: Twofa) -> None:
    (found,) = explain("apps.shop.login").document["settings"]
    assert found == {
        "key": "apps.shop.login",
        "value": '["POST /login"]',
        "source": "twofa.toml",
        "meaning": found["meaning"],
    }
    assert "log somebody in" in found["meaning"]


def test_a_default_has_no_place(explain: Twofa) -> None:
    (found,) = explain("prefix").document["settings"]
    assert (found["value"], found["source"]) == ('"/2fa"', None)


def test_a_variable_is_named(explain: Twofa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFA__PASS_HOURS", "8")
    (found,) = explain("pass_hours").document["settings"]
    assert (found["value"], found["source"]) == ("8", "environment variable TWOFA__PASS_HOURS")


def test_a_fragment_is_named(explain: Twofa, folder: Path) -> None:
    (folder / "twofa.d").mkdir()
    (folder / "twofa.d" / "10-hours.toml").write_text("pass_hours = 9\n")
    (found,) = explain("pass_hours").document["settings"]
    assert found["value"] == "9"
    assert "10-hours.toml" in found["source"]


def test_a_table_is_told_key_by_key(explain: Twofa) -> None:
    keys = [one["key"] for one in explain("apps.shop").document["settings"]]
    assert {"apps.shop.origins", "apps.shop.home"} <= set(keys)
    assert [one["key"] for one in explain("apps").document["settings"]] == keys


def test_a_password_in_an_address_is_not_shown(explain: Twofa) -> None:
    assert "hidden-word" not in explain("store").out
    assert "hidden-word" not in explain("store.url").out


def test_an_unknown_key_says_what_was_meant(explain: Twofa) -> None:
    told = explain("apps.shop.logins")
    assert told.code == 2
    assert 'there is no key "logins" in [apps.shop]; did you mean "login"?' in told.document["error"]


def test_for_people_it_is_three_lines(twofa: Twofa, folder: Path) -> None:
    (folder / "twofa.toml").write_text(FILE)
    lines = twofa("check", "--explain", "realm").out.splitlines()
    assert lines[:2] == ['realm = "shop"', "    from twofa.toml"]
    assert len(lines) == 3

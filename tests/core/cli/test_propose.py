"""``twofa propose``, as far as it needs no framework; what real ones are proposed stands in tests/apps."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.conftest import Twofa
from twofa_middleware.errors import PluginError
from twofa_middleware.plugins import options_of
from twofa_middleware.proposing.writing import name_of
from twofa_middleware.settings import Settings

BARE = "def app(environ, start_response): ...\ndef create(number=1): return app\n"


@pytest.fixture
def module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of nobody's framework in the folder, which Python forgets afterwards."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    (folder / "plainshop.py").write_text(BARE)
    yield "plainshop"
    for name in ("plainshop", "failing", "ending"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("target", ["plainshop:app", "plainshop:create()", "plainshop:create(number=2)"])
def test_any_app_gets_settings_that_load_and_one_line_to_choose(
    twofa: Twofa, folder: Path, module: str, target: str
) -> None:
    done = twofa("propose", target)
    assert done.code == 0
    settings = Settings.load(folder / "twofa.toml", environ={})
    app = settings.app(module)
    assert (settings.mode, app.identity) == ("report", ({"use": "CHOOSE"},))
    with pytest.raises(PluginError, match="in place of use"):
        options_of("identity", dict(app.identity[0]), "twofa.toml", "identity")
    assert "a WSGI app" in done.out
    assert 'use = "CHOOSE"' in done.out
    assert f"TWOFA_TARGET='{target}' TWOFA_SETTINGS='twofa.toml' gunicorn twofa_middleware.wsgi:application" in done.out


def test_every_line_that_is_shown_to_choose_from_can_be_chosen(twofa: Twofa, folder: Path, module: str) -> None:
    twofa("propose", "plainshop:app")
    shown = [
        line.removeprefix("# ")
        for line in (folder / "twofa.toml").read_text().splitlines()
        if line.startswith("# identity = ")
    ]
    assert len(shown) == 3
    for line in shown:
        for table in tomllib.loads(line)["identity"]:
            options_of("identity", table, "twofa.toml", "identity")


def test_a_file_that_is_there_stays_as_it_is(twofa: Twofa, folder: Path, module: str) -> None:
    (folder / "twofa.toml").write_text("mine")
    refused = twofa("propose", "plainshop:app")
    assert refused.code == 2
    assert "stays as it is" in refused.err
    assert (folder / "twofa.toml").read_text() == "mine"
    assert twofa("propose", "plainshop:app", "--out", "other.toml").code == 0
    assert Settings.load(folder / "other.toml", environ={}).mode == "report"


def test_a_dash_prints_the_file_and_writes_none(twofa: Twofa, folder: Path, module: str) -> None:
    shown = twofa("propose", "plainshop:app", "--out", "-", "--name", "Till 2")
    assert list(tomllib.loads(shown.out)["apps"]) == ["till-2"]
    assert not (folder / "twofa.toml").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import missing_of_the_app", "No module named 'missing_of_the_app'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "ended the program when it was imported (exit code 3)"),
        ("app = 7", "cannot be called"),
    ],
)
def test_an_app_that_cannot_be_imported_is_told_of_plainly(
    twofa: Twofa, folder: Path, module: str, text: str, said: str
) -> None:
    (folder / "failing.py").write_text(text)
    refused = twofa("propose", "failing:app")
    assert refused.code == 2
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert not (folder / "twofa.toml").exists()
    sys.modules.pop("failing", None)


def test_without_an_app_it_asks_for_one(twofa: Twofa, module: str) -> None:
    refused = twofa("propose")
    assert refused.code == 2
    assert "which app?" in refused.err


@pytest.mark.parametrize(
    ("module", "name"),
    [("shop.wsgi", "shop"), ("Shop2", "shop2"), ("_x_", "x"), ("läden", "l-den"), ("ж", "app"), ("a" * 40, "a" * 32)],
)
def test_the_app_is_called_as_its_package_in_letters_that_names_have(module: str, name: str) -> None:
    assert name_of(module) == name

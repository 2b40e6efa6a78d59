"""``twofa keys new`` makes a key ring and overwrites none."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.conftest import Twofa
from twofa_middleware.cli import twofa as command
from twofa_middleware.keyring import KeyRing


def test_a_new_ring_is_printed_and_can_be_loaded(twofa: Twofa) -> None:
    done = twofa("keys", "new")
    assert (done.code, done.err) == (0, "")
    assert len(KeyRing.parse(done.out, "").keys) == 1


def test_every_ring_is_another_one(twofa: Twofa) -> None:
    assert twofa("keys", "new").out != twofa("keys", "new").out


def test_a_printed_ring_serves_as_an_environment_variable(
    twofa: Twofa, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = twofa("keys", "new").out
    monkeypatch.setenv("TEST_KEYS", printed)
    assert KeyRing.load("env:TEST_KEYS", folder) == KeyRing.parse(printed, "")


def test_a_ring_is_written_to_a_file_for_its_owner_alone_and_not_printed(twofa: Twofa, folder: Path) -> None:
    done = twofa("keys", "new", "--file", "new/keys.toml")
    assert stat.S_IMODE((folder / "new" / "keys.toml").stat().st_mode) == 0o600
    ring = KeyRing.load("file:new/keys.toml", folder)
    assert done.out == "new/keys.toml: a new key ring. Keep a copy apart from the store.\n"
    assert ring.current.hex() not in done.out


@pytest.mark.parametrize("content", ["", "something"])
def test_a_file_that_is_there_is_never_overwritten(twofa: Twofa, folder: Path, content: str) -> None:
    (folder / "keys.toml").write_text(content)
    done = twofa("keys", "new", "--file", "keys.toml")
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"twofa: keys\.toml exists; a key ring is never overwritten[^\n]+\n", done.err)
    assert (folder / "keys.toml").read_text() == content


def test_a_link_to_nowhere_is_not_followed(twofa: Twofa, folder: Path) -> None:
    (folder / "keys.toml").symlink_to(folder / "elsewhere.toml")
    assert twofa("keys", "new", "--file", "keys.toml").code == 2
    assert not (folder / "elsewhere.toml").exists()


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--help"], ["keys", "--help"], ["keys", "new", "--help"]])
def test_every_command_tells_what_it_does(arguments: list[str]) -> None:
    shown = CliRunner().invoke(command, arguments)
    assert shown.exit_code == 0
    assert "Usage: " in shown.output


def test_the_version_is_that_of_the_package() -> None:
    assert re.search(r"\d+\.\d+\.\d+", CliRunner().invoke(command, ["--version"]).output)


def test_a_command_that_there_is_not_ends_with_code_2(twofa: Twofa) -> None:
    done = twofa("initt")
    assert done.code == 2
    assert "Traceback" not in done.err

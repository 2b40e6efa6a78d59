"""The command as people run it, in a folder of its own."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.cli import shop_directory
from core.cli.gated import GateExchange, settings_file
from support.realm import Realm, document, make_realm
from support.spy import Spy
from support.stage import Open, Stage
from twofa_middleware.cli import main


@dataclass
class Run:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it said with --json."""
        return json.loads(self.out)


Twofa = Callable[..., Run]


class Terminal(io.StringIO):
    """What a person types, or reads."""

    def isatty(self) -> bool:
        return True


Typing = Callable[[str | Terminal], Twofa]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # the command looks beside the settings, too
    return tmp_path


@pytest.fixture
def twofa(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Twofa:
    """``twofa("init")`` runs the command in ``folder`` and answers its exit code and what it said."""

    def run(*arguments: str) -> Run:
        monkeypatch.setattr(sys, "argv", ["twofa", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Run(ended.value.code if isinstance(ended.value.code, int) else 0, said.out, said.err)

    return run


@pytest.fixture
def typing(twofa: Twofa, monkeypatch: pytest.MonkeyPatch) -> Typing:
    """The same at a terminal: ``typing("y\\n")("forget", "erin")``."""

    def at_a_terminal(typed: str | Terminal) -> Twofa:
        def run(*arguments: str) -> Run:
            screen = Terminal()
            with monkeypatch.context() as patch:
                patch.setattr(sys, "stdin", Terminal(typed) if isinstance(typed, str) else typed)
                patch.setattr(sys, "stdout", screen)
                ended = twofa(*arguments)
            return Run(ended.code, screen.getvalue(), ended.err)

        return run

    return at_a_terminal


@pytest.fixture
def open_realm(folder: Path) -> Iterator[Open]:
    """Open a realm with a settings file in ``folder``; it is half a minute ago there, until the clock is turned."""
    opened: list[GateExchange] = []

    def wrap(realm: Realm, spy: Spy, app: str) -> GateExchange:
        opened.append(GateExchange(realm, app))
        return opened[-1]

    def open_realm(**changes: Any) -> Stage:
        realm = make_realm(folder, **changes)
        realm.clock.now = int(time.time()) - 30
        text = settings_file(document(**changes) | {"store_id": realm.settings.store_id})
        (folder / "twofa.toml").write_text(text, encoding="utf-8")
        return Stage(realm, {"shop": Spy(), "office": Spy()}, wrap)

    yield open_realm
    for exchange in opened:
        exchange.runtime.close()


@pytest.fixture
def stage(open_realm: Open) -> Stage:
    """A realm without a directory, in which people are those last seen."""
    return open_realm()


@pytest.fixture
def listed(open_realm: Open) -> Stage:
    """A realm with a directory: ada, erin and wendy, of whom erin and ada are cooks, ada through a group."""
    shop_directory.fill("ada", "erin", "wendy", Cook=["erin", "ada*"], Guest=[])
    return open_realm(directory=shop_directory.DIRECTORY)

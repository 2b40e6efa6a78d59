"""The command as people run it, in a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from twofa_middleware.cli import main


@dataclass
class Run:
    code: int
    out: str
    err: str


Twofa = Callable[..., Run]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
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

"""What ``twofa propose`` writes for a project, run as a person would run it, in the project's folder."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.projects import APPS, run
from twofa_middleware.settings import AppSettings, Settings

SECRET = "the secret of the shop"


@dataclass(frozen=True)
class Proposal:
    """The text of the file, the settings that it makes, and what the command has said."""

    text: str
    settings: Settings
    said: str

    @property
    def app(self) -> AppSettings:
        [app] = self.settings.apps.values()
        return app

    @property
    def comments(self) -> str:
        """All that is not for the gate but for its reader, in one line."""
        return " ".join(line.removeprefix("# ") for line in self.text.splitlines() if line.startswith("#"))


def propose(
    project: str, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, **files: str
) -> Proposal:
    """Copy a project of ``tests/apps`` (empty: none), put ``files`` beside it as modules, and let twofa propose."""
    if project:
        shutil.copytree(
            APPS / project / "project", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        (folder / "people.json").write_text("{}")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    said = run(folder, "twofa", "propose", *arguments, environ={"SECRET_KEY": SECRET} | dict(environ or {}))
    text = (folder / "twofa.toml").read_text()
    assert SECRET not in text + said
    settings = Settings.load(folder / "twofa.toml", environ={})
    assert settings.mode_of(next(iter(settings.apps))) == "report"
    return Proposal(text, settings, said)


def code_of(said: str) -> str:
    """The file of its own that the command has shown, as it would be written."""
    shown = said.partition("guarded.py")[2].partition("\n")[2].partition("\nOr with none:")[0]
    return textwrap.dedent(shown) + "\n"

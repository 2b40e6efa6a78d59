"""The pages of ``docs/recipes``, read so that what they say is what the tests run: files, settings and commands.

A code block after a paragraph that ends with a name in backquotes and a colon is the file of that name. Each line of a
``console`` block is a command: pip and twofa prepare or look, everything else serves the app behind the gate.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.projects import APPS, PASSWORD, PEOPLE, Project, opened, run

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
_FILE = re.compile(r"`([\w./-]+)`[^`\n]*:\n\n```\w+\n(.*?)```", re.DOTALL)
_WITHIN = re.compile(r"`(twofa \w+ [^`\n]+)`")
_VARIABLE = re.compile(r"[A-Z_]+=")
_COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)

# Where each server listens, in its own words; ``{app}`` is what it serves.
LISTENS = {
    "gunicorn": ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "{app}"),
    "waitress-serve": ("waitress", "--listen=127.0.0.1:{port}", "{app}"),
    "uvicorn": ("uvicorn", "--host=127.0.0.1", "--port={port}", "{app}"),
    "hypercorn": ("hypercorn", "--bind=127.0.0.1:{port}", "{app}"),
    "granian": ("granian", "--host=127.0.0.1", "--port={port}", "{app}"),
    "datasette": ("datasette", "{app}", "--port={port}"),
}
# What a server needs to serve an app at all; all other options of a recipe's line are the gate's.
NEEDED = re.compile(r"serve|--interface=\w+|--workers=\d+|--worker-class=\w+|--threads=\d+")

ANSWERS = {
    "check": ("--secret", "env:WORD", "--json"),
    "enforce": ("--yes",),
    "propose": ("--out", "proposed.toml"),
}
"""What a person would type when asked; a proposal goes beside the settings of the page, which are there already."""


@dataclass(frozen=True)
class Served:
    """A line that serves the app behind the gate."""

    line: str
    environ: dict[str, str]
    program: str
    options: tuple[str, ...]
    target: str


def files_of(page: str) -> dict[str, str]:
    """The files that a page has, by their names."""
    return dict(_FILE.findall(_text(page)))


def lines_of(page: str) -> list[str]:
    """All commands of a page, without their comments."""
    lines = [line for block in _COMMANDS.findall(_text(page)) for line in block.splitlines()]
    return [line for line in (line.partition(" #")[0].strip() for line in lines) if line]


def served_by(page: str) -> dict[str, Served]:
    """The lines that serve the app, by themselves; there has to be one."""
    found = {line: _served(line) for line in lines_of(page) if program_of(line) not in ("pip", "twofa")}
    if not found:
        raise AssertionError(f"{page} serves nothing")
    return found


def program_of(line: str) -> str:
    """What a line runs, behind the variables that it sets."""
    return next(word for word in shlex.split(line) if not _VARIABLE.match(word))


def twofa_lines(page: str) -> list[str]:
    """All that a page has twofa do, in its order, what stands within a sentence too."""
    text = _text(page)
    found = [(match.start(), match[1]) for match in _WITHIN.finditer(text)]
    found += [(text.index(f"\n{line}"), line) for line in lines_of(page) if program_of(line) == "twofa"]
    return [line for _, line in sorted(found)]


def obeyed(
    page: str,
    name: str,
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    prepare: tuple[str, ...] = (),
) -> dict[str, str]:
    """Run all that a page has twofa do, one after the other, in the project of ``tests/apps/<name>`` with the page's files;
    what each line said. What a person would be asked for is given, and nothing else is changed."""
    shutil.copytree(
        APPS / name / "project", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "twofa.toml")
    )
    (folder / "people.json").write_text(json.dumps(dict.fromkeys((*PEOPLE, "erin"), PASSWORD)))
    for file, text in files_of(page).items():
        (folder / file).write_text(text, encoding="utf-8")
    given = {"SECRET_KEY": "the secret of the shop", "WORD": PASSWORD, **(environ or {})}
    if prepare:
        run(folder, *prepare, environ=given)
    said = {}
    for line in twofa_lines(page):
        words = shlex.split(line)
        set_here = [words.pop(0) for _ in range(words.index("twofa"))]
        own = dict(word.split("=", 1) for word in set_here)
        said[line] = run(folder, *words, *ANSWERS.get(words[1], ()), environ=given | own)
    return said


@contextmanager
def followed(
    page: str,
    name: str,
    folder: Path,
    line: str,
    *,
    app: str = "shop:app",
    environ: Mapping[str, str] | None = None,
    prepare: tuple[str, ...] = (),
) -> Iterator[Project]:
    """Do to the project of ``tests/apps/<name>`` what the page says, and serve it as the line says.

    ``app``, ``environ`` and ``prepare``: see ``opened``.
    """
    said = served_by(page)[line]
    if not {"twofa init"} <= set(lines_of(page)):
        raise AssertionError(f"{page} makes neither keys nor store")
    needed = tuple(option for option in said.options if NEEDED.fullmatch(option))
    ours = tuple(option for option in said.options if option not in needed and not option.startswith("--listen="))
    command = (LISTENS[said.program][0], *needed, *LISTENS[said.program][1:])
    with opened(
        name,
        folder,
        *command,
        app=app,
        wrapped=said.target,
        environ={**said.environ, **(environ or {})},
        prepare=prepare,
        files=files_of(page),
        gate_options=ours,
    ) as project:
        yield project


def _served(line: str) -> Served:
    words = shlex.split(line)
    environ = {}
    while _VARIABLE.match(words[0]):
        name, _, environ[name] = words.pop(0).partition("=")
    return Served(line, environ, words[0], tuple(words[1:-1]), words[-1])


def _text(page: str) -> str:
    return (RECIPES / f"{page}.md").read_text(encoding="utf-8")

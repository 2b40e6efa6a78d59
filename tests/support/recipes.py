"""The pages of ``docs/recipes``, read so that what they say is what the tests run: files, settings and commands.

A code block after a paragraph that ends with a name in backquotes and a colon is the file of that name. Each line of a
``console`` block is a command: pip and twofa prepare, everything else serves the app behind the gate.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.projects import Project, opened

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
_FILE = re.compile(r"`([\w./-]+)`[^`\n]*:\n\n```\w+\n(.*?)```", re.DOTALL)
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
    found = {line: _served(line) for line in lines_of(page) if not line.startswith(("pip ", "twofa "))}
    if not found:
        raise AssertionError(f"{page} serves nothing")
    return found


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
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, environ[name] = words.pop(0).partition("=")
    return Served(line, environ, words[0], tuple(words[1:-1]), words[-1])


def _text(page: str) -> str:
    return (RECIPES / f"{page}.md").read_text(encoding="utf-8")

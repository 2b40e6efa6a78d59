"""The desk at the command line: settings and store opened, flows driven, the person in front of it asked."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import click

from ..accounts.administer import MOST_REASON, Actor
from ..desk import Desk
from ..drive import adrive
from ..errors import TwoFactorError
from ..protocol import Directory, Flow, Member, Person, Result
from ..runtime import Answers
from ..settings import Settings
from ..wiring import open_desk
from .output import NotDone

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_CODES = "Exit codes: 0 done, 1 could not be done or nothing found, 2 wrong usage or settings."


def checked(most: int | None = None) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback for what shall be stored or looked for: not empty, valid Unicode, no longer than ``most``."""
    return lambda ctx, param, value: None if value is None else _checked(value, most)


def _checked(text: str, most: int | None) -> str:
    if not text.strip():
        raise click.BadParameter("it is empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise click.BadParameter("it is no valid Unicode") from None
    if most is not None and len(text) > most:
        raise click.BadParameter(f"it has {len(text)} characters, and {most} are kept")
    return text


AT_MOST = click.IntRange(1, 10_000)


def operation(command: Command) -> Command:
    """The options that every operation has: ``path`` of the settings file, ``as_json``."""
    where = click.option(
        "--file",
        "path",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("twofa.toml"),
        show_default=True,
        help="The settings of the realm.",
    )
    how = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and ask nothing.")
    return where(how(command))


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """Somebody at the command line, and the desk of the realm before them."""

    settings: Settings
    desk: Desk
    _answers: Answers
    _runner: asyncio.Runner

    def ask(self, flow: Flow[Result]) -> Result:
        """Run a flow to its end."""
        return self._runner.run(adrive(flow, self._answers.answer_async))

    @property
    def now(self) -> int:
        """Seconds since 1970: read anew for each act, since a question to a person takes its time."""
        return int(time.time())


@contextmanager
def at_desk(path: Path) -> Iterator[Caller]:
    """Open the desk that the settings name."""
    settings = Settings.load(path)
    # The console script begins in the folder of the scripts, servers in that of the app: the directory's module is
    # looked for beside the settings, after everything else, so that nothing there stands in for an installed one.
    if str(settings.folder) not in sys.path:
        sys.path.append(str(settings.folder))
    desk, answers = open_desk(settings)
    if desk.directory is not None:
        desk = replace(desk, directory=_Named(desk.directory))
    try:
        with asyncio.Runner() as runner:
            yield Caller(settings, desk, answers, runner)
    finally:
        answers.close()


def actor() -> Actor:
    """Who acts, for the events: the user of the operating system, and who they were before sudo."""
    name = f"command line: {_os_user()}"
    before = os.environ.get("SUDO_USER")
    if before:
        name += f" (sudo by {before})"
    name = name.encode(errors="backslashreplace").decode()
    return Actor(name, name)


def _os_user() -> str:
    """By the number of the process where there is one: getpass asks variables first, which anybody can set."""
    try:
        import pwd
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def can_ask(as_json: bool) -> bool:
    """Whether there is a person to be asked: at a terminal, and not where a program reads along."""
    return not as_json and all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def need(*, yes: bool, reason: str | None = "", as_json: bool) -> None:
    """Refuse an act that nobody can confirm; ``reason`` is None where one has to be given and is not."""
    if can_ask(as_json):
        return
    missing = ["--reason"] * (reason is None) + ["--yes"] * (not yes)
    if missing:
        raise click.UsageError(f"nobody can be asked here: {' and '.join(missing)} must be given")


def ask_reason(question: str) -> str:
    """Why it is done, in the person's words."""
    reason: str = click.prompt(question, value_proc=lambda text: _checked(text, MOST_REASON))
    return reason


def confirm(question: str) -> None:
    """NotDone if the person says no."""
    if not click.confirm(question):
        raise NotDone("nothing was changed")


@dataclass(frozen=True, slots=True)
class _Named:
    """The directory; what goes wrong in it, which may be anything, is told as its fault."""

    directory: Directory
    Options: ClassVar[type] = type(None)

    def find(self, pattern: str, offset: int, limit: int) -> Flow[tuple[Person, ...]]:
        return _told(self.directory.find(pattern, offset, limit), "who fits")

    def person(self, user: str) -> Flow[Person | None]:
        return _told(self.directory.person(user), "who somebody is")

    def roles(self) -> Flow[tuple[str, ...]]:
        return _told(self.directory.roles(), "which roles there are")

    def members(self, role: str) -> Flow[tuple[Member, ...]]:
        return _told(self.directory.members(role), "who has a role")


def _told(flow: Flow[Result], what: str) -> Flow[Result]:
    try:
        return (yield from flow)
    except TwoFactorError:
        raise
    except Exception as error:
        raise NotDone(f"the directory could not say {what}: {type(error).__name__}: {error}") from error

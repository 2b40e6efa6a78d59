"""Where the passphrase of a file comes from: a file for its owner alone, or a terminal; and how far a run has got."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import click

from ..errors import ConfigError
from ..moving.stream import checked_passphrase, new_passphrase
from ..references import read_secret
from .asking import can_ask
from .output import say

Command = TypeVar("Command", bound=Callable[..., Any])
_SHOWN_EVERY_SECONDS = 0.2


def passphrase_file(command: Command) -> Command:
    """The option ``--passphrase-file``, as ``passphrase_at``."""
    return click.option(
        "--passphrase-file",
        "passphrase_at",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The file with the passphrase, for its owner alone.",
    )(command)


def passphrase_for_export(path: Path | None) -> tuple[str, bool]:
    """The passphrase for a new file, and whether it still has to be shown: it is in no file.

    A passphrase file that is not there is made, with a new passphrase.
    """
    if path is None:
        if sys.stderr is None or not sys.stderr.isatty():
            raise click.UsageError("nobody sees a passphrase here: --passphrase-file must be given")
        return new_passphrase(), True
    if path.exists():
        return _read(path), False
    passphrase = new_passphrase()
    descriptor = _new_file(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(passphrase + "\n")
        file.flush()
        os.fsync(file.fileno())
    return passphrase, False


def _new_file(path: Path) -> int:
    """Open the file for writing, new and for its owner alone. A link is never followed to make what it names."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if not path.is_symlink():
            raise ConfigError(f"--passphrase-file: {path} was made at this very moment by somebody else") from None
        raise ConfigError(
            f"--passphrase-file: {path} is a link to a file that is not there, and no passphrase is put through a link: "
            "take the link away, or name the file itself"
        ) from None
    except OSError as error:
        raise ConfigError(f"--passphrase-file: {path} cannot be made: {error.strerror}") from error


def passphrase_of_file(path: Path | None, as_json: bool) -> str:
    """The passphrase of a file that is there; asked for at a terminal."""
    if path is not None:
        return _read(path)
    if not can_ask(as_json):
        raise click.UsageError("nobody can be asked here: --passphrase-file must be given")
    text: str = click.prompt("Passphrase of the file", hide_input=True, value_proc=_checked)
    return text


def _read(path: Path) -> str:
    try:
        return _checked(read_secret(f"file:{path}", Path(), "--passphrase-file"))
    except click.BadParameter as error:
        raise ConfigError(f"--passphrase-file: file:{path}: {error.message}") from None


def _checked(text: str) -> str:
    try:
        checked_passphrase(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return text


class Progress:
    """How many of how many, on standard error, if that is a terminal."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what = what
        self._of = f" of {total}" if total is not None else ""
        self._count = 0
        self._shown_at: float | None = None
        self._is_seen = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def step(self, count: int = 1) -> None:
        self._count += count
        now = time.monotonic()
        if self._is_seen and (self._shown_at is None or now - self._shown_at >= _SHOWN_EVERY_SECONDS):
            self._shown_at = now
            self._show()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown_at is not None:
            self._show()
            say("", err=True)

    def _show(self) -> None:
        click.echo(f"\r{self._what}: {self._count}{self._of}", nl=False, err=True)

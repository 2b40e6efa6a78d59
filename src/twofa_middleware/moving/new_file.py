"""A file that is whole or not there: written beside its place, as ``<name>.part``, and put there when it is done.

What an interrupted run has written can stay beside, for a later run to go on with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import BadFile


@dataclass
class Part:
    """A file that is being written. ``stays``: also if the run is interrupted."""

    path: Path
    file: BinaryIO
    stays: bool


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def check_free(path: Path, *, resumes: bool) -> None:
    """BadFile where the file is there already, or where what a run left is there and not asked for, or the other way."""
    part = part_of(path)
    if os.path.lexists(path):
        raise BadFile(f"{path} exists, and no file is overwritten: name another one")
    if os.path.lexists(part) and not resumes:
        raise BadFile(f"{part} was left by a run that was interrupted: go on with --resume, or delete it to begin anew")
    if resumes and not os.path.lexists(part):
        raise BadFile(f"there is no {part} to go on with: leave --resume out to begin")


@contextmanager
def new_file(path: Path, *, resumes: bool = False) -> Iterator[Part]:
    """A new file for its owner alone, or what was left of one, at its beginning; the one who writes it is alone.

    BadFile where it cannot be, and where there is a file in its place already.
    """
    check_free(path, resumes=resumes)
    beside = part_of(path)
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(beside, flags if resumes else flags | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadFile(f"{beside} cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "r+b") as file:
        _be_alone(beside, descriptor)
        part = Part(beside, file, stays=resumes)
        try:
            yield part
            file.flush()
            os.fsync(descriptor)
            _put(beside, path)
        except BaseException:
            if not part.stays:
                beside.unlink(missing_ok=True)
            raise
        beside.unlink(missing_ok=True)
    _sync(path.parent)


def _be_alone(part: Path, descriptor: int) -> None:
    """BadFile if somebody else writes it, or it is no file of this user that has this name and no other.

    A run that ends meanwhile gives the file its other name: whoever writes then would write into the finished one.
    """
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadFile(f"{part} is being written by another run: wait for its end") from None
    status = os.fstat(descriptor)
    is_ours = status.st_uid == os.geteuid()
    if not is_ours or status.st_nlink != 1 or not os.path.samestat(status, os.lstat(part)):
        raise BadFile(f"{part} is no file of this user that has this name and no other: delete it and begin anew")
    os.fchmod(descriptor, 0o600)


def _put(part: Path, path: Path) -> None:
    """A link fails where a file has come up meanwhile; not every file system has links."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise BadFile(f"{path} exists by now, and no file is overwritten: take it away, or name another one") from None
    except OSError:
        if os.path.lexists(path):
            raise BadFile(f"{path} exists by now, and no file is overwritten: name another one") from None
        part.rename(path)


def _sync(folder: Path) -> None:
    """Let the name of a new file outlive a power cut, where folders can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

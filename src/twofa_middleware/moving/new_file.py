"""A file that is whole or not there: written beside its place, and put there when it is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import BadFile


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone; BadFile where there is one already. What an interrupted run left is begun anew."""
    if os.path.lexists(path):
        raise BadFile(f"{path} exists, and no file is overwritten: name another one")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)


def _put(part: Path, path: Path) -> None:
    """A link fails where a file has come up meanwhile; not every file system has links."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise BadFile(f"{path} exists by now, and no file is overwritten: name another one") from None
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

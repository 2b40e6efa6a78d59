"""What ``twofa doctor`` finds about a SQLite store: who may read and write its files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..protocol import Finding


def inspect(path: Path) -> Iterator[Finding]:
    """The file, what SQLite and ``twofa upgrade`` put beside it, and the folder."""
    if os.name != "posix" or not path.parent.is_dir():  # that there is no store is told by whoever opens it
        return
    for file in sorted(path.parent.glob(f"{path.name}*")):
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            yield Finding(
                "store file open to others",
                "problem",
                f"{file} has mode {mode:03o}",
                "other users of this machine read or change who has a second factor",
                f"chmod 600 {file}",
            )
    mode = stat.S_IMODE(path.parent.stat().st_mode)
    if mode & 0o022:
        yield Finding(
            "store folder open to others",
            "problem",
            f"{path.parent} has mode {mode:03o}",
            "other users of this machine can put another store in its place",
            f"chmod 700 {path.parent}",
        )

"""What the apps behind real servers have in common: the realm that was prepared for them, and the file of their calls."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

from support.realm import Realm, make_realm
from support.servers import FOLDER, calls_file

MEGABYTE = 1024 * 1024
DOWNLOAD_BYTES = 50 * MEGABYTE
PIECE = b"x" * 65536


def open_realm() -> Realm:
    """The realm in the folder that the environment names, at the time at which its people were enrolled."""
    made = make_realm(Path(os.environ[FOLDER]))
    made.clock.on(30)
    return made


def note(method: str, path: str) -> None:
    with calls_file(Path(os.environ[FOLDER])).open("a") as file:
        file.write(f"{method} {path}\n")


def download() -> Iterator[bytes]:
    for _ in range(DOWNLOAD_BYTES // len(PIECE)):
        yield PIECE


def peak() -> bytes:
    """The most memory that this process has ever had, in kilobytes (Linux)."""
    return b"%d" % resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

"""Key files: written for their owner alone, and changed as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import KeysError
from ..keyring import KeyRing
from .output import NotDone


def write_ring(ring: KeyRing, path: Path) -> None:
    """Write a key file that only its owner can read; an existing one is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeysError(
            f"{path} exists; a key ring is never overwritten, since all that it sealed would be lost"
        ) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(ring.dump())
        file.flush()
        os.fsync(file.fileno())


def replace_ring(path: Path, old: KeyRing, new: KeyRing) -> None:
    """Put a key ring in the place of another one. Whoever reads the file has one or the other, even after a power cut.

    NotDone if ``old`` is not there any more. A link stays a link, and the owner stays the owner.
    """
    path = path.resolve()
    with _alone_in(path.parent):
        there = KeyRing.load(f"file:{path}", Path())
        if there != old:
            raise NotDone(f"{path} was changed by somebody else at this very moment; look, and try again")
        status = path.stat()
        descriptor, part = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w") as file:
                if os.name == "posix" and status.st_uid != os.geteuid():
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
                file.write(new.dump())
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else changes a key file in the folder meanwhile, and what was renamed in it outlives a power cut."""
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

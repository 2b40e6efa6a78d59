"""Why a file cannot be read or written, for messages: whose it is, its mode, and as whom this program runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def whose(path: Path) -> str:
    """Of the file, or of the nearest folder above it that can be looked at; empty where files have no such owners."""
    if os.name != "posix":
        return ""
    path = path.absolute()
    for place in (path, *path.parents):
        try:
            status = place.stat()
        except OSError:
            continue
        mode = stat.S_IMODE(status.st_mode)
        owner, ours = _name(status.st_uid), _name(os.geteuid())
        return f"{place} belongs to {owner} (mode {mode:03o}), and this runs as {ours}: run it as the user of the app"
    return ""


def barred(path: Path) -> str:
    """``whose`` of the file or of its folder, if we may not read and write there; else empty.

    SQLite makes files beside its own.
    """
    as_effective = os.access in os.supports_effective_ids
    for place, wanted in ((path, os.R_OK | os.W_OK), (path.parent, os.R_OK | os.W_OK | os.X_OK)):
        if not os.access(place, wanted, effective_ids=as_effective):
            return whose(place)
    return ""


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # as in a container, whose users need not have names
        return f"user {uid}"

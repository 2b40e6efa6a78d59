"""What the apps behind real servers have in common: the realm that was prepared for them, and the file of their calls."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

from support.realm import Realm, make_realm
from support.servers import FOLDER, calls_file

MEGABYTE = 1024 * 1024
DOWNLOAD_BYTES = 50 * MEGABYTE
PIECE = b"x" * 65536


def open_realm() -> Realm:
    """The realm in the folder that the environment names, at the time at which its people were enrolled."""
    made = make_realm(Path(os.environ[FOLDER]), shop={"logout": ["POST /logout", "POST /leave form action=logout"]})
    made.clock.on(30)
    return made


def note(method: str, path: str) -> None:
    with calls_file(Path(os.environ[FOLDER])).open("a") as file:
        file.write(f"{method} {path}\n")


def download() -> Iterator[bytes]:
    for _ in range(DOWNLOAD_BYTES // len(PIECE)):
        yield PIECE


NEWS = 600
NEWS_SECONDS = 0.05
"""A stream of so many chunks, one each time that so much has gone by."""

RESOURCE = bytes(range(256)) * 40
ETAG = '"v1"'


def file_served(method: str, headers: Mapping[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a file server answers for ``RESOURCE``: status, head and body, by method and by small names of headers."""
    kind = ("Content-Type", "application/octet-stream")
    if method not in ("GET", "HEAD"):
        return 207, [("Content-Type", "application/xml"), ("X-Method", method)], f"<{method}/>".encode()
    if headers.get("if-none-match") == ETAG:
        return 304, [("ETag", ETAG)], b""
    first, _, last = headers.get("range", "").removeprefix("bytes=").partition("-")
    if first:
        part = RESOURCE[int(first) : int(last) + 1]
        said = ("Content-Range", f"bytes {first}-{last}/{len(RESOURCE)}")
        return 206, [kind, said, ("Content-Length", str(len(part)))], part
    whole = [kind, ("ETag", ETAG), ("Accept-Ranges", "bytes"), ("Content-Length", str(len(RESOURCE)))]
    return 200, whole, b"" if method == "HEAD" else RESOURCE


def peak() -> bytes:
    """The most memory that this process has ever had, in kilobytes (Linux)."""
    return b"%d" % resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

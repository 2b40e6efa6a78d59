"""A table of comma-separated values with a head: ``user``, and ``secret`` (base32) or ``uri``; ``name`` may be there.

Each line is read by itself, so a quote that is not closed spoils its own line alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ...errors import BadFile
from .records import Record, Refused, Taken, Unusable, from_base32
from .uris import read_uri

MOST_LINE_BYTES = 8192
_COLUMNS = frozenset({"user", "secret", "uri", "name"})


def read_table(file: BinaryIO) -> Iterator[Record]:
    """The records of a table; BadFile for a head that does not say which column is which."""
    columns: list[str] = []
    for number, line in enumerate(lines(file), 1):
        place = f"line {number}"
        if not columns:
            columns = _columns(line)
            continue
        if line is not None and not line.strip():
            continue
        try:
            yield _taken(place, _cells(line, columns))
        except Unusable as error:
            yield Refused(place, str(error))
    if not columns:
        raise BadFile(_HEAD)


def read_map(file: BinaryIO) -> Mapping[str, str]:
    """A table with the columns ``name`` and ``user``: name in another system → user id; BadFile for a wrong line."""
    columns: list[str] = []
    found: dict[str, str] = {}
    for number, line in enumerate(lines(file), 1):
        try:
            cells = cells_of(line)
        except Unusable as error:
            raise BadFile(f"--map: line {number}: {error}") from None
        if not columns:
            columns = [cell.strip().lower() for cell in cells]
            if sorted(columns) != ["name", "user"]:
                raise BadFile('--map: the first line has to be "name,user"')
        elif cells:
            row = dict(zip(columns, cells, strict=False))
            if len(cells) != 2 or row["name"] in found:
                raise BadFile(
                    f"--map: line {number}: it has not just a name and a user, or the name stood there before"
                )
            found[row["name"]] = row["user"]
    return found


def lines(file: BinaryIO) -> Iterator[str | None]:
    """The lines, None for one that is too long or no UTF-8; a mark at the beginning of the file is left out."""
    first = True
    while line := file.readline(MOST_LINE_BYTES + 1):
        is_whole = line.endswith(b"\n") or len(line) <= MOST_LINE_BYTES
        while not is_whole and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE_BYTES + 1) or b"\n"
        try:
            yield (line.removeprefix(b"\xef\xbb\xbf") if first else line).decode() if is_whole else None
        except UnicodeDecodeError:
            yield None
        first = False


_HEAD = 'the first line has to name the columns: "user", and "secret" or "uri"; "name" may be among them'


def cells_of(line: str | None) -> list[str]:
    if line is None:
        raise Unusable(f"the line is no UTF-8, or longer than {MOST_LINE_BYTES} bytes")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        raise Unusable("the line cannot be read as comma-separated values") from None


def _columns(line: str | None) -> list[str]:
    try:
        columns = [cell.strip().lower() for cell in cells_of(line)]
    except Unusable:
        raise BadFile(_HEAD) from None
    known = [name for name in columns if name in _COLUMNS]
    if "user" not in known or not {"secret", "uri"} & set(known) or len(known) != len(set(known)):
        raise BadFile(_HEAD)
    return columns


def _cells(line: str | None, columns: list[str]) -> dict[str, str]:
    cells = cells_of(line)
    if len(cells) != len(columns):
        raise Unusable(f"the line has not {len(columns)} cells, as the first one has")
    return dict(zip(columns, cells, strict=True))


def _taken(place: str, cells: Mapping[str, str]) -> Taken:
    secret, uri = cells.get("secret", ""), cells.get("uri", "")
    if bool(secret.strip()) == bool(uri.strip()):
        raise Unusable("the line has not just one of secret and uri")
    # People put a URI into the column of the secret, too.
    if uri or secret.strip().lower().startswith("otpauth:"):
        found, name = read_uri(uri or secret)
    else:
        found, name = from_base32(secret), ""
    return Taken(place, cells["user"], found, cells.get("name", "").strip() or name)

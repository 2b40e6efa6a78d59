"""What is printed: tables for people, and one JSON document for programs.

Names come from a directory, or from whoever logged in: no control character of theirs gets to a terminal.
"""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import click

from ..errors import TwoFactorError

Cell: TypeAlias = str | int
Row: TypeAlias = Mapping[str, Cell]
LEAST_WIDTH = 8
_GAP = "  "


class NotDone(TwoFactorError):
    """It could not be done, or nothing was found. ``document`` is what is known all the same, for --json."""

    def __init__(self, message: str, document: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.document = dict(document or {})


def say(text: str, *, err: bool = False) -> None:
    """Print lines. What the stream cannot encode is escaped: an act that is done must still be told."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)


def say_document(document: Mapping[str, Any]) -> None:
    """Print one JSON document; whatever is not plain ASCII is escaped."""
    click.echo(json.dumps(document, indent=2))


def say_error(message: str, document: Mapping[str, Any] | None) -> None:
    """One line on standard error; with a document also that, and the message in it."""
    if document is not None:
        say_document({**document, "error": message})
    say(f"twofa: {plain(message)}", err=True)


def plain(text: str) -> str:
    """The text in one line, with whatever does not just print escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def counted(number: int, one: str, many: str = "") -> str:
    """The number with its noun. ``many``: what is said of any number but 1, if an s behind the noun does not do."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def iso(at: int) -> str:
    """The time in UTC, as ISO 8601 has it. What no calendar has stays a number: a store holds plain integers."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(at)


def iso_or_none(at: int) -> str | None:
    """The same, where 0 stands for no time."""
    return iso(at) if at else None


def table(rows: Sequence[Row], *, shrinks: Container[str] = ()) -> str:
    """The rows under their heads, aligned; numbers to the right. A column with nothing in it is left out.

    On a terminal that is too narrow, the columns in ``shrinks`` are cut, the widest first.
    """
    heads = [head for head in rows[0] if any(row[head] != "" for row in rows)]
    texts = [heads, *([plain(str(row[head])) for head in heads] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*texts, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    while room is not None and sum(widths) + len(_GAP) * (len(heads) - 1) > room:
        wide = [n for n, head in enumerate(heads) if head in shrinks and widths[n] > LEAST_WIDTH]
        if not wide:
            break
        widths[max(wide, key=lambda n: widths[n])] -= 1
    numeric = [all(isinstance(row[head], int) for row in rows) for head in heads]
    return "\n".join(
        _GAP.join(_set(text, width, right) for text, width, right in zip(line, widths, numeric, strict=True)).rstrip()
        for line in texts
    )


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and what there is to say of each, one below the other."""
    widest = max(len(name) for name, _ in pairs)
    return "\n".join(f"{name:<{widest}}{_GAP}{plain(text)}".rstrip() for name, text in pairs)


def _set(text: str, width: int, right: bool) -> str:
    """The text in a column of this width, cut where it is wider."""
    if _width(text) > width:
        while _width(text) >= width:
            text = text[:-1]
        text += "…"
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

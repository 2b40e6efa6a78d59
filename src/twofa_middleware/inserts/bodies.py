"""The body of a form that carries a control of ours: our fields are taken out, all other bytes stay as they are.

What no browser sends (a doubled field of ours, or what ``form_body.py`` refuses) is a BadRequest before the app is called:
it could mean one thing to us and another to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import BadRequest
from ..form_body import MOST_PARTS, boundary_of, is_form, parts_of

__all__ = ["MOST_FIELD_BYTES", "MOST_PARTS", "PREFIX", "Stripped", "is_form", "strip"]

PREFIX = b"twofa-"
MOST_FIELD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Stripped:
    """``body`` without our fields, and those by their name (the part behind the prefix)."""

    body: bytes = field(repr=False)
    ours: dict[str, str] = field(repr=False)


def strip(content_type: bytes, content_encoding: bytes | None, body: bytes) -> Stripped:
    """Take our fields out of a form; BadRequest 400 or 415 for one that can be read in two ways."""
    boundary = boundary_of(content_type, content_encoding)
    kept, ours = [], _Ours()
    for part in parts_of(body, boundary):  # a part of ours goes with its own delimiter
        if part.name is not None and part.name.startswith(PREFIX):
            ours.add(part.name, part.value)
        else:
            kept.append(part.whole)
    return Stripped((b"&" if boundary is None else b"").join(kept), ours.fields)


class _Ours:
    """Our fields as they come: each once, small, plain ASCII."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def add(self, name: bytes, value: bytes) -> None:
        key = name.removeprefix(PREFIX).decode("latin-1")
        if key in self.fields:
            raise BadRequest(400, "A field of the form was sent twice.")
        if len(value) > MOST_FIELD_BYTES or not value.isascii():
            raise BadRequest(400, "A field of the form is not as it was drawn.")
        self.fields[key] = value.decode("ascii")

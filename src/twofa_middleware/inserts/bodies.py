"""The body of a form that carries a control of ours: our fields are taken out, all other bytes stay as they are.

Browsers send such forms in two ways, urlencoded (https://url.spec.whatwg.org/#application/x-www-form-urlencoded) and as
multipart/form-data (RFC 7578). What no browser sends (a doubled field of ours, a coded body, another charset, a boundary
that can be read in two ways) is a BadRequest before the app is called: it could mean one thing to us and another to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from ..errors import BadRequest

URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data"
PREFIX = b"twofa-"
MOST_FIELD_BYTES = 1024
MOST_PARTS = 1000

_CHARSETS = (b"", b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1", b"windows-1252")
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=?-]{1,70}")  # RFC 2046 §5.1.1, without the space that none may end with
_PARAMETER = re.compile(rb';[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:"([^"\r\n]*)"|([^\s;"]*))[ \t]*')
_NAME = re.compile(rb'form-data(?:;[ \t]*(?:name="([^"\r\n]*)"|filename="[^"\r\n]*"))*[ \t]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stripped:
    """``body`` without our fields, and those by their name (the part behind the prefix)."""

    body: bytes = field(repr=False)
    ours: dict[str, str] = field(repr=False)


def is_form(content_type: bytes) -> bool:
    """Whether a browser's form comes in this content type."""
    return content_type.partition(b";")[0].strip().lower() in (URLENCODED, MULTIPART)


def strip(content_type: bytes, content_encoding: bytes | None, body: bytes) -> Stripped:
    """Take our fields out of a form; BadRequest 400 or 415 for one that can be read in two ways."""
    if content_encoding is not None and content_encoding.strip().lower() not in (b"", b"identity"):
        raise BadRequest(415, "The form has to be sent without a content coding.")
    kind, _, rest = content_type.partition(b";")
    parameters = _parameters(rest and b";" + rest)
    if parameters.get(b"charset", b"").lower() not in _CHARSETS:
        raise BadRequest(400, "The form has to be sent in UTF-8.")
    if kind.strip().lower() == URLENCODED:
        return _strip_urlencoded(body)
    boundary = parameters.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest(400, "The form has no boundary that can be used.")
    return _strip_multipart(body, boundary)


def _parameters(text: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 0
    while place < len(text):
        one = _PARAMETER.match(text, place)
        name = one[1].lower() if one else b""
        if one is None or name in found or name.endswith(b"*"):
            raise BadRequest(400, "The form’s content type can be read in two ways.")
        found[name] = one[2] if one[2] is not None else one[3]
        place = one.end()
    return found


def _strip_urlencoded(body: bytes) -> Stripped:
    kept, ours = [], _Ours()
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        decoded = unquote_to_bytes(name.replace(b"+", b" "))
        if not decoded.startswith(PREFIX):
            kept.append(pair)
            continue
        ours.add(decoded, unquote_to_bytes(value.replace(b"+", b" ")))
    return Stripped(b"&".join(kept), ours.fields)


def _strip_multipart(body: bytes, boundary: bytes) -> Stripped:
    """Each part runs from its delimiter to the next one; a part of ours goes with its own delimiter."""
    kept, ours = [], _Ours()
    for name, content, whole in _parts(body, b"--" + boundary):
        if name is not None and name.startswith(PREFIX):
            ours.add(name, content)
        else:
            kept.append(whole)
    return Stripped(b"".join(kept), ours.fields)


def _parts(body: bytes, delimiter: bytes) -> Iterator[tuple[bytes | None, bytes, bytes]]:
    """Name, content and all bytes of each part, and last the closing delimiter, which has no name."""
    odd = BadRequest(400, "The form’s parts can be read in two ways.")
    if not body.startswith(delimiter):  # a preamble, which no browser sends
        raise odd
    place = 0
    for _ in range(MOST_PARTS):
        after = place + len(delimiter)
        if body[after : after + 2] == b"--":
            if body[after + 2 :] not in (b"", b"\r\n"):
                raise odd
            yield None, b"", body[place:]
            return
        end = body.find(b"\r\n" + delimiter, after)
        head, blank, content = body[after + 2 : end].partition(b"\r\n\r\n")
        if body[after : after + 2] != b"\r\n" or end < 0 or not blank:
            raise odd
        yield _name(head, odd), content, body[place : end + 2]
        place = end + 2
    raise BadRequest(413, f"The form may have {MOST_PARTS} parts.")


def _name(head: bytes, odd: BadRequest) -> bytes:
    """The name of a part's field; one header says it, and in one way."""
    found = None
    for line in head.split(b"\r\n"):
        key, colon, value = line.partition(b":")
        if not colon or key != key.strip() or b"\r" in line or b"\n" in line:
            raise odd
        if key.lower() == b"content-transfer-encoding":
            raise odd  # RFC 7578 §4.7: nobody sends it, and not everybody reads it
        if key.lower() == b"content-disposition":
            match = _NAME.fullmatch(value.strip())
            if found is not None or match is None or match[1] is None or value.lower().count(b" name=") > 1:
                raise odd
            found = match[1]
    if found is None:
        raise odd
    return found


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

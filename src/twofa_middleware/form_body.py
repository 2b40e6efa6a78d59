"""A form as browsers send it in the body of a request: its fields, each with the bytes that it came in.

There are two ways, urlencoded (https://url.spec.whatwg.org/#application/x-www-form-urlencoded) and multipart/form-data
(RFC 7578). What no browser sends (a coded body, another charset, a boundary that can be read in two ways) is a BadRequest:
it could mean one thing to us and another to the app.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from .errors import BadRequest

URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data"
MOST_PARTS = 1000

_CHARSETS = (b"", b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1", b"windows-1252")
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=?-]{1,70}")  # RFC 2046 §5.1.1, without the space that none may end with
_PARAMETER = re.compile(rb';[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:"([^"\r\n]*)"|([^\s;"]*))[ \t]*')
_NAME = re.compile(rb'form-data(?:;[ \t]*(?:name="([^"\r\n]*)"|filename="[^"\r\n]*"))*[ \t]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form: name and value, decoded, and all bytes that it came in. The end of a multipart body has no name."""

    name: bytes | None
    value: bytes = field(repr=False)
    whole: bytes = field(repr=False)


def is_form(content_type: bytes) -> bool:
    """Whether a browser's form comes in this content type."""
    return content_type.partition(b";")[0].strip().lower() in (URLENCODED, MULTIPART)


def boundary_of(content_type: bytes, content_encoding: bytes | None) -> bytes | None:
    """What stands between the parts of a form, None in an urlencoded one; BadRequest 400 or 415 for what can be read in
    two ways."""
    if content_encoding is not None and content_encoding.strip().lower() not in (b"", b"identity"):
        raise BadRequest(415, "The form has to be sent without a content coding.")
    kind, _, rest = content_type.partition(b";")
    parameters = _parameters(rest and b";" + rest)
    if parameters.get(b"charset", b"").lower() not in _CHARSETS:
        raise BadRequest(400, "The form has to be sent in UTF-8.")
    if kind.strip().lower() == URLENCODED:
        return None
    boundary = parameters.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest(400, "The form has no boundary that can be used.")
    return boundary


def parts_of(body: bytes, boundary: bytes | None) -> Iterator[Part]:
    """The fields in their order; put together, their bytes are the body (with ``&`` between them in an urlencoded one)."""
    return _urlencoded(body) if boundary is None else _multipart(body, b"--" + boundary)


def decoded(text: bytes) -> bytes:
    """A name or a value of an urlencoded form, as bytes."""
    return unquote_to_bytes(text.replace(b"+", b" "))


def _urlencoded(body: bytes) -> Iterator[Part]:
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        yield Part(decoded(name), decoded(value), pair)


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


def _multipart(body: bytes, delimiter: bytes) -> Iterator[Part]:
    """Each part runs from its delimiter to the next one; the last is the closing delimiter."""
    odd = BadRequest(400, "The form’s parts can be read in two ways.")
    if not body.startswith(delimiter):  # a preamble, which no browser sends
        raise odd
    place = 0
    for _ in range(MOST_PARTS):
        after = place + len(delimiter)
        if body[after : after + 2] == b"--":
            if body[after + 2 :] not in (b"", b"\r\n"):
                raise odd
            yield Part(None, b"", body[place:])
            return
        end = body.find(b"\r\n" + delimiter, after)
        head, blank, content = body[after + 2 : end].partition(b"\r\n\r\n")
        if body[after : after + 2] != b"\r\n" or end < 0 or not blank:
            raise odd
        yield Part(_name(head, odd), content, body[place : end + 2])
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

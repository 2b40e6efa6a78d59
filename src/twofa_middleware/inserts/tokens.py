"""Tags, comments and the rest, as browsers cut them out of bytes (https://html.spec.whatwg.org/#tokenization).

One expression finds the next token that matters from where the last one ended. Its repetitions give nothing back
(possessive), so that no page makes it go over the same bytes twice; what it cannot finish is incomplete, and waits.
"""

from __future__ import annotations

import re
from html.entities import html5

_NAME = rb"[A-Za-z][^\t\n\f\r />]*+"
_VALUE = rb"""(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r "'>][^\t\n\f\r >]*+|(?=>))"""
# A name may begin with "=". Where "=" follows it but no whole value, the tag is not all here.
_ATTRIBUTE = rb"[^\t\n\f\r />][^\t\n\f\r />=]*+(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+" + _VALUE + rb"|(?![\t\n\f\r ]*+=))"
_ATTRIBUTES = rb"(?:[\t\n\f\r /]*+" + _ATTRIBUTE + rb")*+"

TOKEN = re.compile(
    rb"<(?:(" + _NAME + rb")(" + _ATTRIBUTES + rb")([\t\n\f\r /]*+)>"
    rb"|/(" + _NAME + rb")" + _ATTRIBUTES + rb"[\t\n\f\r /]*+>"
    rb"|(!--(?:-?>|.*?--!?>)|(?:!(?!--)|\?|/(?![A-Za-z]))[^>]*+>)"
    rb"|([A-Za-z/!?]|\Z))",
    re.DOTALL,
)
START_TAG, END_TAG, COMMENT, INCOMPLETE = 3, 4, 5, 6
"""What ``lastindex`` of a match of TOKEN says. In groups: name (1), attributes (2) and their end (3), name (4)."""

CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)
"""Only in foreign content; anywhere else the same bytes are a comment that ends at the first ``>``."""

_PAIRS = re.compile(
    rb"[\t\n\f\r /]*+([^\t\n\f\r />][^\t\n\f\r />=]*+)"
    rb"""(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"([^"]*+)"|'([^']*+)'|([^\t\n\f\r "'>][^\t\n\f\r >]*+)|\Z))?+"""
)
_REFERENCE = re.compile(r"&(?:#([0-9]++|[xX][0-9a-fA-F]++);?|([A-Za-z][A-Za-z0-9]*+)(;|(?![=A-Za-z0-9])))")
_REFERENCE_IN_TEXT = re.compile(r"&(?:#([0-9]++|[xX][0-9a-fA-F]++);?|([A-Za-z][A-Za-z0-9]*+);)")
_NEWLINE = re.compile(r"\r\n?")


def read_attributes(source: bytes, charset: str) -> dict[str, str]:
    """The attributes of a start tag by name; of doubled ones the first counts."""
    found: dict[str, str] = {}
    for name, double, single, bare in _PAIRS.findall(source):
        key = name.lower().decode(charset, "replace").replace("\0", "\ufffd")
        if key not in found:
            found[key] = unescape((double or single or bare).decode(charset, "replace"))
    return found


def unescape(value: str) -> str:
    """An attribute's value as the page's scripts see it: newlines, NULs and character references made plain."""
    if "\r" in value:
        value = _NEWLINE.sub("\n", value)
    value = value.replace("\0", "\ufffd")
    return _REFERENCE.sub(_character, value) if "&" in value else value


def unescape_text(text: str) -> str | None:
    """The same for text, or None where it holds a reference without ``;``, which text reads by rules of its own."""
    plain = _REFERENCE_IN_TEXT.sub("", text)
    if re.search(r"&[A-Za-z]", plain):
        return None
    return _REFERENCE_IN_TEXT.sub(_character, _NEWLINE.sub("\n", text).replace("\0", "\ufffd"))


def _character(reference: re.Match[str]) -> str:
    number = reference[1]
    if number is None:
        return html5.get(reference[0][1:], reference[0])
    text, base = (number[1:], 16) if number[0] in "xX" else (number, 10)
    digits = text.lstrip("0") or "0"  # int() itself refuses thousands of them
    code = int(digits, base) if len(digits) < 8 else 0
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return "\ufffd"
    if 0x80 <= code < 0xA0:  # as windows-1252 has them
        return bytes((code,)).decode("cp1252", "ignore") or chr(code)
    return chr(code)

"""The name in a log-in's own form or JSON, read so that no parser of the app can find another one.

What two parsers may read differently is a BadRequest, before the app is called: the field twice, under another spelling
too, in the query besides, ``;`` as a separator, another charset, a key of JSON twice. None: there is no such field, or it
holds no text; what the app makes of that is the app's affair, but nobody is believed to have logged in by it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal, TypeAlias

from ..errors import BadRequest
from ..form_body import MOST_PARTS, boundary_of, is_form, parts_of
from ..http import Request
from ..policy.login_rules import may_mean

Format: TypeAlias = Literal["form", "json"]

LOGIN_BODY_BYTES = 64 * 1024
LOGIN_BODY_SECONDS = 30
_ESCAPES = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_JSON = re.compile(rb"application/(?:[a-z0-9.+-]+\+)?json(?:[ \t]*;[ \t]*charset=\"?utf-8\"?)?[ \t]*", re.IGNORECASE)
_QUERY_PARTS = re.compile(rb"[&;?#]")
_TWO_WAYS = "The log-in can be read in two ways."


def name_in(request: Request, body: bytes, form: Format, field: str) -> str | None:
    """The text of the field."""
    in_query = _QUERY_PARTS.split(request.query, MOST_PARTS)
    if len(in_query) > MOST_PARTS or any(may_mean(pair.partition(b"=")[0], field) for pair in in_query):
        raise BadRequest(400, _TWO_WAYS)
    kinds, codings = request.values(b"content-type"), request.values(b"content-encoding")
    if not body:
        return None
    if len(kinds) != 1 or len(codings) > 1:
        raise BadRequest(400, _TWO_WAYS)
    if form == "json":
        if codings or not _JSON.fullmatch(kinds[0]):
            raise BadRequest(415, "The log-in has to be sent as JSON, in UTF-8.")
        return _in_json(body, field)
    if not is_form(kinds[0]):
        raise BadRequest(415, "The log-in has to be sent as a form.")
    boundary = boundary_of(kinds[0], codings[0] if codings else None)
    return _in_urlencoded(body, field) if boundary is None else _in_multipart(body, boundary, field)


def _in_urlencoded(body: bytes, field: str) -> str | None:
    # Some parsers take ";" for "&". Browsers escape it.
    pairs = re.split(rb"[&;]", body, maxsplit=MOST_PARTS)
    if len(pairs) > MOST_PARTS:
        raise BadRequest(413, f"The form may have {MOST_PARTS} parts.")
    found = [pair for pair in pairs if may_mean(pair.partition(b"=")[0], field)]
    if not found:
        return None
    if len(found) > 1 or found[0] not in body.split(b"&") or _ESCAPES.search(found[0]):
        raise BadRequest(400, _TWO_WAYS)
    (part,) = parts_of(found[0], None)
    return _text(part.name, part.value, field)


def _in_multipart(body: bytes, boundary: bytes, field: str) -> str | None:
    found = [part for part in parts_of(body, boundary) if part.name is not None and may_mean(part.name, field)]
    if not found:
        return None
    head = found[0].whole.partition(b"\r\n\r\n")[0].lower()
    if len(found) > 1 or b"filename" in head or b"content-type" in head:
        raise BadRequest(400, _TWO_WAYS)
    return _text(found[0].name, found[0].value, field)


def _text(name: bytes | None, value: bytes, field: str) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(400, "The log-in has to be sent in UTF-8.") from None
    if name != field.encode():
        raise BadRequest(400, _TWO_WAYS)
    return text


def _in_json(body: bytes, field: str) -> str | None:
    try:
        found: Any = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadRequest(400, "The log-in is no JSON in UTF-8, or has a key twice.") from None
    for key in field.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    folded = {key.casefold() for key, _ in pairs}
    if len(folded) != len(pairs):
        raise ValueError("a key came twice")
    return dict(pairs)


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")

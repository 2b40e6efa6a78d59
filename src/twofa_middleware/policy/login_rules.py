"""Log-in and log-out rules: a path rule, and where that is not enough a field of the query or of the form.

    POST /login                       ANY /** ?action=logout        POST /account form action=logout
    GET,POST /index ?do=login         ANY /** ?logout               (any value, also none)

Such rules ask for more, so they also hold for whatever any parser of a common framework could read as such a request:
escapes in escapes, doubled slashes, dots, ``;``, a closing slash, other cases, a field among others of its name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal
from urllib.parse import unquote, unquote_to_bytes

from ..errors import BadRequest, ConfigError
from ..form_body import MOST_PARTS, boundary_of, decoded, parts_of
from ..http import Request
from .paths import OVERRIDES, PathRule

_RULE = re.compile(
    r"(?P<path>\S+ \S+)(?: (?:(?P<query>\?)|(?P<form>form ))(?P<name>[A-Za-z0-9_.\[\]-]+)(?P<value>=[^\s&;%+#]*)?)?"
)
_SEPARATORS = re.compile(rb"[&;?#]")
_METHOD = "_method"
_MOST_ESCAPES = 4
_DROPPED = bytes((*range(0x21), 0x7F))
_LONGEST_TEXT = 1000
_MOST_COMPOSED = 4
"""No more characters than these become one under NFKC (UAX #15, §12: a base and the marks that compose with it)."""


@dataclass(frozen=True, slots=True)
class LoginRule:
    """One rule, compiled. ``place``: where the field stands, "" without one; ``value``: None for any."""

    text: str
    path: PathRule
    place: Literal["", "query", "form"]
    name: str
    value: str | None
    _pattern: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> LoginRule:
        found = _RULE.fullmatch(text)
        if not found:
            raise ConfigError(
                f'"{text}" is no rule for a log-in or log-out; write such as "POST /login", "ANY /** ?action=logout" or '
                '"POST /account form action=logout"'
            )
        try:
            path = PathRule.parse(found["path"])
        except ConfigError as error:
            raise ConfigError(f'"{text}": {error}') from None
        place: Literal["", "query", "form"] = "query" if found["query"] else "form" if found["form"] else ""
        if place == "form" and path.methods and path.methods <= {"GET", "HEAD"}:
            raise ConfigError(f'"{text}": a GET has no form in its body; name POST, or write "?{found["name"]}"')
        value = found["value"]
        return cls(
            text,
            path,
            place,
            found["name"] or "",
            None if value is None else value[1:],
            re.compile(path.pattern.pattern, path.pattern.flags | re.IGNORECASE),
        )

    def holds(self, request: Request, *, has_form: bool = False) -> bool:
        """Whether the request may be one, but for what a form in its body says; ``has_form``: there is one, which may
        also say that the method is another."""
        has_method = self._has_method(request)
        # Few requests come further, so none pays for a path that it does not ask for.
        if not (has_method or has_form or request.query or _overrides_by_header(request)):
            return False
        if not self.fits(request.path):
            return False
        if not (has_method or has_form or _overrides(request)):
            return False
        return self.place != "query" or self._stands_in(_SEPARATORS.split(request.query, MOST_PARTS))

    def fits(self, path: str) -> bool:
        """Whether a request with this path may be one, by whatever method, query or form."""
        return any(self._pattern.fullmatch(reading) for reading in _readings(path))

    def asks_form(self, request: Request) -> bool:
        """Whether a request that the rule ``holds`` for is one only if its form says so."""
        return self.place == "form" or self.asks_method(request)

    def asks_method(self, request: Request) -> bool:
        """Whether that is so since the request's method is another."""
        return not (self._has_method(request) or _overrides(request))

    def holds_for_form(
        self, content_type: bytes, content_encoding: bytes | None, body: bytes, *, names_method: bool = False
    ) -> bool:
        """Whether the field may stand in this form, and with ``names_method`` also one that names a method of the rule;
        a form that can be read in two ways may have any field."""
        try:
            boundary = boundary_of(content_type, content_encoding)
            if boundary is None:
                pairs = re.split(rb"[&;]", body, maxsplit=MOST_PARTS)
                if len(pairs) > MOST_PARTS:
                    return True
                fields = [(name, value) for name, _, value in (pair.partition(b"=") for pair in pairs)]
            else:
                fields = [(part.name or b"", part.value) for part in parts_of(body, boundary)]
        except BadRequest:
            return True
        if names_method and not any(self._is_its_method(name, value) for name, value in fields):
            return False
        return self.place != "form" or any(self._is_meant(name, value) for name, value in fields)

    def _has_method(self, request: Request) -> bool:
        return not self.path.methods or request.method.upper() in self.path.methods

    def _is_its_method(self, name: bytes, value: bytes) -> bool:
        return may_mean(name, _METHOD) and any(may_mean(value, method) for method in self.path.methods)

    def _stands_in(self, pairs: list[bytes]) -> bool:
        """Whether one of the pairs may be the field; of more pairs than are looked at, one may be."""
        if len(pairs) > MOST_PARTS:
            return True
        return any(self._is_meant(name, value) for name, _, value in (pair.partition(b"=") for pair in pairs))

    def _is_meant(self, name: bytes, value: bytes) -> bool:
        return may_mean(name, self.name) and (self.value is None or may_mean(value, self.value))


def _overrides_by_header(request: Request) -> bool:
    return any(name in OVERRIDES for name, _ in request.headers)


def _overrides(request: Request) -> bool:
    """Whether the app may take the method from elsewhere than where it stands, whatever was sent; a form apart."""
    if _overrides_by_header(request):
        return True
    pairs = _SEPARATORS.split(request.query, MOST_PARTS)
    return len(pairs) > MOST_PARTS or any(may_mean(pair.partition(b"=")[0], _METHOD) for pair in pairs)


@lru_cache(maxsize=16)
def _readings(path: str) -> tuple[str, ...]:
    """The path as it is, and as apps, servers and proxies may read it; all rules look at those of one request."""
    return tuple(dict.fromkeys(_all_readings(path)))


def _all_readings(path: str) -> Iterator[str]:
    yield path
    for _ in range(_MOST_ESCAPES):
        yield from _shapes(path)
        further = unquote(path, errors="surrogateescape")
        if further == path:
            return
        path = further


def _shapes(path: str) -> Iterator[str]:
    segments: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        segment = "".join(char for char in part.partition(";")[0] if unicodedata.category(char)[0] not in "CZ")
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    plain = "/" + "/".join(segments)
    yield plain
    yield plain.rstrip("/") + "/"
    yield plain.rstrip("/.") or "/"


def may_mean(raw: bytes, text: str) -> bool:
    """Whether any parser may read this name, or value, as the text."""
    meant = _plain(text.encode(), _LONGEST_TEXT) or ""
    for _ in range(_MOST_ESCAPES):
        if meant == _plain(raw, len(meant)) or meant == _plain(decoded(raw), len(meant)):
            return True
        further = unquote_to_bytes(raw)
        if further == raw:
            return False
        raw = further
    return False


def _plain(raw: bytes, length: int) -> str | None:
    """Without case, spaces, control characters, and bytes that are no text: an app may drop any of them.

    None for what can never be as short as ``length``: normalization takes long for long runs of combining marks.
    """
    if raw.isascii():
        kept = raw.translate(None, _DROPPED)
        return kept.decode("ascii").lower() if len(kept) <= length else None
    kept_chars = (char for char in raw.decode("utf-8", "ignore") if unicodedata.category(char)[0] not in "CZ")
    text = "".join(islice(kept_chars, _MOST_COMPOSED * length + 1))
    if len(text) > _MOST_COMPOSED * length:
        return None
    text = unicodedata.normalize("NFKC", text)
    return "".join(char for char in text if unicodedata.category(char)[0] not in "CZ").casefold()

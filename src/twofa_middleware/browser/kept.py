"""Cookies that outlast the answer that set them: merged into a request, or kept of an answer that nobody gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..http import Headers, change_headers, set_cookies, without_cookies
from .cookies import is_ours

_AGE = re.compile(rb"(?:s-maxage|max-age)=\"?[0-9]+", re.IGNORECASE)


class KeptCookies:
    """Set-Cookie lines of the app's answers to questions, for the rest of one request.

    The app gets such a cookie with the request, in the place of the one that it has replaced, and the browser with the
    answer, whichever that is.
    """

    def __init__(self) -> None:
        self.lines: Headers = ()

    def take(self, headers: Headers, names: frozenset[bytes]) -> None:
        """Keep the named cookies of an answer, in the place of what an earlier one had set; never one of ours."""
        new = tuple(pair for pair in headers if pair[0] == b"set-cookie" and _name(pair) in names)
        new = tuple(pair for pair in new if not is_ours(_name(pair)))
        again = {_name(pair) for pair in new}
        self.lines = (*(pair for pair in self.lines if _name(pair) not in again), *new)

    def onto_request(self, headers: Headers) -> Headers:
        """The headers of a request as the browser would send them, had it got these cookies."""
        if not self.lines:
            return headers
        line = b"; ".join(value for name, value in headers if name == b"cookie")
        return change_headers(headers, {b"cookie": merge_cookies(line, set_cookies(self.lines)) or None})

    def onto_answer(self, headers: Headers) -> Headers:
        """The headers of an answer with these cookies before its own, which therefore win; not where caches share it."""
        return headers if not self.lines or may_be_shared(headers) else (*self.lines, *headers)


def _name(pair: tuple[bytes, bytes]) -> bytes:
    return pair[1].partition(b"=")[0].strip(b" \t")


def merge_cookies(line: bytes, sets: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A Cookie header with what an answer sets in place of the cookies of the same names."""
    kept = without_cookies(line, frozenset(name for name, _ in sets))
    ends_as: dict[bytes, bytes] = {}
    for name, value in sets:
        # A deletion may mean the cookie of another path or domain, so it takes nothing back that the answer sets.
        ends_as[name] = value or ends_as.get(name, b"")
    return b"; ".join((*filter(None, (kept,)), *(name + b"=" + value for name, value in ends_as.items() if value)))


def replace_cookies(line: bytes, values: Mapping[bytes, bytes]) -> bytes:
    """A Cookie header with other values, in the order in which a browser sends it next: a cookie that is set anew keeps
    its place (RFC 6265 §5.4), a new one comes last."""
    if len(values) == 1:
        ((name, value),) = values.items()
        if line.count(name) == 1 and (place := line.find(b" " + name + b"=")) >= 0:  # as nearly always
            end = line.find(b";", place)
            return line[: place + 1] + name + b"=" + value + (line[end:] if end >= 0 else b"")
    left = dict(values)
    parts = []
    for part in filter(None, (part.strip(b" \t") for part in line.split(b";"))):
        name = part.partition(b"=")[0].strip(b" \t")
        parts.append(name + b"=" + left.pop(name) if name in left else part)
    return b"; ".join((*parts, *(name + b"=" + value for name, value in left.items())))


def may_be_shared(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a shared cache may keep the answer (RFC 9111 §3): then it is no place for anybody's cookie."""
    pairs = [(name.lower(), value) for name, value in headers]
    control = b",".join(value for name, value in pairs if name == b"cache-control").lower()
    if b"private" in control or b"no-store" in control:
        return False
    expires = any(name == b"expires" and value.strip() not in (b"0", b"-1") for name, value in pairs)
    return b"public" in control or _AGE.search(control) is not None or expires

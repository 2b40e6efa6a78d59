"""One request and what becomes of it, in words that WSGI and ASGI share. Names of headers are lower-case bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, quote

from .errors import BadRequest
from .protocol import Flow, Login, UserKey

Headers = tuple[tuple[bytes, bytes], ...]

FORM_LIMIT_BYTES = 8 * 1024
FORM_LIMIT_SECONDS = 10
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
PROBLEM_TYPE = "urn:twofa-middleware:problem:"


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request.

    ``root`` is SCRIPT_NAME or root_path, ``path`` the app's own path below it (decoded; bytes that are no UTF-8 stay as
    surrogates), ``raw_path`` the path as it was sent where the server tells, ``server`` the environ or the scope, and
    ``now`` the time in seconds since 1970 at which everything about this request is decided.
    """

    kind: Literal["http", "websocket"]
    method: str
    root: str
    path: str
    raw_path: bytes | None
    query: bytes = field(repr=False)
    headers: Headers = field(repr=False)
    server: Mapping[str, Any] = field(repr=False)
    now: int

    def values(self, name: bytes) -> list[bytes]:
        """Every value that was sent for a header."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: bytes) -> bytes | None:
        """The value of a header that is sent once; twice is as if it were not there."""
        values = self.values(name)
        return values[0] if len(values) == 1 else None

    def cookies(self) -> dict[bytes, list[bytes]]:
        """Every cookie with all its values, since a doubled name is somebody's trick (RFC 6265 §4.2.2)."""
        return parse_cookies(self.header_line(b"cookie"))

    def header_line(self, name: bytes) -> bytes:
        """All values of a cookie header as one; HTTP/2 may split it (RFC 9113 §8.2.3)."""
        return b"; ".join(self.values(name))

    def with_headers(self, changes: Mapping[bytes, bytes | None]) -> Request:
        """The same request with headers replaced, or taken out where the value is None."""
        return replace(self, headers=change_headers(self.headers, changes))

    @property
    def quoted_root(self) -> str:
        """The mount as it stands in a URL."""
        return quote(self.root, safe="/:@!$&'()*+,;=~", errors="surrogateescape")

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE_METHODS

    @property
    def is_navigation(self) -> bool:
        """Whether a person looks at the answer: fetch metadata says so, or without it the client accepts HTML."""
        if self.kind != "http":
            return False
        mode = self.header(b"sec-fetch-mode")
        if mode is not None or self.values(b"sec-fetch-mode"):
            return mode == b"navigate"
        accept = b",".join(self.values(b"accept")).lower()
        return any(
            part.split(b";")[0].strip() in (b"text/html", b"application/xhtml+xml") for part in accept.split(b",")
        )


def parse_cookies(line: bytes) -> dict[bytes, list[bytes]]:
    """Split a Cookie header on bytes, as browsers write it: on ``;``, stripping only space and tab.

    No decoding comes before the split and no quote is undone, so no odd byte turns one name into another.
    """
    found: dict[bytes, list[bytes]] = {}
    for part in line.split(b";"):
        name, equals, value = part.partition(b"=")
        if equals and (name := name.strip(b" \t")):
            found.setdefault(name, []).append(value.strip(b" \t"))
    return found


def without_cookies(line: bytes, names: frozenset[bytes]) -> bytes:
    """The Cookie header without the named cookies; all other bytes stay as they are."""
    parts = line.split(b";")
    kept = [part for part in parts if part.partition(b"=")[0].strip(b" \t") not in names]
    return line if len(kept) == len(parts) else b";".join(kept).strip(b" \t")


def change_headers(headers: Headers, changes: Mapping[bytes, bytes | None]) -> Headers:
    kept = tuple(pair for pair in headers if pair[0] not in changes)
    return kept + tuple((name, value) for name, value in changes.items() if value is not None)


def set_cookies(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Name and value of each Set-Cookie of an answer, the value empty where the answer deletes the cookie."""
    found = []
    for key, line in headers:
        if key.lower() != b"set-cookie":
            continue
        pair, *attributes = line.split(b";")
        name, _, value = pair.partition(b"=")
        value = value.strip(b" \t")
        found.append((name.strip(b" \t"), b"" if _deletes(attributes) else value))
    return found


def _deletes(attributes: list[bytes]) -> bool:
    """Whether the attributes of a Set-Cookie end the cookie now: Max-Age goes over Expires, the last one counts
    (RFC 6265 §5.2 and §5.3). An Expires other than the usual 1970 is not looked at: the cookie then counts as set."""
    ended_by_date, ended_by_age = False, None
    for attribute in attributes:
        name, _, value = attribute.partition(b"=")
        key, value = name.strip(b" \t").lower(), value.strip(b" \t")
        if key == b"max-age" and value.removeprefix(b"-").isdigit():
            ended_by_age = value.startswith(b"-") or not value.strip(b"0")
        elif key == b"expires":
            ended_by_date = b"1970" in value or b"-70 " in value
    return ended_by_date if ended_by_age is None else ended_by_age


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser gets instead of the app's answer. ``closes``: a body was left unread, end the connection."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    closes: bool = False

    def adding(self, *headers: tuple[bytes, bytes]) -> Answer:
        return replace(self, headers=self.headers + headers)


def never(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Of no head."""
    return False


def always(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Of each head."""
    return True


@dataclass(frozen=True, slots=True)
class KnownPass:
    """Whose pass let a request in. Until then (seconds since 1970) what comes with the same cookies and headers may pass
    without a question, as long as nothing of the user has changed. ``seen``: what the store said (``asks.Seen``)."""

    user: UserKey
    session: str | None = field(repr=False)
    until: int
    seen: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Allow:
    """The request may go on to the app.

    ``changes`` are headers to replace or take out before the app sees them, ``forgets`` keys of the environ or scope to
    take out. ``must_release`` looks at the head of the
    app's answer and says whether ``Gate.release`` has to decide about it. ``watches_body``: the login has to be resolved
    again when the last chunk of the body was read. ``body``: what the app reads instead of the body, which was read
    already. ``splices``: the answer may be changed on its way, so the app has to give its bytes to nobody else.
    ``is_watched`` looks at the head of the app's answer and says whether ``Gate.still_passes`` has to be asked for as long
    as the connection is open; ``asks_each``: also about each message of the client's. ``known``: what may be remembered
    of the decision, None where the next request has to be decided anew.
    """

    request: Request
    login: Login | None
    changes: Mapping[bytes, bytes | None] = field(repr=False)
    must_release: Callable[[Iterable[tuple[bytes, bytes]]], bool]
    state: Any = field(repr=False)
    watches_body: bool = False
    forgets: frozenset[str] = frozenset()
    body: bytes | None = field(default=None, repr=False)
    splices: bool = False
    is_watched: Callable[[Iterable[tuple[bytes, bytes]]], bool] = never
    asks_each: bool = False
    known: KnownPass | None = None


class Splicing(Protocol):
    """Puts something into a body while it passes; after ``close`` nothing is left of it."""

    def feed(self, chunk: bytes) -> Flow[bytes]:
        """What goes on of the body, now that this has come."""

    def close(self) -> Flow[bytes]:
        """What was held back of it, now that it has ended."""


@dataclass(frozen=True, slots=True)
class Send:
    """The app's answer goes to the browser, with these headers; ``splicing`` changes its body.

    ``goes_on``: the answer begins a log-in, and for as long as the connection is open it is this that is asked about.
    """

    headers: Headers = field(repr=False)
    splicing: Splicing | None = None
    goes_on: Allow | None = None


def redirect(location: str, *headers: tuple[bytes, bytes]) -> Answer:
    """303 See Other (RFC 9110 §15.4.4), to a path of our own origin."""
    plain = (b"content-type", b"text/plain; charset=utf-8")
    return Answer(303, ((b"location", location.encode("ascii")), plain, *headers))


def problem(status: int, kind: str, title: str, detail: str, **members: str | int) -> Answer:
    """An ``application/problem+json`` answer for programs (RFC 9457)."""
    said = {"title": title.replace("’", "'"), "status": status, "detail": detail.replace("’", "'")}
    body = {"type": PROBLEM_TYPE + kind, **said, **members}
    return Answer(status, ((b"content-type", b"application/problem+json"),), json.dumps(body).encode())


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a small urlencoded form; a field sent twice or text that is no UTF-8 is a BadRequest 400."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=32)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest(400, "The form could not be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadRequest(400, "A field of the form was sent twice.")
    return fields

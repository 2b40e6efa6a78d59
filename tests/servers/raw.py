"""The words for requests as bytes, and for what becomes of them on each server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from servers.raw_servers import SERVERS, Until


class Ends(NamedTuple):
    """By whom a request ends that is sent by nobody, with a password alone, and by vera, who has verified.

    app (as vera, or as nobody), gate, or server: that is the server's own refusal, an answer of 4xx or none.
    """

    nobody: str
    password_alone: str
    verified: str


READ = Ends("app", "gate", "app vera")
ANONYMOUS = Ends("app", "app", "app")
"""Nobody's for whoever sends it: an exempt path, or cookies that the app does not get."""
NO_PASS = Ends("app", "gate", "gate")
AMBIGUOUS = UNREAD = OWN_PAGE = Ends("gate", "gate", "gate")
REFUSED = Ends("server", "server", "server")

TORN = Ends("app gate server", "gate server", "app vera gate server")
"""What may become of a request that is found to be none while it is decided: what comes first is a matter of time."""


class Seen(NamedTuple):
    """What the app sees of it. Texts are bytes, decoded as latin-1."""

    method: str = "GET"
    path: str = "/shop"
    query: str = ""
    body: str | None = ""


SEEN = Seen()


@dataclass(frozen=True)
class Raw:
    """``bytes_sent`` with the marks of ``Sender.fill``.

    It ends the same on all servers, but for those that refuse it by themselves (``refused_by``, names with commas), and
    for those that give the gate something else (``otherwise``: names → how it ends there, and why). ``seen`` is what the
    app sees, and ``seen_otherwise`` what it sees on some (names → what). ``fails_at``: where the server's own refusal is 500. ``shows_ours``: a cookie of ours goes on to the app
    under a name that is no cookie's.
    """

    bytes_sent: bytes
    until: Until = "closed"
    ends: Ends = READ
    refused_by: str = ""
    otherwise: Mapping[str, tuple[Ends, str]] = field(default_factory=dict)
    seen: Seen = SEEN
    seen_otherwise: Mapping[str, Seen] = field(default_factory=dict)
    torn: bool = False
    fails_at: str = ""
    shows_ours: bool = False

    def ends_at(self, server: str) -> Ends:
        if server in names_of(self.refused_by):
            return REFUSED
        return next((ends for names, (ends, _) in self.otherwise.items() if server in names_of(names)), self.ends)

    def seen_at(self, server: str) -> Seen:
        return next((seen for names, seen in self.seen_otherwise.items() if server in names_of(names)), self.seen)


def names_of(text: str) -> list[str]:
    names = text.split(", ") if text else []
    if unknown := set(names) - SERVERS.keys():
        raise ValueError(f"no such servers: {unknown}")
    return names


def all_but(text: str) -> str:
    return ", ".join(name for name in SERVERS if name not in names_of(text))


HOST, COOKIE, CLOSE = b"Host: localhost\r\n", b"Cookie: <C>\r\n", b"Connection: close\r\n"


def sent(
    line: bytes = b"GET /shop HTTP/1.1",
    headers: bytes = b"",
    *,
    host: bytes = HOST,
    close: bytes = CLOSE,
    cookie: bytes = COOKIE,
    body: bytes = b"",
    **what: Any,
) -> Raw:
    head = line + b"\r\n" + host + b"User-Agent: <T>\r\n" + close + cookie + headers + b"\r\n"
    return Raw(head + body, **what)


def with_path(path: bytes, **what: Any) -> Raw:
    return sent(b"GET %b HTTP/1.1" % path, **what)


def with_cookies(cookie: bytes, **what: Any) -> Raw:
    return sent(cookie=b"Cookie: %b\r\n" % cookie, **what)


def with_headers(headers: bytes, **what: Any) -> Raw:
    return sent(headers=headers, **what)


def post(framing: bytes, body: bytes, **what: Any) -> Raw:
    return sent(b"POST /shop HTTP/1.1", framing, body=body, **what)

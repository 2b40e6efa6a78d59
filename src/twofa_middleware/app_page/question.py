"""How a page of the app is asked for: with one credential, and beside it only what says where the request comes from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..asks import AskApp
from ..errors import ConfigError
from ..http import Headers, Request
from ..protocol import PluginContext

SENT_ALWAYS = (
    b"user-agent",
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
    b"x-real-ip",
)
"""What the app may take for the client, the client's address, the host or the scheme: as it is with the request itself."""

_PATH = re.compile(r"/(?!/)(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?")
# Other credentials, what speaks of a body or of a cached answer, and what belongs to one connection.
_NEVER_SENT = re.compile(
    r"accept|accept-encoding|accept-language|authorization|connection|content-.*|cookie|depth|expect|host|if-.*|"
    r"keep-alive|origin|proxy-.*|range|referer|sec-.*|te|trailer|transfer-encoding|upgrade"
)

PagePath = Annotated[str, Meta(description="a path of the app's own, such as /api/me")]
Seconds = Annotated[float, Meta(gt=0, le=10)]
SentHeader = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z", description="a token, RFC 9110 §5.1")]


class PageOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``method``: how the page is asked for, always without a body; PROPFIND goes with ``Depth: 0``. ``accept``: the
    Accept header, which without it fits ``format``. ``sends``: headers of the request that go along, beside those that
    say where it comes from. ``timeout_seconds``: 503 after that."""

    method: Literal["GET", "POST", "PROPFIND"] = "GET"
    accept: str = ""
    sends: list[SentHeader] = []
    timeout_seconds: Seconds = 1.0


class Question:
    """A page of the app, and how it is asked for."""

    def __init__(
        self,
        page: str,
        options: PageOptions,
        accept: str,
        context: PluginContext,
        where: str,
        keeps: Iterable[str] = (),
    ) -> None:
        """``accept``: where the options name none. ``keeps``: cookies that go to the browser if the answer sets them."""
        if not _PATH.fullmatch(page):
            raise ConfigError(
                f'{where}: page = "{page}" is no path; write it as it stands in a URL, below the app\'s mount: "/api/me"'
            )
        path = page.partition("?")[0]
        if path == context.prefix or path.startswith(context.prefix + "/"):
            raise ConfigError(f'{where}: page = "{page}" is a page of ours; name one of the app\'s')
        for name in options.sends:
            if _NEVER_SENT.fullmatch(name.lower()):
                raise ConfigError(f'{where}: sends cannot hold "{name}"; the page is asked without it')
        accepts = options.accept or accept
        if not accepts.isascii() or not accepts.isprintable():
            raise ConfigError(f"{where}: accept = {accepts!r} is no value of a header; write such as application/json")
        self.page = page
        self._options = options
        self._sent = (*SENT_ALWAYS, *(name.lower().encode() for name in options.sends))
        depth = ((b"depth", b"0"),) if options.method == "PROPFIND" else ()
        self._fixed: Headers = ((b"accept", accepts.encode()), (b"accept-language", b"en"), *depth)
        self._keeps = frozenset(name.encode() for name in keeps)

    def ask(self, request: Request, credentials: Headers, turn: Iterable[bytes] = ()) -> AskApp:
        """``credentials``: the headers by which the app knows somebody. ``turn``: what is one credential, so that the app
        is not asked twice at once about it."""
        sent = tuple((name, value) for name, value in request.headers if name in self._sent)
        return AskApp(
            request,
            self.page,
            (*sent, *self._fixed, *credentials),
            limit_seconds=self._options.timeout_seconds,
            method=self._options.method,
            turn=_digest(turn),
            keep_cookies=self._keeps,
        )


def _digest(parts: Iterable[bytes]) -> bytes:
    """What tells credentials apart, without holding them; empty for none."""
    found = list(parts)
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in found)).digest() if found else b""

"""The head of a request, with the password alone."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path

from support.exchange import Pairs
from support.visitor import NAVIGATION

from .cookies import ODD, users_in
from .world import InWorld, World

HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "Host",
    "Origin",
    "Range",
    "Referer",
    "Remote-User",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Prefix",
    "X-Forwarded-Uri",
    "X-HTTP-Method-Override",
    "X-Original-URL",
    "X-Rewrite-URL",
)
ODD_PATH = re.compile(r"//|/\.\.?(?:/|$)|[;%\\]")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NEXT_LINE = b"\x1e"


class Heads(InWorld):
    """Method, target and all headers that the gate reads, each with any bytes. Attacks 1, 6 to 8, 10 to 12, 17, 25, 101.

    An input is lines with ``\\x1e`` between them: ``GET /path?query``, then ``name:value`` each.
    """

    name = "heads"
    words = (
        *(NEXT_LINE + name.encode() + b":" for name in HEADERS),
        *(method.encode() + b" /" for method in METHODS),
        *(b"/static/", b"/health", b"/2fa/", b"/2fa/verify", b"/2fa/static/", b"/login", b"/logout", b"..", b"%2e%2e"),
        *(b"%2f", b"//", b";", b"%00", b"%ff", b"?next=", b"navigate", b"cors", b"same-origin", b"text/html", b"null"),
        *(b"http://localhost:8000", b"websocket", b"chunked", b"Basic ZXJpbjp4", b"Bearer x", b"application/json"),
        *ODD,
    )

    def __init__(self, folder: Path, adapter: str) -> None:
        self.world = World(folder, adapter, shop={"exempt": ["GET /static/**", "GET /health"]})
        self._session = self.world.thief.cookies["session"]

    def seeds(self) -> Sequence[bytes]:
        lines = [f"{name}:{value}" for name, value in NAVIGATION]
        targets = (
            "/home",
            "/static/x",
            "/health",
            "/static/../home",
            "/static/x;y",
            "/2fa/verify?next=/home",
            "/2fa/setup",
            "/2fa/admin",
            "/login",
        )
        found = [NEXT_LINE.join([b"GET " + target.encode(), *(line.encode() for line in lines)]) for target in targets]
        return [
            *found,
            *(f"{method} /home".encode() for method in METHODS),
            *(b"GET /\x1e%s:x" % n.encode() for n in HEADERS),
        ]

    def __call__(self, data: bytes) -> Hashable:
        world = self.world
        first, *lines = data.split(NEXT_LINE)
        method, _, target = first.decode("latin-1").partition(" ")
        method, target = (method if method in METHODS else "GET"), "/" + target.removeprefix("/")
        headers: Pairs = [("Cookie", f"session={self._session}")]
        for line in lines:
            name, _, value = line.decode("latin-1").partition(":")
            if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name, re.ASCII) and self._is_possible(name.lower(), value):
                headers.append((name, value))
        reply = world.stage.exchange().request(method, target, headers)
        calls, world.spy.calls[:] = list(world.spy.calls), []
        seen = world.refused(reply)
        for call in calls:  # to an exempt path, as nobody
            assert "authorization" not in call.headers, f"nobody has read what the app gets: {call}"
            assert call.method in ("GET", "HEAD"), f"the app was called: {call}"
            assert users_in(call.headers.get("cookie", "")) == set(), f"the app was called: {call}"
            path = target.partition("?")[0]
            assert path == "/health" or path.startswith("/static/"), f"the app was called: {call}"
            assert not ODD_PATH.search(path), f"the app may read it in another way: {call}"
        world.forgive()
        return (*seen, len(calls), reply.header("content-type"))

    def _is_possible(self, name: str, value: str) -> bool:
        """No server hands on a length that is no number, and wsgiref's validator would stop it."""
        if self.world.adapter == "asgi":
            return True
        return name not in ("content-length", "content-type") or (
            value.isascii() and value.isdigit() and len(value) < 4000
        )

    def settle(self) -> None:
        assert self.world.count("passes") < 30
        assert self.world.count("setups") < 10

"""What is asked at the door: every form of path, method, mount, and dress of a request, and which of them are walked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from support.exchange import Pairs
from support.visitor import FETCH, FORM_TYPE, NAVIGATION

Leads = Literal["app", "own", "exempt"]

METHODS = (
    *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"),
    *("get", "post", "JEFF", "PROPFIND"),
)
MOUNTS = ("", "/", "/mnt", "/mnt/mnt", "/static", "/2fa")

EXEMPT_RULES = ("GET /static/**", "GET /health")
EXEMPT = ("/static/", "/static/site.css", "/static/x?next=/admin", "/health")

APP = (
    *("/home", "/", "", "/login", "/logout", "/api/tasks", "/mnt/home"),
    *("//admin", "/./admin", "/%2e/admin", "/a/../admin", "/a/%2e%2e/admin", "/admin;x=1", "/ADMIN", "/admin/"),
    *("/admin.", "/%2fadmin", "/admin%00", "/admin%23", "/admin%3f", "/%61dmin", "/admin%20", "/admin%0d%0a"),
    *("/%ff", "/%", "/admin%c0%af", "/a" * 2000, "/\\admin", "/*", "*", "/\xe9", "/caf%C3%A9", "http://a/static/x"),
    # what looks like an exempt path
    *("/static", "/staticx", "/static%2f", "/static/../admin", "/static/%2e%2e/admin", "/static/..;/admin"),
    *("/static//x", "/static/./x", "//static/x", "/x/static/x", "/STATIC/x", "/static%2fx", "/static;/x"),
    *("/static\\x", "/static/x%00", "/static/%61", "/admin?x=/static/x", "/admin#/static/x", "/static/x;y"),
    *("/static/a%20b", "/static/\xe9", "/static/x/..", "/healthX", "/health/", "/health/x", "/health/../admin"),
    *("/health%2f..%2fadmin", "/HEALTH", "/health;x", "/health.", "/admin?/health"),
    # what looks like one of ours
    *("/2FA/verify", "/2fax", "/2fa.", "/2fa;x", "//2fa/verify", "/x/2fa/verify", "/2fa%00", "/./2fa/verify"),
)
OWN = (
    *("/2fa", "/2fa/", "/2fa/verify", "/2fa/account", "/2fa/nothing", "/2fa/../home", "/2fa/%2e%2e/home"),
    *("/2fa//home", "/2fa/static/../../home", "/2fa/static/pages.css", "/%32fa/home", "/2fa/admin", "/2fa/logout"),
)


@dataclass(frozen=True)
class Dress:
    """The headers of a request besides those that say who comes, and its body."""

    name: str
    headers: Pairs
    body: bytes = b""
    upgrades: bool = False

    @property
    def navigates(self) -> bool:
        return ("Sec-Fetch-Mode", "navigate") in self.headers


OF_PROXIES = ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix", "X-Forwarded-Path")
DRESSES = (
    Dress("navigation", NAVIGATION),
    Dress("fetch", FETCH),
    Dress("bare", []),
    Dress("override", [*NAVIGATION, ("X-HTTP-Method-Override", "OPTIONS")]),
    Dress("rewritten", [*FETCH, *((name, "/static/site.css") for name in OF_PROXIES)]),
    Dress("form", [*NAVIGATION, FORM_TYPE], b"_method=GET&user=wendy"),
    Dress(
        "from within", [("User-Agent", "kube-probe/1.30"), ("X-Forwarded-For", "127.0.0.1"), ("X-Health-Check", "1")]
    ),
    Dress("in part", [*FETCH, ("Range", "bytes=0-9"), ("If-None-Match", "*")]),
    Dress("host", [*NAVIGATION, ("Host", "a/health?")]),
    Dress("upgrade", [*FETCH, ("Upgrade", "websocket"), ("Connection", "Upgrade")], upgrades=True),
)


@dataclass(frozen=True)
class Asked:
    """One request, but for who sends it."""

    target: str
    leads: Leads
    method: str = "GET"
    mount: str = ""
    dress: Dress = DRESSES[0]

    def __str__(self) -> str:
        return f"{self.method} {self.target[:60]!r} at {self.mount!r} as {self.dress.name}"

    def reaches(self, adapter: str) -> bool:
        """Whether the app gets it whoever comes. Under WSGI a handshake is a request, and none that is exempt."""
        is_handshake = adapter == "wsgi" and self.dress.upgrades
        return self.leads == "exempt" and self.method in ("GET", "HEAD") and not is_handshake


PATHS: tuple[tuple[str, Leads], ...] = (
    *((target, "app") for target in APP),
    *((target, "own") for target in OWN),
    *((target, "exempt") for target in EXEMPT),
)


def everything(dresses: Sequence[Dress] = DRESSES) -> Iterator[Asked]:
    """The full product."""
    for (target, leads), method, mount, dress in itertools.product(PATHS, METHODS, MOUNTS, dresses):
        yield Asked(target, leads, method, mount, dress)


def covering(turn: int) -> Iterator[Asked]:
    """Each path at two of the mounts. In as many turns as there are states, any two values of two axes come together
    (``test_axes.py``)."""
    for (number, (target, leads)), place in itertools.product(enumerate(PATHS), range(2)):
        mount = MOUNTS[(number + turn + 3 * place) % len(MOUNTS)]
        method = METHODS[(number + 5 * place + turn) % len(METHODS)]
        dress = DRESSES[(number // len(METHODS) + number + 3 * place + turn) % len(DRESSES)]
        yield Asked(target, leads, method, mount, dress)


def plain() -> Iterator[Asked]:
    """What every verified visitor may ask of the app."""
    for number, (method, mount) in enumerate(itertools.product(METHODS, MOUNTS)):
        yield Asked(("/home", "/api/tasks")[number % 2], "app", method, mount, DRESSES[number % 3])

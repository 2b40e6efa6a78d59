"""An app that only its log-ins tell of: sessions on its own server, and odd habits as its options.

``rotates``: another cookie with each log-in; else the browser's stays, whoever logs in. ``renews``: ``POST /renew`` sets
another cookie for the same session. ``forgets``: the cookie goes at log-out, too.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from support.spy import HTML, Behaviour, Call, Told

PASSWORD = "of everybody"
WATCH: dict[str, Any] = {
    "use": "watch",
    "cookie": "sid",
    "login": "POST /login",
    "field": "username",
    "case": "ignored",
    "success": {"status": 302, "location": "/home"},
    "refresh": ["POST /renew"],
}


@dataclass
class WatchedApp:
    rotates: bool = False
    forgets: bool = False
    sessions: dict[str, str | None] = field(default_factory=dict)
    meanwhile: Callable[[], object] | None = None
    """Done once, in the middle of the next log-in, after the app has written its session."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def routes(self) -> dict[str, Behaviour]:
        return {
            "/login": self.log_in,
            "//login": self.log_in,
            "/login/": self.log_in,
            "/Login": self.log_in,
            "/api/login": self.log_in_by_json,
            "/logout": self.log_out,
            "/renew": self.renew,
            "/home": self.home,
            "/": self.home,
            "/drop": self.drop,
            "/remember": self.remember,
        }

    def user(self, call: Call) -> str | None:
        return self.sessions.get(_sid(call))

    def home(self, call: Call) -> Told:
        user = self.user(call)
        return Told(200, [HTML], f"secret page of {user}".encode() if user else b"front page")

    def log_in(self, call: Call) -> Told:
        fields = dict(parse_qsl(call.body.decode()))
        if call.method == "GET" or fields.get("password") != PASSWORD:
            return Told(200, [HTML], b"log in")
        headers = self._begin(call, fields["username"].lower())
        return Told(302, [HTML, ("Location", fields.get("next", "/home")), *headers], b"secret on the way")

    def log_in_by_json(self, call: Call) -> Told:
        sent = json.loads(call.body)
        if sent["who"].get("password") != PASSWORD:
            return Told(401, [("Content-Type", "application/json")], b"{}")
        return Told(204, self._begin(call, sent["who"]["name"].lower()), b"")

    def log_out(self, call: Call) -> Told:
        self.sessions[_sid(call)] = None
        gone = [("Set-Cookie", "sid=; Path=/; Max-Age=0")] if self.forgets else []
        return Told(302, [HTML, ("Location", "/"), *gone], b"")

    def renew(self, call: Call) -> Told:
        user, sid = self.user(call), f"renewed-{next(self._numbers)}"
        self.sessions[sid] = user
        return Told(200, [HTML, _set(sid)], f"secret page of {user}".encode())

    def drop(self, call: Call) -> Told:
        return Told(200, [HTML, ("Set-Cookie", "sid=; Path=/; Max-Age=0")], b"dropped")

    def remember(self, call: Call) -> Told:
        """A remember-me cookie logs somebody in, on any page."""
        sid = f"remembered-{next(self._numbers)}"
        self.sessions[sid] = "bob"
        return Told(200, [HTML, _set(sid)], b"front page")

    def _begin(self, call: Call, user: str) -> list[tuple[str, str]]:
        sid = _sid(call)
        sets = self.rotates or not sid
        if sets:
            sid = f"session-{next(self._numbers)}"
        self.sessions[sid] = user
        if self.meanwhile:
            done, self.meanwhile = self.meanwhile, None
            beside(done)
        return [_set(sid)] if sets else []


def beside(done: Callable[[], object]) -> None:
    """Do something in another thread, as another worker of the server does it, and wait for it."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(done).result()


def _sid(call: Call) -> str:
    found = re.search(r"(?:^|; )sid=([^;]*)", call.headers.get("cookie", ""))
    return found[1] if found else ""


def _set(sid: str) -> tuple[str, str]:
    return ("Set-Cookie", f"sid={sid}; Path=/; HttpOnly")

"""An app that keeps its sessions to itself: who has the cookie ``sid``, or the password, only its own pages tell."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from support.spy import HTML, Behaviour, Call, Told

JSON = ("Content-Type", "application/json")
PROBE: dict[str, Any] = {
    "use": "probe",
    "page": "/api/me",
    "cookies": ["sid"],
    "user": "user.id",
    "label": "user.name",
    "session": "login",
    "anonymous": {"status": 401},
}
BASIC: dict[str, Any] = {"use": "basic", "paths": ["ANY /dav/**"], "page": "/dav/", "names": "exact"}
TOKENS: dict[str, Any] = {"use": "bearer", "paths": ["ANY /api/**"], "page": "/api/me", "user": "user.id"}
ROLES: dict[str, Any] = {"use": "probe", "page": "/api/me", "user": "user.id", "roles": "user.groups"}


def basic(user: str, password: str) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class House:
    """``answers`` take the place of what a page says; ``sets`` are Set-Cookie lines of the page that tells who it is."""

    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, Behaviour] = field(default_factory=dict)
    sets: list[str] = field(default_factory=list)
    folds_names: bool = False
    open_files: set[str] = field(default_factory=set)

    @property
    def routes(self) -> dict[str, Behaviour]:
        return {
            "/api/me": self._or_else(self.me),
            "/dav/": self._or_else(self.dav),
            "/dav/file": self._or_else(self.dav),
            "/sign-in": self.sign_in,
        }

    def who(self, call: Call) -> tuple[str, str] | None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return (self.tokens[token], token) if token in self.tokens else None
        cookies = dict(pair.strip().split("=", 1) for pair in call.headers.get("cookie", "").split(";") if "=" in pair)
        return self.sessions.get(cookies.get("sid", ""))

    def me(self, call: Call) -> Told:
        found = self.who(call)
        sets = [("Set-Cookie", line) for line in self.sets]
        if found is None:
            return Told(401, [JSON, *sets], b'{"user": null}')
        user = {"id": found[0], "name": found[0].title(), "groups": self.groups.get(found[0], [])}
        return Told(200, [JSON, *sets], json.dumps({"user": user, "login": found[1]}).encode())

    def sign_in(self, call: Call) -> Told:
        """Puts ``user`` of the query into the session, whose cookie stays as it is."""
        user = call.query.partition("=")[2]
        cookie = call.headers.get("cookie", "")
        self.sessions[cookie.partition("sid=")[2].partition(";")[0]] = (user, f"login of {user}")
        return Told(200, [HTML], b"secret page of " + user.encode())

    def dav(self, call: Call) -> Told:
        value = call.headers.get("authorization", "")
        if value.startswith("Basic "):
            name, _, password = base64.b64decode(value[6:]).decode().partition(":")
            name = name.lower() if self.folds_names else name
            if self.passwords.get(name) == password:
                return Told(200, [HTML], b"secret page")
        if call.path in self.open_files:
            return Told(200, [HTML], b"secret page")
        return Told(401, [HTML, ("WWW-Authenticate", 'Basic realm="files"')], b"no: " + value.encode())

    def _or_else(self, behaviour: Behaviour) -> Behaviour:
        return lambda call: self.answers.get(call.path, behaviour)(call)


def fails(call: Call) -> Told:
    raise RuntimeError("the database of the app is down")


def is_slow(call: Call) -> Told:
    time.sleep(1.2)
    return Told(401, [JSON], b"{}")


def is_large(call: Call) -> Told:
    return Told(401, [JSON], b" " * (64 * 1024 + 1))

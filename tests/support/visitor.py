"""Somebody with a browser and a phone: keeps cookies, sends what browsers send, fills forms, reads pages."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from support.canaries import CANARIES
from support.exchange import Body, Exchange, Pairs, Reply, encoded
from support.realm import COOKIES, ORIGIN, Clock, code_at, session_cookie
from support.telling import TOLD

FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
NAVIGATION: Pairs = [
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Accept", "text/html"),
]
FETCH: Pairs = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin"), ("Accept", "application/json")]


@dataclass
class Visitor:
    """``secrets`` gathers all that must never be written to a log: cookies, tokens, keys, codes."""

    exchange: Exchange
    clock: Clock
    cookies: dict[str, str] = field(default_factory=dict)
    root: str = ""
    key: str = ""
    codes: list[str] = field(default_factory=list)
    origin: str = ORIGIN
    app: str = "shop"
    secrets: set[str] = field(default_factory=set)

    def at(self, exchange: Exchange, origin: str, app: str) -> Visitor:
        """The same person, phone and browser at another app of the same host."""
        return dataclasses.replace(self, exchange=exchange, origin=origin, app=app)

    def elsewhere(self) -> Visitor:
        """The same person with the same phone, in another browser that has no cookie yet."""
        return dataclasses.replace(self, cookies={})

    def go(self, target: str, method: str = "GET", headers: Pairs | None = None, body: Body = b"") -> Reply:
        """A navigation."""
        return self._ask(method, target, [*NAVIGATION, *(headers or [])], body)

    def fetch(self, target: str, method: str = "GET", headers: Pairs | None = None, body: Body = b"") -> Reply:
        """A request by a script of the page."""
        return self._ask(method, target, [*FETCH, *(headers or [])], body)

    def post(self, target: str, fields: dict[str, str], headers: Pairs | None = None) -> Reply:
        """A form sent by a page of this origin."""
        return self.go(target, "POST", [FORM_TYPE, ("Origin", self.origin), *(headers or [])], encoded(fields))

    def _ask(self, method: str, target: str, headers: Pairs, body: Body) -> Reply:
        sent = [*headers, ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0")]
        if self.cookies:
            sent.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        reply = self.exchange.request(method, target, sent, body, root=self.root)
        self._keep(reply)
        self._learn(reply)
        TOLD.answered(reply.headers, reply.body)
        return reply

    def _learn(self, reply: Reply) -> None:
        self._never_told("cookie", *filter(None, self.cookies.values()))
        if b"<form" in reply.body:
            self._never_told(
                "token", *(form.hidden["token"] for form in forms_of(reply.text) if "token" in form.hidden)
            )
            if shown := _KEY.search(reply.text):  # whoever sees a key scans it
                self.key = shown[0]
                self._never_told("TOTP key", self.key, self.key.replace(" ", ""))
            self._never_told("recovery code", *codes_of(reply.text))

    def _never_told(self, kind: str, *secrets: str) -> None:
        new = {*secrets} - self.secrets
        self.secrets |= new
        CANARIES.keep(kind, *new)

    def _keep(self, reply: Reply) -> None:
        for line in reply.all("set-cookie"):
            pair, *attributes = line.split(";")
            name, _, value = pair.partition("=")
            if any(attribute.strip().lower() == "max-age=0" for attribute in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    # ---- in the app

    def log_in(self, user: str = "erin", login: str = "login-1") -> None:
        """As if the app had logged the user in before: its session cookie is there."""
        self.cookies[COOKIES[self.app]] = session_cookie(user, login, at=self.clock.now)

    def log_out(self) -> None:
        """As if the browser had lost the app's session cookie."""
        self.cookies.pop(COOKIES[self.app], None)

    def cookie(self, word: str) -> str:
        """The value of our own cookie with this word in its name: pass, flow or browser; empty if there is none."""
        return next((value for name, value in self.cookies.items() if name.startswith(f"2fa-{word}-")), "")

    # ---- on the own pages

    def fill(self, page: Reply, action: str, /, **fields: str) -> Reply:
        """Send the form of a page whose action ends so, with its hidden fields."""
        form = next(form for form in forms_of(page.text) if form.action.endswith(action) and fits(form, fields))
        return self.post(form.action.removeprefix(self.root), form.hidden | fields)

    def filled(self, path: str = "verify") -> dict[str, str]:
        """The form of a page, filled with a right code and not sent yet."""
        page = self.go(f"/2fa/{path}")
        form = next(form for form in forms_of(page.text) if form.action.endswith(f"/{path}"))
        return form.hidden | {"code": self.code()}

    def send(self, form: dict[str, str], headers: Pairs, body: Body | None = None, **more: Any) -> Reply:
        """A form to the prompt, or another body, with just these headers beside cookies and type."""
        cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        content = encoded(form) if body is None else body
        return self.exchange.request("POST", "/2fa/verify", [FORM_TYPE, cookie, *headers], content, **more)

    def set_up(self, *, reset: str = "") -> Reply:
        """Turn two-factor authentication on and keep the recovery codes; the reply shows them. ``reset``: the one-time
        code of an administrator, where one is needed."""
        page = self.go("/2fa/setup")
        reply = self.fill(page, "/setup", code=self.code(), **({"reset": reset} if reset else {}))
        self.codes = codes_of(reply.text)
        return reply

    def code(self, seconds: int = 0) -> str:
        """What the phone shows, or shows so many seconds later."""
        shown = code_at(self.key, self.clock.now + seconds)
        self._never_told("code", shown)
        return shown

    def wrong_code(self) -> str:
        """Six digits that the phone has not shown for ten minutes, and will not for as long."""
        near = {code_at(self.key, self.clock.now + 30 * step) for step in range(-25, 26)}
        return next(text for text in (f"{number:06}" for number in range(100)) if text not in near)

    def verify(self, code: str | None = None, next: str = "/home", **fields: str) -> Reply:
        page = self.go(f"/2fa/verify?next={next}")
        return self.fill(page, "/verify", code=self.code() if code is None else code, **fields)

    def confirm(self, what: str, code: str | None = None, **fields: str) -> Reply:
        """Disable, or new recovery codes ("codes"), with a code."""
        page = self.go(f"/2fa/{what}")
        return self.fill(page, f"/{what}", code=self.code() if code is None else code, **fields)

    def recover(self, recovery: str, **fields: str) -> Reply:
        page = self.go("/2fa/verify?with=recovery&next=/home")
        return self.fill(page, "/verify", recovery=recovery, **fields)


@dataclass
class Form:
    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", "")))
        elif tag in ("input", "button") and self.forms and "name" in found:
            self.forms[-1].names.add(found["name"])
            if found.get("type") == "hidden":
                self.forms[-1].hidden[found["name"]] = found.get("value", "")


def forms_of(html: str) -> list[Form]:
    parser = _Forms()
    parser.feed(html)
    return parser.forms


def fits(form: Form, fields: dict[str, str]) -> bool:
    return all(name in form.names and form.hidden.get(name, value) == value for name, value in fields.items())


_KEY = re.compile(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b")


def key_of(html: str) -> str:
    found = _KEY.search(html)
    if found is None:
        raise AssertionError("the page shows no key")
    return found[0]


def codes_of(html: str) -> list[str]:
    return re.findall(r"<code>([0-9a-z]{4}(?:-[0-9a-z]{4}){3})</code>", html)

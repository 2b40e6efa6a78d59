"""Where one goes afterwards: whatever is asked for, it is a place in the app."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote, urlsplit

from support.exchange import Reply, encoded
from support.realm import session_cookie
from support.spy import Call, Told
from support.visitor import FORM_TYPE, NAVIGATION, forms_of

from .cookies import ODD
from .world import InWorld, World

_LINK = re.compile(r'(?:href|action|src)="([^"]*)"')


def is_local(address: str) -> bool:
    """Whether a browser that stands at the app stays there (https://url.spec.whatwg.org/#concept-basic-url-parser)."""
    text = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33))))).replace("\\", "/")
    return text == "" or (text.startswith("/") and not text.startswith("//")) or text.startswith(("?", "#"))


class Nexts(InWorld):
    """The field ``next`` of a form that is right, the query of the prompt, and the Location of an app that logs somebody in.
    Attacks 89, 90, 97, 107."""

    name = "nexts"
    words = (
        *(
            b"/",
            b"//",
            b"\\",
            b"/\\",
            b"http:",
            b"https://",
            b"//evil.example",
            b"@evil.example",
            b"%2f",
            b"%5c",
            b"\t",
        ),
        *(
            b"\r\n",
            b"%0d%0a",
            b"javascript:",
            b"data:",
            b"..",
            b"/2fa/logout",
            b"/logout",
            b"?",
            b"#",
            b"&next=/",
            b":8000",
        ),
        *(b"http://localhost:8000", b"localhost", b"/2fa/verify", b"/%2e%2e/", b"/.", b"'\"<script>"),
        *ODD,
    )

    def __init__(self, folder: Path, adapter: str) -> None:
        self._location = ""
        self.world = World(folder, adapter, {"/login": self._log_in}, shop={"logout": ["ANY /logout"]})
        self._owner = self.world.stage.visitor("erin", "login-7", key=self.world.erin.key)
        self._form = self._owner.filled()
        self._cookies = dict(self._owner.cookies)
        self.world.keep()

    def _log_in(self, call: Call) -> Told:
        cookie = f"session={session_cookie('erin', 'login-8', at=self.world.now)}; Path=/; HttpOnly"
        return Told(303, [("Location", self._location), ("Set-Cookie", cookie)], b"secret page")

    def seeds(self) -> Sequence[bytes]:
        told = (
            "/home",
            "/a?b=c#d",
            "http://localhost:8000/home",
            "//evil.example/",
            "/\\evil.example",
            "/2fa/verify",
            "/logout",
        )
        return [text.encode() for text in told]

    def __call__(self, data: bytes) -> Hashable:
        world, owner, text = self.world, self._owner, data.decode("latin-1")
        exchange = world.stage.exchange()
        asked = [
            owner.go(f"/2fa/{page}?next={query}")
            for page in ("verify", "setup")
            for query in (quote_from_bytes(data), text)
        ]
        form = encoded(self._form | {"next": data.decode("utf-8", "surrogateescape")}).replace(b"%ED", b"%FF")
        passed = owner.go("/2fa/verify", "POST", [FORM_TYPE], form)
        self._location = text
        logged_in = exchange.request("POST", "/login", [*NAVIGATION, FORM_TYPE], b"user=erin")
        kept = [line for line in logged_in.all("set-cookie") if line.startswith("session=")]
        owner.cookies = dict(self._cookies)
        world.spy.calls.clear()
        world.rewind()
        assert logged_in.status == 303, "the app's own answer got through"
        assert kept, "the app's cookie was dropped"
        assert b"secret" not in logged_in.body
        return tuple((reply.status, self._led_to(reply)) for reply in (*asked, passed, logged_in))

    def _led_to(self, reply: Reply) -> str:
        """Where an answer leads, in a word."""
        assert reply.status < 500, f"status {reply.status}"
        location = reply.header("location") or ""
        assert is_local(location), f"it leads to {location!r}"
        assert location.isascii()
        assert location.isprintable()
        wanted = [form.hidden["next"] for form in forms_of(reply.text) if "next" in form.hidden]
        for address in (*wanted, *_LINK.findall(reply.text)):
            assert is_local(address) or address.startswith("data:image/"), f"the page leads to {address!r}"
        assert "<script>" not in reply.text
        if reply.status == 303:
            path = unquote(urlsplit(location).path).rstrip("/")
            assert path not in ("/logout", "/2fa/logout", "/2fa/disable"), f"it leads to {location!r}"
        return urlsplit(location).path[:5]

    def settle(self) -> None:
        assert self.world.count("passes") < 30

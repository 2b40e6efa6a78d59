"""A browser in miniature: it keeps cookies, sends forms, and says of each request that a person looks at the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from ..http import Headers, parse_cookies, set_cookies
from .handshake import is_accepted
from .serving import AsgiServer, Page, Sent, Server

NAVIGATES = ((b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document"), (b"accept", b"text/html,*/*;q=0.8"))
OPENS = (
    (b"connection", b"Upgrade"),
    (b"upgrade", b"websocket"),
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", b"dHdvZmEgY2hlY2sgcnVucw=="),
)
FETCHES = ((b"sec-fetch-mode", b"cors"), (b"sec-fetch-dest", b"empty"), (b"accept", b"application/json"))


class Browser:
    """Somebody's browser at one app. Cookies are kept by their names alone: an app's paths are not looked at."""

    def __init__(self, server: Server, app: Any, origin: str, mark: Headers = ()) -> None:
        self._server = server
        self._app = app
        self._origin = origin
        self._mark = mark
        self.cookies: dict[bytes, bytes] = {}
        self.authorization: bytes | None = None

    def paste(self, line: str) -> None:
        """Take over cookies as they stand in a Cookie header."""
        self.cookies |= {name: values[-1] for name, values in parse_cookies(line.encode()).items()}

    def headers(self, *more: tuple[bytes, bytes]) -> Headers:
        """What is sent beside the body."""
        sent = [(b"host", urlsplit(self._origin).netloc.encode()), (b"user-agent", b"twofa check"), *self._mark, *more]
        if self.cookies:
            sent.append((b"cookie", b"; ".join(name + b"=" + value for name, value in self.cookies.items())))
        if self.authorization is not None:
            sent.append((b"authorization", self.authorization))
        return tuple(sent)

    def go(self, target: str, method: str = "GET", *, navigates: bool = True) -> Page:
        return self._ask(Sent(method, target, self.headers(*(NAVIGATES if navigates else FETCHES))))

    def opens(self, target: str) -> bool:
        """Whether a script of the app's own page may open this WebSocket, at an ASGI app."""
        if not isinstance(self._server, AsgiServer):
            return False
        headers = self.headers(*OPENS, (b"origin", self._origin.encode()))
        scope = self._server.scope(Sent("GET", target, headers))
        return self._server.runner.run(is_accepted(self._app, scope))

    def send_form(self, target: str, fields: Mapping[str, str], method: str = "POST") -> Page:
        if method == "GET":
            return self.go(f"{target.partition('?')[0]}?{urlencode(fields)}")
        kind = (b"content-type", b"application/x-www-form-urlencoded")
        return self._post(target, urlencode(fields).encode(), kind, *NAVIGATES)

    def send_json(self, target: str, fields: Mapping[str, str]) -> Page:
        return self._post(target, json.dumps(fields).encode(), (b"content-type", b"application/json"), *FETCHES)

    def _post(self, target: str, body: bytes, *more: tuple[bytes, bytes]) -> Page:
        own = (
            (b"origin", self._origin.encode()),
            (b"referer", f"{self._origin}{target}".encode()),
            (b"sec-fetch-site", b"same-origin"),
            (b"content-length", str(len(body)).encode()),
        )
        return self._ask(Sent("POST", target, self.headers(*own, *more), body))

    def _ask(self, sent: Sent) -> Page:
        page = self._server.ask(self._app, sent)
        for name, value in set_cookies(page.headers):
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return page

    def own(self, location: str, base: str = "/") -> str | None:
        """The target that a link of the app leads to, or None if it leads elsewhere."""
        parts = urlsplit(urljoin(f"{self._origin}{base}", location))
        if f"{parts.scheme}://{parts.netloc}" != self._origin:
            return None
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

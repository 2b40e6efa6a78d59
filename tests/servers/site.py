"""A realm with a settings file, in which nobody has a second factor yet, and what servers are told of it."""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cli.gated import settings_file
from support.exchange import Pairs, Reply
from support.realm import APP_SECRET, Clock, document, make_realm
from support.servers import Server
from support.visitor import Visitor


def prepare(folder: Path, **changes: Any) -> dict[str, str]:
    """Make realm and settings file; the environment of a server that shall serve ``shop``."""
    shop = {"logout_cookies": ["session"]} | changes.pop("shop", {})
    realm = make_realm(folder, shop=shop, **changes)
    text = settings_file(document(shop=shop, **changes) | {"store_id": realm.settings.store_id})
    (folder / "twofa.toml").write_text(text, encoding="utf-8")
    return {"TWOFA_APP": "shop", "TWOFA_TEST_SECRET": APP_SECRET}


@dataclass
class Wire:
    """Exchanges requests with a server, each on a connection of its own."""

    port: int
    name: str = "wire"

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Any = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, root + target, body or None, dict(headers or []))
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())


def visitor_of(server: Server, root: str = "") -> Visitor:
    return Visitor(Wire(server.port), Clock(int(time.time())), root=root)


def sent_to(reply: Reply) -> tuple[int, str]:
    """Status, and the path that the browser is sent to."""
    return reply.status, (reply.header("location") or "").partition("?")[0]

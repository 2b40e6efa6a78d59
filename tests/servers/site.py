"""A realm with a settings file, in which nobody has a second factor yet, and what servers are told of it."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cli.gated import settings_file
from support.exchange import Exchange, Pairs, Reply
from support.realm import APP_SECRET, Clock, document, make_realm
from support.servers import ANSWER_SECONDS, Server
from support.visitor import Visitor
from twofa_middleware.keys_and_store import sealer_of, store_kind
from twofa_middleware.settings import Settings


def prepare(folder: Path, store: str = "", **changes: Any) -> dict[str, str]:
    """Make realm and settings file; the environment of a server that shall serve ``shop``. ``store``: a URL."""
    made = make_realm(folder, **changes).settings
    wanted = document(**changes) | {"store_id": made.store_id}
    if store:
        settings = Settings.of(document(store=store, **changes), folder=folder)
        kind, url, options = store_kind(settings)
        name = kind.create(url, settings.realm, options)
        wanted |= {"store": store, "store_id": sealer_of(settings).store_id(name)}
    (folder / "twofa.toml").write_text(settings_file(wanted), encoding="utf-8")
    return {"TWOFA_APP": "shop", "TWOFA_TEST_SECRET": APP_SECRET}


@dataclass
class Wire:
    """Exchanges requests with a server, each on a connection of its own. ``unix``: by that socket, whatever the port."""

    port: int
    name: str = "wire"
    unix: Path | None = None

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
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)) as connection:
            if self.unix is not None:
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.settimeout(ANSWER_SECONDS)
                connection.sock.connect(str(self.unix))
            connection.request(method, root + target, body or None, dict(headers or []))
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())


def visitor_of(server: Server, root: str = "") -> Visitor:
    return visitor_by(Wire(server.port), root)


def visitor_by(exchange: Exchange, root: str = "") -> Visitor:
    """Somebody at a real server, where it is as late as it is."""
    return Visitor(exchange, Clock(int(time.time())), root=root)


def sent_to(reply: Reply) -> tuple[int, str]:
    """Status, and the path that the browser is sent to."""
    return reply.status, (reply.header("location") or "").partition("?")[0]


def log_in(visitor: Visitor, user: str) -> Reply:
    return visitor.post("/login", {"user": user})


def cookie_line(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())


def prove(visitor: Visitor) -> Reply:
    """With the code that comes after the one of the set-up, whatever the time is by now."""
    visitor.clock.now = max(int(time.time()), visitor.clock.now + 30)
    return visitor.verify(next="/")


def asks_after_each_log_in(server: Server) -> None:
    """The story of somebody who sets up, logs out, and comes back in this browser and in another."""
    erin = visitor_of(server)
    assert sent_to(log_in(erin, "erin")) == (303, "/")
    assert erin.go("/").text == "the secret page of erin"
    erin.set_up()
    assert len(erin.codes) == 10
    assert erin.go("/").text == "the secret page of erin"

    assert sent_to(erin.post("/logout", {})) == (303, "/")
    assert erin.go("/").text == "the secret page of nobody"
    assert sent_to(log_in(erin, "erin")) == (303, "/2fa/verify")
    before = server.calls()
    for _ in range(8):  # more than there are workers
        assert sent_to(erin.go("/")) == (303, "/2fa/verify")
        refused = erin.fetch("/facts", "POST", body=b"x" * 1000)
        assert (refused.status, refused.header("content-type")) == (403, "application/problem+json")
    assert server.calls() == before
    assert sent_to(prove(erin)) == (303, "/")
    for _ in range(8):
        assert erin.go("/").text == "the secret page of erin"

    other = erin.elsewhere()
    assert sent_to(log_in(other, "erin")) == (303, "/2fa/verify")
    assert sent_to(other.go("/")) == (303, "/2fa/verify")
    assert other.recover(erin.codes[0]).status in (200, 303)
    assert other.go("/").text == "the secret page of erin"

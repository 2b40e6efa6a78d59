"""Early hints and trailers on a server that has them: they belong to their answer, and are dropped with it. Attack 4."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from servers.commands import HYPERCORN
from servers.site import cookie_line, prepare, visitor_of
from support.servers import Server, running

APP = """
import time
from support.realm import session_cookie

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            await receive()
            await send({"type": answer})
        return
    head = [(b"content-type", b"text/plain")]
    if scope["path"] == "/login":
        cookie = session_cookie("erin", "login-9", at=int(time.time()))
        head.append((b"set-cookie", f"session={cookie}; Path=/".encode()))
    await send({"type": "http.response.early_hint", "links": [b"</secret.css>; rel=preload"]})
    await send({"type": "http.response.start", "status": 200, "headers": head, "trailers": True})
    await send({"type": "http.response.body", "body": b"secret page"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"secret sum")]})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    (folder / "around.py").write_text(APP)
    with running(folder, *HYPERCORN, environ=prepare(folder) | {"TWOFA_TARGET": "around:app"}) as server:
        yield server


def asked(server: Server, method: str, path: str, cookies: str = "") -> list[h2.events.Event]:
    """All that comes of one request over HTTP/2."""
    talk = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    talk.initiate_connection()
    head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "localhost")]
    head += [("te", "trailers"), ("sec-fetch-mode", "navigate"), *([("cookie", cookies)] if cookies else [])]
    talk.send_headers(1, head, end_stream=True)
    events: list[h2.events.Event] = []
    with closing(server.connect()) as connection:
        while not any(isinstance(event, h2.events.StreamEnded) for event in events):
            connection.sendall(talk.data_to_send())
            got = connection.recv(65536)
            assert got, events
            events += talk.receive_data(got)
    return [event for event in events if getattr(event, "stream_id", 0) == 1]


def kinds(events: list[h2.events.Event]) -> list[str]:
    seen = ("InformationalResponseReceived", "ResponseReceived", "DataReceived", "TrailersReceived")
    return [type(event).__name__ for event in events if type(event).__name__ in seen]


def test_what_may_pass_has_its_hints_before_and_its_trailers_after(server: Server) -> None:
    wendy = visitor_of(server)
    wendy.log_in("wendy")
    events = asked(server, "GET", "/", cookie_line(wendy))
    assert kinds(events) == ["InformationalResponseReceived", "ResponseReceived", "DataReceived", "TrailersReceived"]
    told = repr([getattr(event, "headers", ()) for event in events])
    assert "</secret.css>" in told
    assert "secret sum" in told


def test_a004_nothing_around_a_dropped_answer_gets_out(server: Server) -> None:
    erin = visitor_of(server)
    erin.log_in("erin")
    erin.set_up()
    assert erin.codes
    events = asked(server, "POST", "/login")
    assert "TrailersReceived" not in kinds(events)
    [head] = [event for event in events if isinstance(event, h2.events.ResponseReceived)]
    assert head.headers is not None
    assert dict(head.headers)[":status"] == "303"
    shown = [getattr(event, "headers", ()) for event in events], [getattr(event, "data", b"") for event in events]
    assert "secret" not in repr(shown)
